r"""DermaMNIST's official splits, for context beside the published rows.

    python benchmarks/dermamnist.py --root data/dermamnist --ham10000 data/ham10000 --size 28
    python benchmarks/dermamnist.py --root data/dermamnist --ham10000 data/ham10000 --size 64
    python benchmarks/dermamnist.py --root data/dermamnist --ham10000 data/ham10000 --size 28 \
        --backbone lenet --weights none --frames 28 --predict-size 28

Trains a network on the official training part and scores it on the official test part: accuracy
and macro one-vs-rest AUC of images, as MedMNIST does. Pixels are rebuilt: HAM10000's central
square, scaled bilinearly, which gives the 28-pixel file beside the split map bit for bit.
The splits are leaky (lesions of the test part are in the training part), so the same scores on
the test images of all other lesions stand beside. With --descriptors the hand-crafted model
joins, and the mean of both. Frames are --frames pixels wide, whatever the pixels that fill them.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.metrics import accuracy_score, roc_auc_score

from pipelines import CNNClassifier, make_model

# Best published accuracy and AUC by size: Doerrich et al., arXiv 2404.15786.
PUBLISHED = {28: (0.766, 0.927), 64: (0.799, 0.954), 128: (0.818, 0.960)}


def starting_weights(text: str) -> str | None:
    """Parse where training starts; "none" is from random weights."""
    return None if text == "none" else text


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, required=True, help="with dermamnist_split_map.csv")
    parser.add_argument("--ham10000", type=Path, required=True, help="where the pixels are")
    parser.add_argument("--size", type=int, default=28, help="of the data, in pixels")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument(
        "--weights",
        type=starting_weights,
        default="default",
        help="where training starts: default, none (random weights) or a state dict's file",
    )
    parser.add_argument("--frames", type=int, nargs="+", default=[64, 96], help="trained on")
    parser.add_argument(
        "--predict-size", type=int, help="frames of the test, a sixth above the last of --frames"
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--descriptors", action="store_true", help="hand-crafted model beside it")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="folder that keeps the network")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def rebuild(rows: pd.DataFrame, folder: Path, size: int) -> np.ndarray:
    """Central squares of the rows' images, scaled: uint8 (n, size, size, 3)."""
    files = {path.stem: path for path in folder.rglob("ISIC_*.jpg")}
    return np.stack([_central_square(files[name], size) for name in rows["image_id"]])


def _central_square(path: Path, size: int) -> np.ndarray:
    image = Image.open(path)
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.BILINEAR))


def make_network(args: argparse.Namespace) -> CNNClassifier:
    """The end-to-end network, trained on every training row."""
    return CNNClassifier(
        args.backbone,
        args.weights,
        image_size=args.frames,
        predict_size=args.predict_size or round(args.frames[-1] * 7 / 6),
        max_epochs=args.epochs,
        lower_rate=0.5 if args.weights else 1.0,
        validation_fraction=None,
        tta="flips",
        checkpoint=args.checkpoint,
        device=args.device,
        random_state=args.seed,
        verbose=1,
    )


def predict(args: argparse.Namespace, rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Probabilities of the test images by model."""
    images = rebuild(rows, args.ham10000, args.size)
    train, test = (np.flatnonzero(rows["split"] == part) for part in ("train", "test"))
    labels, lesions = rows["dx"].to_numpy(), rows["lesion_id"].to_numpy()
    models = {"cnn": make_network(args)}
    if args.descriptors:
        models["descriptors"] = make_model("classical", n_jobs=-1, random_state=args.seed)
    found = {}
    for name, model in models.items():
        start = perf_counter()
        model.fit(images[train], labels[train], groups=lesions[train])
        fitted = perf_counter()
        found[name] = model.predict_proba(images[test])
        print(
            f"{name}: trained on {len(train)} images in {fitted - start:.0f} s, "
            f"{len(test)} predicted in {perf_counter() - fitted:.0f} s",
            flush=True,
        )
        yield name, found[name]
    if args.descriptors:
        yield "mean of both", (found["cnn"] + found["descriptors"]) / 2


def main() -> None:
    """Train, score and print."""
    args = parse_arguments()
    rows = pd.read_csv(args.root / "dermamnist_split_map.csv")
    test = rows[rows["split"] == "test"]
    absent = ~test["lesion_id"].isin(rows.loc[rows["split"] == "train", "lesion_id"]).to_numpy()
    scores = {}
    for name, probabilities in predict(args, rows):
        for part, kept in (("official", np.full(len(test), True)), ("absent", absent)):
            labels = test["label"].to_numpy()[kept]
            accuracy = accuracy_score(labels, probabilities[kept].argmax(axis=1))
            area = roc_auc_score(labels, probabilities[kept], multi_class="ovr")
            scores[f"{name}, {part}"] = [accuracy, area]
            print(f"{name:14} {part:9} {kept.sum():5} images: {accuracy:.4f} {area:.4f}")
    if args.size in PUBLISHED:
        print(
            "best published (official pixels): accuracy {:.3f}, AUC {:.3f}".format(
                *PUBLISHED[args.size]
            )
        )
    if args.json:
        args.json.write_text(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()
