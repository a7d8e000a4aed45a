"""Options that several subcommands share."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from features import HAIR_REMOVALS, MASK_SOURCES, SEGMENTERS, Failure, Preparation
from pipelines.data import DATASETS, load_dataset
from pipelines.intake import Intake, take_in
from pipelines.recipes import MODELS

# Columns of one's own table, as the reader of CSV manifests calls them.
_TABLE_COLUMNS = ("image_col", "label_col", "group_col", "mask_col")


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Help with defaults, and examples as they were written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


def new_parser(
    commands: argparse._SubParsersAction, name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    """Add a subcommand with its summary and examples."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def add_data_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Options that say which images."""
    group = parser.add_argument_group("images")
    group.add_argument(
        "--dataset",
        required=required,
        metavar="NAME",
        help=f"how the images lie on disk: {', '.join(DATASETS)}",
    )
    group.add_argument(
        "--root",
        required=required,
        type=Path,
        metavar="PATH",
        help="the data set's folder; with --dataset csv the table itself",
    )
    for column in _TABLE_COLUMNS:
        what = column.removesuffix("_col")
        group.add_argument(
            f"--{column.replace('_', '-')}",
            metavar="COLUMN",
            help=f"with --dataset csv: the column that holds the {what}",
        )
    group.add_argument(
        "--limit",
        type=positive_int,
        metavar="N",
        help="use about N images: whole lesions, class proportions kept",
    )
    group.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="stop at an image that cannot be used, or list it and go on",
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Options that say how models are built."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--backbone",
        default="efficientnet_lite0",
        metavar="NAME",
        help="the network, of those that `dermfusion backbones` lists",
    )
    group.add_argument(
        "--weights",
        default="default",
        metavar="FILE",
        help="its weights: a state dict, or none to start from random ones",
    )
    group.add_argument(
        "--mask",
        choices=MASK_SOURCES,
        default="auto",
        help="lesion masks: the data set's, our own segmentation, or whichever there is",
    )
    group.add_argument(
        "--segmentation",
        choices=tuple(SEGMENTERS),
        default=Preparation.segmentation,
        help="how lesions without a mask are segmented",
    )
    group.add_argument("--size", type=positive_int, default=224, help="lesion view, in pixels")
    group.add_argument("--constancy", action="store_true", help="Shades-of-Gray colour constancy")
    group.add_argument(
        "--hair",
        choices=(*HAIR_REMOVALS, "none"),
        default=Preparation.hair,
        help="how dark hair is found and painted over",
    )
    group.add_argument("--k", type=positive_int, default=800, help="columns that selection keeps")
    group.add_argument("--cnn-size", type=positive_int, default=128, help="CNN frames, in pixels")
    group.add_argument("--epochs", type=positive_int, default=10, help="most epochs of the CNN")
    group.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="keep the CNN's state there after each epoch; a stopped training goes on from it",
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Options that say where and how to run."""
    group = parser.add_argument_group("run")
    group.add_argument("--seed", type=int, default=0, help="of folds, models and bootstrap")
    group.add_argument(
        "--device", default="auto", help="auto, cpu or cuda: where networks and boosting run"
    )
    group.add_argument("--jobs", type=int, default=-1, metavar="N", help="cores to use; -1 for all")
    group.add_argument(
        "--store",
        type=Path,
        metavar="FILE",
        help="keep extracted features in this SQLite file; a stopped run takes up where it was",
    )
    group.add_argument("--quiet", action="store_true", help="show no progress")


def positive_int(text: str) -> int:
    """Parse an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return value


def model_names(text: str) -> list[str]:
    """Parse a comma-separated list of models."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(MODELS))
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"unknown model {', '.join(unknown) or repr(text)}; choose from {', '.join(MODELS)}"
        )
    return list(dict.fromkeys(names))


def read_manifest(args: argparse.Namespace) -> pd.DataFrame:
    """Load the data set that the options name."""
    columns = {name: value for name in _TABLE_COLUMNS if (value := getattr(args, name))}
    if columns and args.dataset != "csv":
        given = ", ".join(f"--{name.replace('_', '-')}" for name in columns)
        raise ValueError(f"{given} only makes sense with --dataset csv, not {args.dataset}.")
    return load_dataset(
        args.dataset,
        args.root,
        limit=args.limit,
        random_state=args.seed,
        on_error=args.on_error,
        **columns,
    )


def read_images(model: Any, manifest: pd.DataFrame, args: argparse.Namespace) -> Intake:
    """Read all images once for a model, as the options say."""
    return take_in(
        {"model": model},
        manifest,
        on_error=args.on_error,
        n_jobs=args.jobs,
        progress=not args.quiet,
    )


def print_skipped(manifest: pd.DataFrame, failures: Sequence[Failure]) -> None:
    """Print the rows that loading left out, and those that could not be read."""
    for fault in manifest.attrs.get("skipped", []):
        print(f"skipped: row {fault['row']}, {fault['file']}: {fault['reason']}")
    for failure in failures:
        print(f"skipped: {failure.error}")


def model_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of `make_model` that the options name."""
    return {
        "backbone": args.backbone,
        "weights": None if args.weights == "none" else args.weights,
        "image_size": args.cnn_size,
        "max_epochs": args.epochs,
        "checkpoint": args.checkpoint,
        "preparation": Preparation(
            size=args.size,
            mask=args.mask,
            hair=None if args.hair == "none" else args.hair,
            segmentation=args.segmentation,
            constancy=args.constancy,
        ),
        "k": args.k,
        "store": args.store or "memory",
        "device": args.device,
        "n_jobs": args.jobs,
        "random_state": args.seed,
        "verbose": int(not args.quiet),
    }
