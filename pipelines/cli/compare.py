"""``dermfusion compare``: the main job."""

import argparse
from pathlib import Path

from pipelines.cli.options import (
    add_classifier_option,
    add_column_options,
    add_data_options,
    add_run_options,
    add_selection_option,
    add_training_options,
    explain_models,
    model_names,
    model_settings,
    new_parser,
    positive_int,
    read_manifest,
)
from pipelines.comparison import Comparison, compare
from pipelines.recipes import QUICK_MODELS, make_model

_EXAMPLES = """\
  dermfusion compare --dataset ham10000 --root data/ham10000 --out runs/ham
  dermfusion compare --dataset folder --root my_images --models fusion,cnn --out runs/mine
  dermfusion compare --dataset folder --root my_images --classifier svm --out runs/svm
  dermfusion compare --dataset csv --root table.csv --image-col file --label-col diagnosis \\
      --group-col patient --positive melanoma --out runs/table
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "compare",
        "cross-validate models on the same lesion-grouped folds and write the report",
        _EXAMPLES,
    )
    add_data_options(parser)
    add_column_options(parser)
    add_training_options(parser, "of the models that train any")
    parser.add_argument(
        "--models",
        type=model_names,
        default=list(QUICK_MODELS),
        metavar="A,B,...",
        help=f"what to compare, of {explain_models()}. Models of metadata bring their control, "
        "missingness, along",
    )
    add_selection_option(parser)
    add_classifier_option(parser)
    parser.add_argument("--folds", type=positive_int, default=5, help="of the cross-validation")
    parser.add_argument("--positive", metavar="CLASS", help="class of concern (melanoma, mel)")
    parser.add_argument(
        "--bootstrap", type=positive_int, default=1000, help="draws behind each interval"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compare and report."""
    manifest = read_manifest(args)
    settings = model_settings(args)
    result = compare(
        {name: make_model(name, **settings) for name in args.models},
        manifest,
        n_splits=args.folds,
        random_state=args.seed,
        positive=args.positive,
        n_jobs=args.jobs,
        n_bootstrap=args.bootstrap,
        on_error=args.on_error,
        progress=not args.quiet,
    )
    show(result, result.report(args.out))


def show(result: Comparison, report: Path) -> None:
    """Print the ranking and where the report lies."""
    lesions = result.metrics.query("unit == 'lesion'").sort_values("macro_auc", ascending=False)
    width = max(12, *map(len, lesions["model"]))
    print(f"{'model':<{width}} {'macro AUC':>24} {'balanced accuracy':>24}   (lesion level)")
    for row in lesions.to_dict("records"):
        cells = [
            f"{row[score]:.3f} [{row[score + '_low']:.3f}, {row[score + '_high']:.3f}]"
            for score in ("macro_auc", "balanced_accuracy_prior")
        ]
        print(f"{row['model']:<{width}} {cells[0]:>24} {cells[1]:>24}")
    for skipped in result.skipped:
        print(f"skipped: {skipped['error']}")
    print(f"report: {report}")
