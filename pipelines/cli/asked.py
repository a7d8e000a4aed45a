"""What the parsed options of several commands ask for."""

import argparse
from collections.abc import Sequence
from typing import Any

import pandas as pd

from features import Failure, Preparation
from pipelines.cli.options import TABLE_COLUMNS
from pipelines.data import DATASETS, load_dataset
from pipelines.evaluation import Protocol
from pipelines.intake import Intake, take_in
from pipelines.recipes import default_descriptors

# Options that not every command has, as `make_model` calls them.
_OF_SOME_COMMANDS = {
    "k": "k",
    "select": "selector",
    "classifier": "classifier",
    "cnn_size": "image_size",
    "epochs": "max_epochs",
    "checkpoint": "checkpoint",
}


def read_manifest(args: argparse.Namespace) -> pd.DataFrame:
    """Load the data set that the options name."""
    columns = {name: value for name in TABLE_COLUMNS if (value := getattr(args, name))}
    # An unknown data set is for load_dataset to refuse.
    takes = getattr(DATASETS.get(args.dataset.lower()), "options", TABLE_COLUMNS)
    others = [f"--{name.replace('_', '-')}" for name in columns if name not in takes]
    if others:
        raise ValueError(
            f"{', '.join(others)} only makes sense with --dataset csv, not {args.dataset}."
        )
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


def protocol_of(args: argparse.Namespace) -> Protocol:
    """Protocol that the options name."""
    return Protocol(
        n_splits=args.folds,
        n_repeats=args.repeats,
        by=args.by,
        test_folds=args.test_folds,
        inner_splits=args.inner_folds,
        reference=args.reference,
        margin=args.margin,
        target_sensitivity=args.target_sensitivity,
        miss_cost=args.miss_cost,
        prevalence=args.prevalence,
        shares=args.shares,
    )


def model_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of `make_model` that the command's options name."""
    given = vars(args)
    chosen = {name: given[option] for option, name in _OF_SOME_COMMANDS.items() if option in given}
    return chosen | {
        "backbone": args.backbone,
        "weights": None if args.weights == "none" else args.weights,
        "normalization": args.normalization,
        "descriptors": [part for part in default_descriptors() if part[0] not in args.without],
        "preparation": Preparation(
            size=args.size,
            mask=args.mask,
            hair=None if args.hair == "none" else args.hair,
            segmentation=args.segmentation,
            constancy=args.constancy,
        ),
        "store": args.store or "memory",
        "device": args.device,
        "n_jobs": args.jobs,
        "random_state": args.seed,
        "verbose": int(not args.quiet),
    }
