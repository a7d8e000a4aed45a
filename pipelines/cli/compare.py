"""``dermfusion compare``: the main job."""

import argparse
from pathlib import Path

import pandas as pd

from pipelines.audit import audit, group
from pipelines.cli.asked import model_settings, protocol_of, read_manifest
from pipelines.cli.options import (
    add_classifier_option,
    add_column_options,
    add_data_options,
    add_protocol_options,
    add_run_options,
    add_scenario_option,
    add_selection_option,
    add_training_options,
    explain_models,
    model_names,
    new_parser,
    positive_int,
)
from pipelines.comparison import Comparison, compare
from pipelines.data import load_dataset
from pipelines.external import audit_with_test
from pipelines.measuring import EXTRAS
from pipelines.recipes import QUICK_MODELS, make_model
from pipelines.reporting.results import Results
from pipelines.skin_color import with_typology_angle

_EXAMPLES = """\
  dermfusion compare --dataset ham10000 --root data/ham10000 --out runs/ham
  dermfusion compare --dataset folder --root my_images --models fusion,cnn --out runs/mine
  dermfusion compare --dataset folder --root my_images --classifier svm --out runs/svm
  dermfusion compare --dataset csv --root table.csv --image-col file --label-col diagnosis \\
      --group-col patient --positive melanoma --out runs/table
  dermfusion compare --dataset folder --root mine --test-dataset folder --test-root theirs \\
      --audit --out runs/external
  dermfusion compare --dataset ham10000 --root data/ham10000 --models fusion,classical \\
      --repeats 5 --with controls,counterfactuals,costs,learning_curve --out runs/full
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
    add_protocol_options(parser)
    parser.add_argument("--positive", metavar="CLASS", help="class of concern (melanoma, mel)")
    parser.add_argument(
        "--bootstrap", type=positive_int, default=1000, help="draws behind each interval"
    )
    parser.add_argument(
        "--with",
        dest="extras",
        type=extra_names,
        default=[],
        metavar="A,B,...",
        help=f"what takes more fits, of {', '.join(EXTRAS)}",
    )
    parser.add_argument(
        "--audit",
        action="store_true",
        help="look for duplicates and other leaks first, in a test data set too; folds keep "
        "duplicates together, copies of test images are not trained on, and the report lists what "
        "was found",
    )
    parser.add_argument(
        "--typology",
        action="store_true",
        help="measure the typology angle of the skin around each lesion, and show scores by it "
        "inside each source; it measures the camera as much as the skin",
    )
    add_scenario_option(parser)
    parser.add_argument(
        "--gallery",
        action="store_true",
        help="also write gallery.html, which shows images of the surest mistakes: not to be shared "
        "where the images are not",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder of the run and its report; a run that was stopped goes on from it",
    )
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compare and report."""
    manifest, test = read_manifest(args), _read_test(args)
    if args.audit:
        manifest, test = _audited(manifest, test, args)
    if args.typology:
        shared = {"store": args.store or "memory", "n_jobs": args.jobs}
        manifest = with_typology_angle(manifest, **shared)
        test = None if test is None else with_typology_angle(test, **shared)
    settings = model_settings(args)
    result = compare(
        {name: make_model(name, **settings) for name in args.models},
        manifest,
        protocol=protocol_of(args),
        test_manifest=test,
        extras=args.extras,
        random_state=args.seed,
        positive=args.positive,
        n_jobs=args.jobs,
        n_bootstrap=args.bootstrap,
        on_error=args.on_error,
        directory=args.out,
        progress=not args.quiet,
    )
    result.settings["scenarios"] = args.scenario
    show(result, result.report(args.out, gallery=args.gallery))


def extra_names(text: str) -> list[str]:
    """Parse a comma-separated list of what else is measured."""
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(EXTRAS))
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"unknown: {', '.join(unknown) or repr(text)}; choose from {', '.join(EXTRAS)}"
        )
    return list(dict.fromkeys(names))


def show(result: Comparison, report: Path) -> None:
    """Print the ranking and where the report lies."""
    lesions = result.metrics.query("unit == 'lesion'").sort_values("macro_auc", ascending=False)
    width = max(12, *map(len, lesions["model"]))
    head = f"{'model':<{width}} {'macro AUC':>24} {'balanced accuracy, prior-corrected':>36}"
    print(f"{head}   (per {Results(result).unit})")
    for row in lesions.to_dict("records"):
        cells = [
            f"{row[score]:.3f} [{row[score + '_low']:.3f}, {row[score + '_high']:.3f}]"
            for score in ("macro_auc", "balanced_accuracy_prior")
        ]
        print(f"{row['model']:<{width}} {cells[0]:>24} {cells[1]:>36}")
    for skipped in result.skipped:
        print(f"skipped: {skipped['error']}")
    if n_left_out := result.settings["left_out_of_training"]:
        print(f"left out of training: {n_left_out:,} images, which the test data set shares")
    for failure in result.settings["failed"]:
        print(f"failed: {failure['error']}")
    print(f"report: {report}")


def _audited(
    manifest: pd.DataFrame, test: pd.DataFrame | None, args: argparse.Namespace
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Group what an audit connects, in a test data set too."""
    store, progress = args.store or "memory", not args.quiet
    if test is None:
        found = audit(manifest, store=store, n_jobs=args.jobs, progress=progress)
        return group(manifest, found), None
    return audit_with_test(manifest, test, store=store, n_jobs=args.jobs, progress=progress)


def _read_test(args: argparse.Namespace) -> pd.DataFrame | None:
    if args.test_dataset is None and args.test_root is None:
        return None
    if args.test_dataset is None or args.test_root is None:
        raise ValueError("--test-dataset and --test-root belong together; give both.")
    return load_dataset(args.test_dataset, args.test_root, on_error=args.on_error)
