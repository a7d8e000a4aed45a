"""``dermfusion train``: fit one model on all images and write the artifact."""

import argparse
from pathlib import Path

from pipelines.artifacts import check_suffix, save_model
from pipelines.cli.asked import model_settings, print_skipped, read_images, read_manifest
from pipelines.cli.options import (
    add_classifier_option,
    add_column_options,
    add_data_options,
    add_run_options,
    add_selection_option,
    add_training_options,
    explain_models,
    new_parser,
)
from pipelines.recipes import MODELS, make_model

_EXAMPLES = """\
  dermfusion train --dataset ham10000 --root data/ham10000 --out models/ham.joblib
  dermfusion train --dataset folder --root my_images --model cnn --out models/cnn.joblib
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands, "train", "fit one model on all images and write it with its card", _EXAMPLES
    )
    add_data_options(parser)
    add_column_options(parser)
    add_training_options(parser, "of the models that train any")
    parser.add_argument(
        "--model",
        choices=MODELS,
        default="fusion",
        metavar="NAME",
        help=f"what to fit, of {explain_models()}",
    )
    add_selection_option(parser)
    add_classifier_option(parser)
    parser.add_argument(
        "--decision",
        choices=("argmax", "prior_corrected"),
        default="argmax",
        help="how probabilities become a label; kept in the artifact",
    )
    parser.add_argument("--out", type=Path, required=True, help="the artifact, *.joblib")
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Fit and write."""
    check_suffix(args.out)  # before the hours that fitting may take
    manifest = read_manifest(args)
    model = make_model(args.model, decision=args.decision, **model_settings(args))
    intake = read_images(model, manifest, args)
    print_skipped(manifest, intake.failures)
    manifest = manifest.iloc[intake.kept]
    model.fit(manifest, manifest["label"])
    card = save_model(model, args.out, manifest)
    print(f"model: {args.out}\ncard: {card}")
