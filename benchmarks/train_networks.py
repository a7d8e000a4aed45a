"""Train the networks of the central question where there is a GPU, and keep what they say.

    python benchmarks/train_networks.py --root data/ham10000 --folds 0 1 2 3 4 --out networks
    python benchmarks/central_question.py --root data/ham10000 --folds 0 1 2 3 4 \\
        --networks networks --store ham.sqlite --out runs/central

For each of the folds (of five) the K networks of `CrossFittedLogits` are trained on its training
rows, as `central_question.py` would train them; the second command, on a machine without a GPU,
then boosts and compares. Folds can be trained by several processes at a time.
"""

import argparse
from pathlib import Path
from time import perf_counter

from fine_tuning import make_network, network_options
from saved_network import save_network

from pipelines import load_dataset
from pipelines.cnn import CrossFittedLogits
from pipelines.data.manifest import manifest_groups
from pipelines.evaluation import make_folds


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    network_options(parser)
    parser.add_argument("--folds", type=int, nargs="+", default=[0], help="of five, left out")
    parser.add_argument("--out", type=Path, required=True, help="folder of what they say")
    return parser.parse_args()


def main() -> None:
    """Train, predict and keep."""
    args = parse_arguments()
    manifest = load_dataset(args.dataset, args.root, limit=args.limit, random_state=args.seed)
    folds = make_folds(manifest, 5, args.seed)
    for fold in args.folds:
        start = perf_counter()
        train = manifest[folds != fold].reset_index(drop=True)
        crossed = CrossFittedLogits(make_network(args), random_state=args.seed)
        crossed.fit(train, train["label"], manifest_groups(train))
        for network, (rows, _) in zip(crossed.networks_, crossed.splits_, strict=True):
            save_network(args.out, network, train.iloc[rows], manifest)
        print(f"fold {fold}: {perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
