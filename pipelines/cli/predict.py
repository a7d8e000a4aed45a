"""``dermfusion predict``: probabilities, label and quality flags of new images."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import ImageFeatures
from fusion import DecisionRule, decide
from pipelines.artifacts import last_step, load_model
from pipelines.cli.asked import print_skipped, read_images
from pipelines.cli.options import new_parser, positive_int
from pipelines.data import load_unlabelled
from pipelines.intake import image_side

_EXAMPLES = """\
  dermfusion predict --model models/ham.joblib --out labels.csv photo1.jpg photo2.jpg
  dermfusion predict --model models/ham.joblib --out labels.csv my_folder
  dermfusion predict --model models/ham.joblib --out labels.csv table.csv --mask-col mask
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands, "predict", "apply a trained model and write one row an image", _EXAMPLES
    )
    parser.add_argument(
        "images", nargs="+", type=Path, help="image files, folders of them, or one CSV table"
    )
    parser.add_argument("--model", type=Path, required=True, help="the artifact, *.joblib")
    parser.add_argument("--out", type=Path, required=True, help="the CSV to write")
    parser.add_argument("--image-col", default="image", metavar="COLUMN", help="of the table")
    parser.add_argument("--mask-col", metavar="COLUMN", help="of the table: lesion masks")
    parser.add_argument(
        "--allow-segmented",
        action="store_true",
        help="let a model fitted on given masks use our own segmentation",
    )
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="stop at an image that cannot be used, or list it in the CSV and go on",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda: where networks run")
    parser.add_argument("--jobs", type=int, default=-1, metavar="N", help="threads that read")
    parser.add_argument("--limit", type=positive_int, metavar="N", help="only the first N images")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Load, predict and write."""
    model = load_model(args.model)
    manifest = load_unlabelled(
        args.images, image_col=args.image_col, mask_col=args.mask_col, on_error=args.on_error
    )
    manifest = manifest.head(args.limit) if args.limit else manifest
    settle_readers(model, args)
    side = image_side(model)
    if hasattr(side, "check_masks"):
        side.check_masks(manifest)  # before the time that reading images takes
    table = _predict(model, manifest, args)
    print_skipped(manifest, [])  # rows without a path; the table lists what could not be read
    args.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(args.out, index=False)
    failed = int(table["error"].notna().sum()) if "error" in table else 0
    print(f"{len(table) - failed} images predicted, {failed} skipped: {args.out}")


def _predict(model, manifest: pd.DataFrame, args: argparse.Namespace) -> pd.DataFrame:
    intake = read_images(model, manifest, args)
    table = manifest[["image"]].reset_index(drop=True)
    usable = manifest.iloc[intake.kept]
    if len(usable):
        probabilities = model.predict_proba(usable)
        columns = [f"p_{label}" for label in model.classes_]
        table = table.join(pd.DataFrame(probabilities, intake.kept, columns))
        table["label"] = pd.Series(_labels(model, usable, probabilities), index=intake.kept)
    table = table.join(intake.quality.set_axis(intake.kept, axis=0))
    if intake.failures:
        errors = {failure.row: failure.error for failure in intake.failures}
        table["error"] = pd.Series(errors)
    return table


def settle_readers(model: Any, args: argparse.Namespace) -> None:
    """Have a loaded model read images here: what was right for its training run may not be."""
    side = image_side(model)
    for reader in [side, *getattr(side, "readers", [])]:
        _set(reader, store="memory", verbose=0, device=args.device)
        if isinstance(reader, ImageFeatures):
            reader.allow_segmented = reader.allow_segmented or args.allow_segmented


def _set(reader: Any, **settings: Any) -> None:
    """Change parameters wherever they occur, in nested parts too."""
    found = reader.get_params()
    for name in list(found):
        owner, _, parameter = name.rpartition("__")
        if isinstance(found.get(owner, reader), ImageFeatures) and parameter == "device":
            reader.set_params(**{name: "cpu"})  # lesions; the networks' device is not theirs
        elif parameter in settings:
            reader.set_params(**{name: settings[parameter]})


def _labels(model: Any, images: pd.DataFrame, probabilities: np.ndarray) -> np.ndarray:
    """Decide as the model does, from the probabilities where its rule is known."""
    last = last_step(model)
    if isinstance(last, DecisionRule):
        return decide(probabilities, last.classes_, last.rule, last.class_prior_)
    return model.predict(images)
