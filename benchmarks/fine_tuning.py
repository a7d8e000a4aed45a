"""A fine-tuned network, descriptors, and the two fused, on one lesion-grouped fold.

    python benchmarks/fine_tuning.py --root data/ham10000 --checkpoint runs/networks
    python benchmarks/fine_tuning.py --root data/ham10000 --limit 600 --epochs 2 --sizes 64

Trains the K networks of `CrossFittedLogits` on the training rows of one of five folds, and scores
on its test rows: the networks' mean (cnn), the descriptors' model, their serial fusion
(fusion_cnn), the stacking of both (late_fusion) and the mean of both models' probabilities
(mean_fusion). Intervals are from resampling lesions; differences are paired. With --checkpoint
a stopped run goes on after its last epoch. On 2 cores a full run takes the better part of an hour.
"""

import argparse
import json
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.base import clone

from fusion import fit_with_groups
from pipelines import CNNClassifier, load_dataset, make_model
from pipelines.data import lesion_ids
from pipelines.data.manifest import manifest_groups
from pipelines.evaluation import make_folds
from pipelines.evaluation.predictions import encode
from pipelines.evaluation.scoring.bootstrap import draw_lesions, percentile_interval
from pipelines.evaluation.scoring.metrics import one_vs_rest_auc

DRAWS = 1000


def starting_weights(text: str) -> str | None:
    """Parse where training starts; "none" is from random weights."""
    return None if text == "none" else text


def network_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which images there are, and how a network is trained on them."""
    parser.add_argument("--dataset", default="ham10000")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="about so many images")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument(
        "--weights",
        type=starting_weights,
        default="default",
        help="where training starts: default, none (random weights) or a state dict's file",
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 128], help="of the frames")
    parser.add_argument("--predict-size", type=int, default=144)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="folder that keeps the networks")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    network_options(parser)
    parser.add_argument("--fold", type=int, default=0, help="the one of five that is tested")
    parser.add_argument("--networks", type=int, default=3, help="K of the cross-fit")
    parser.add_argument("--store", type=Path, help="SQLite file that keeps the descriptors")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def make_network(args: argparse.Namespace) -> CNNClassifier:
    """The end-to-end network: all layers, small frames first, every row trained on."""
    return CNNClassifier(
        args.backbone,
        args.weights,
        image_size=args.sizes,
        predict_size=args.predict_size,
        framing="square",
        max_epochs=args.epochs,
        lower_rate=0.5 if args.weights else 1.0,
        validation_fraction=None,
        tta="flips",
        checkpoint=args.checkpoint,
        device=args.device,
        verbose=1,
    )


def predict(args: argparse.Namespace, train: pd.DataFrame, test: pd.DataFrame) -> dict:
    """Probabilities of the test rows by model."""
    shared = {
        "network": make_network(args),
        "store": args.store or "memory",
        "device": args.device,
        "n_jobs": -1,
        "random_state": args.seed,
        "verbose": 1,
    }
    serial, late = (make_model(name, **shared) for name in ("fusion_cnn", "late_fusion"))
    columns = serial.image_step.set_params(n_splits=args.networks)
    labels, groups = train["label"], manifest_groups(train)
    table = columns.fit_transform(train, labels, groups)
    new = columns.transform(test)
    logits = new[[name for name in new.columns if name.startswith("cnn__")]].to_numpy(float)
    found = {"cnn": softmax(logits, axis=1)}
    tables = {
        "descriptors": dict(late[-1].estimator.estimators)["descriptors"],
        "fusion_cnn": serial.table_steps(),
        "late_fusion": late[-1],
    }
    for name, model in tables.items():
        start = perf_counter()
        fitted = fit_with_groups(clone(model), table, labels, groups)
        found[name] = fitted.predict_proba(new)
        print(f"{name}: fitted in {perf_counter() - start:.0f} s", flush=True)
    found["mean_fusion"] = (found["cnn"] + found["descriptors"]) / 2
    return found


def per_lesion(values: np.ndarray, test: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Mean probabilities of each lesion, and its row."""
    rows = test.assign(lesion=lesion_ids(test)).reset_index(drop=True)
    means = pd.DataFrame(values).groupby(rows["lesion"], sort=False).mean()
    return means.to_numpy(), rows.drop_duplicates("lesion")


def score(
    found: dict[str, np.ndarray], test: pd.DataFrame, classes: list[str]
) -> dict[str, dict[str, list[float]]]:
    """Macro AUC by unit and model, and of each model minus the network: value, low, high."""
    lesions = per_lesion(found["cnn"], test)[1]["label"].to_numpy()
    counts = draw_lesions(lesions, DRAWS, 0)
    weights = np.column_stack([np.ones(len(lesions)), counts])
    of_image = pd.Index(pd.unique(lesion_ids(test))).get_indexer(lesion_ids(test))
    areas = {}
    for name, values in found.items():
        units = {
            "lesion": (per_lesion(values, test)[0], lesions, weights),
            "image": (values, test["label"].to_numpy(), weights[of_image]),
        }
        for unit, (p, labels, w) in units.items():
            each = one_vs_rest_auc(p, encode(labels, classes), w)
            areas[unit, name] = each.mean(axis=0)
    rows = {f"{unit} {name}": with_interval(area) for (unit, name), area in areas.items()}
    for (unit, name), area in areas.items():
        if name != "cnn":
            rows[f"{unit} {name} - cnn"] = with_interval(area - areas[unit, "cnn"])
    return rows


def with_interval(drawn: np.ndarray) -> list[float]:
    """Value on all rows, and the limits of its 95 % interval."""
    return [float(drawn[0]), *map(float, percentile_interval(drawn[1:]))]


def main() -> None:
    """Train, score and print."""
    args = parse_arguments()
    manifest = load_dataset(args.dataset, args.root, limit=args.limit, random_state=args.seed)
    folds = make_folds(manifest, 5, args.seed)
    train, test = manifest[folds != args.fold], manifest[folds == args.fold]
    classes = sorted(set(train["label"]))
    start = perf_counter()
    found = predict(args, train, test)
    rows = score(found, test, classes)
    print(
        f"macro AUC [95 % interval], fold {args.fold}: {len(train)} training and {len(test)} test "
        f"images; {perf_counter() - start:.0f} s"
    )
    for name, (value, low, high) in rows.items():
        print(f"{name:28} {value:7.4f} [{low:7.4f}, {high:7.4f}]")
    for name, values in found.items():
        right = np.array(classes)[values.argmax(axis=1)] == test["label"].to_numpy()
        print(f"accuracy per image, {name}: {right.mean():.4f}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
