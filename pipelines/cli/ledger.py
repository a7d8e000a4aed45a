"""``dermfusion ledger``: what each common sin of evaluation would have added to the score."""

import argparse
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipelines.cli.asked import model_settings, print_skipped, read_manifest
from pipelines.cli.options import (
    add_classifier_option,
    add_column_options,
    add_data_options,
    add_run_options,
    add_selection_option,
    add_training_options,
    new_parser,
    positive_int,
)
from pipelines.experiments import SINS, ledger, noise_ledger
from pipelines.recipes import make_model
from pipelines.reporting.experiments.ledger import write_noise_ledger

_EXAMPLES = """\
  dermfusion ledger --dataset ham10000 --root data/ham10000 --out runs/ledger
  dermfusion ledger --dataset folder --root my_images --sins images,selection --out runs/ledger
  dermfusion ledger --dataset ham10000 --root data/ham10000 --network --out runs/ledger
  dermfusion ledger --noise 20 --network --out runs/noise
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "ledger",
        "score one model honestly, and under each common sin of evaluation",
        _EXAMPLES,
    )
    add_data_options(parser, required=False)
    parser.add_argument(
        "--noise",
        type=positive_int,
        metavar="DRAWS",
        help="commit the sins on so many tables of pure noise instead of on images",
    )
    add_column_options(parser)
    add_training_options(parser, "with --network")
    parser.add_argument(
        "--model",
        choices=("fusion", "classical", "embedding"),
        default="fusion",
        help="which model sins",
    )
    add_selection_option(parser)
    add_classifier_option(parser)
    parser.add_argument(
        "--sins",
        type=_sin_list,
        metavar="A,B,...",
        help=f"which sins, of {', '.join(SINS)}; the last one needs --network",
    )
    parser.add_argument(
        "--network",
        action="store_true",
        help="also fine-tune the --backbone, once on all images and once a fold; slow",
    )
    parser.add_argument("--folds", type=positive_int, default=5, help="of the cross-validation")
    parser.add_argument(
        "--tries",
        type=positive_int,
        default=10,
        help="models tried where the best of many is reported; each is fitted 4 times a fold",
    )
    parser.add_argument("--positive", metavar="CLASS", help="class of concern (melanoma, mel)")
    parser.add_argument(
        "--bootstrap", type=positive_int, default=1000, help="draws behind each interval"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the ledger")
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Commit the sins and write the ledger."""
    if args.noise is not None:
        _run_on_noise(args)
        return
    if args.dataset is None or args.root is None:
        raise ValueError("Name the images by --dataset and --root, or ask for --noise DRAWS.")
    manifest, settings = read_manifest(args), model_settings(args)
    result = ledger(
        manifest,
        make_model(args.model, **settings),
        sins=args.sins,
        network=make_model("cnn", **settings).estimator if args.network else None,
        n_splits=args.folds,
        n_tries=args.tries,
        positive=args.positive,
        n_bootstrap=args.bootstrap,
        random_state=args.seed,
        n_jobs=args.jobs,
        on_error=args.on_error,
        progress=None if args.quiet else _announce,
    )
    _show(result.entries)
    print_skipped(manifest, result.failures)
    for name, reason in result.left_out.items():
        print(f"left out: {name}: {reason}")
    print(f"ledger: {result.report(args.out)}")


def _run_on_noise(args: argparse.Namespace) -> None:
    sins = args.sins or [name for name in SINS if name != "network" or args.network]
    with tqdm(unit="table", disable=args.quiet) as bar:
        draws = noise_ledger(
            args.noise,
            sins=sins,
            n_tries=args.tries,
            random_state=args.seed,
            progress=lambda name: bar.update(),
        )
    _show(draws.groupby(["sin", "title", "metric"], sort=False).mean().reset_index())
    print(f"ledger: {write_noise_ledger(draws, args.out)}")


def _sin_list(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(SINS))
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"unknown sin {', '.join(unknown) or repr(text)}; choose from {', '.join(SINS)}"
        )
    return names


def _announce(sin: str) -> None:
    tqdm.write(f"committing: {sin}")


def _show(entries: pd.DataFrame) -> None:
    print(f"{'sin':<38} {'honest':>7} {'sinful':>7} {'added':>7}   metric")
    for row in entries.to_dict("records"):
        scores = f"{row['honest']:7.3f} {row['sinful']:7.3f} {row['difference']:+7.3f}"
        print(f"{row['title']:<38} {scores}   {row['metric']}")
