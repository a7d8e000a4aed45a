"""``dermfusion extract``: the named columns, with image, label and groups, as Parquet."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.base import clone

from pipelines.cli.asked import model_settings, print_skipped, read_images, read_manifest
from pipelines.cli.options import add_column_options, add_data_options, add_run_options, new_parser
from pipelines.data import group_ids
from pipelines.intake import image_side
from pipelines.recipes import make_model

_EXAMPLES = """\
  dermfusion extract --dataset ham10000 --root data/ham10000 --out ham.parquet
  dermfusion extract --dataset folder --root my_images --model classical --out mine.parquet
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands, "extract", "write the columns that a model is fitted on as Parquet", _EXAMPLES
    )
    add_data_options(parser)
    add_column_options(parser)
    parser.add_argument(
        "--model",
        choices=("fusion", "classical", "embedding"),
        default="fusion",
        help="whose columns",
    )
    parser.add_argument("--out", type=Path, required=True, help="the Parquet file")
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Extract and write."""
    if args.out.suffix != ".parquet":
        raise ValueError(f"--out must be a name that ends in .parquet, got {args.out}.")
    manifest = read_manifest(args)
    model = make_model(args.model, **model_settings(args))
    intake = read_images(model, manifest, args)
    print_skipped(manifest, intake.failures)
    manifest = manifest.iloc[intake.kept].reset_index(drop=True)
    features = clone(image_side(model)).set_params(verbose=0).fit_transform(manifest)
    known = [name for name in ("image", "label", "lesion", "patient", "mask") if name in manifest]
    rows = manifest[known].assign(group=group_ids(manifest))
    quality = intake.quality.add_prefix("quality__")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat([rows, quality, features], axis=1).to_parquet(args.out, index=False)
    print(f"{len(rows)} images, {features.shape[1]} columns: {args.out}")
