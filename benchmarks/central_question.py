"""Do descriptors help a fine-tuned network? Six models on the same fold, and the report of it.

    python benchmarks/central_question.py --root data/ham10000 --store ham.sqlite \\
        --checkpoint networks --out runs/central
    python benchmarks/central_question.py --root data/ham10000 --limit 600 --epochs 1 --sizes 64 \\
        --predict-size 64 --out runs/small

Descriptors alone, frozen embedding alone, both fused, the fine-tuned networks alone, descriptors
fused with their cross-fitted logits, and stacked with them, on one of five lesion-grouped folds
unless --folds names more. The network is that of `fine_tuning.py`, so a folder of checkpoints
serves both; with --networks it was trained elsewhere, by `train_networks.py`, in a time that the
report then leaves out. A run that was stopped goes on from its folder.
"""

import argparse
from pathlib import Path

import numpy as np
from fine_tuning import make_network, network_options
from saved_network import SavedNetwork

from pipelines import Protocol, compare, load_dataset, make_model

TRAINED = ("fusion_cnn", "late_fusion", "cnn_ensemble")
MODELS = (*TRAINED, "fusion", "classical", "embedding")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    network_options(parser)
    parser.add_argument("--folds", type=int, nargs="+", default=[0], help="of five, tested")
    parser.add_argument("--bootstrap", type=int, default=2000)
    parser.add_argument("--inner-folds", type=int, default=0, help="by which thresholds are set")
    parser.add_argument("--train-scores", action="store_true", help="score training rows too")
    parser.add_argument("--store", type=Path, help="SQLite file that keeps the descriptors")
    parser.add_argument(
        "--networks", type=Path, help="what train_networks.py kept, instead of training here"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run and its report")
    return parser.parse_args()


def main() -> None:
    """Fit, compare and report."""
    args = parse_arguments()
    manifest = load_dataset(args.dataset, args.root, limit=args.limit, random_state=args.seed)
    shared = {
        "store": args.store or "memory",
        "device": args.device,
        "n_jobs": -1,
        "random_state": args.seed,
        "verbose": 1,
    }
    network = SavedNetwork(args.networks) if args.networks else make_network(args)
    models = {name: make_model(name, network=network, **shared) for name in MODELS}
    protocol = Protocol(
        test_folds=args.folds,
        reference="cnn_ensemble",
        inner_splits=args.inner_folds,
        train_scores=args.train_scores,
    )
    result = compare(
        models,
        manifest,
        protocol=protocol,
        random_state=args.seed,
        n_bootstrap=args.bootstrap,
        directory=args.out,
        progress=True,
    )
    if args.networks:  # what these took elsewhere, nobody here knows
        seconds = ["fit_seconds", "predict_seconds", "extract_seconds"]
        result.timings.loc[result.timings["model"].isin(TRAINED), seconds] = np.nan
    print("report:", result.report(args.out))


if __name__ == "__main__":
    main()
