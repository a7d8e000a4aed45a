"""``dermfusion ablate``: what each step from majority vote to full fusion adds."""

import argparse
from pathlib import Path

from tqdm import tqdm

from fusion.selection import SELECTORS
from pipelines.cli.asked import model_settings, print_skipped, read_manifest
from pipelines.cli.options import (
    add_classifier_option,
    add_column_options,
    add_data_options,
    add_run_options,
    add_training_options,
    explain_models,
    new_parser,
    positive_int,
)
from pipelines.experiments import FUSIONS, RIVALS, SHARES, Ablation, ablate
from pipelines.recipes import MODELS, make_classifier, make_model

_EXAMPLES = """\
  dermfusion ablate --dataset ham10000 --root data/ham10000 --store ham.sqlite --out runs/ablation
  dermfusion ablate --dataset folder --root my_images --classifier logistic --out runs/ablation
  dermfusion ablate --dataset folder --root my_images --selectors boltzmann,random \\
      --shares none --networks cnn,late_fusion --out runs/ablation
"""

# On one core, with seven classes; it grows with the columns, and hardly with more rows.
_COST = (
    "; all by default. relieff needs skrebate, and looks at 500 rows of a fold that it draws alike "
    "in classes: about 3 minutes a fold at 4,000 columns"
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "ablate",
        "measure what each block, selection and fusion adds, on the same folds",
        _EXAMPLES,
    )
    add_data_options(parser)
    add_column_options(parser)
    add_training_options(parser, "with --networks")
    add_classifier_option(parser)
    _add_lists(parser)
    parser.add_argument(
        "--share", type=_share, default=0.1, help="of the columns, which selections keep"
    )
    parser.add_argument("--folds", type=positive_int, default=5, help="of the cross-validation")
    parser.add_argument(
        "--bootstrap", type=positive_int, default=1000, help="draws behind each interval"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder of tables and figures; a stopped run goes on from the steps in it",
    )
    add_run_options(parser)
    parser.set_defaults(run=run)


def _add_lists(parser: argparse.ArgumentParser) -> None:
    for option, default, known, text in (
        ("--selectors", RIVALS, SELECTORS, ", ".join(SELECTORS) + _COST),
        ("--fusions", FUSIONS, FUSIONS, ", ".join(FUSIONS)),
        ("--networks", (), MODELS, explain_models()),
    ):
        parser.add_argument(
            option,
            type=_names(known),
            default=list(default),
            metavar="A,B,...",
            help=f"none, or of {text}",
        )
    parser.add_argument(
        "--shares",
        type=_shares,
        default=list(SHARES),
        metavar="A,B,...",
        help="shares of the columns of the selection curve, or none for no curve",
    )


def run(args: argparse.Namespace) -> None:
    """Climb the ladder and write what was found."""
    manifest, settings = read_manifest(args), model_settings(args)
    # Rankings and steps of several shares lie in the same folder as the page.
    result = ablate(
        manifest,
        args.out,
        features=make_model("fusion", **settings),
        classifier=make_classifier(
            args.classifier, device=args.device, n_jobs=args.jobs, random_state=args.seed
        ),
        selectors=args.selectors,
        share=args.share,
        shares=args.shares,
        fusions=args.fusions,
        networks={name: make_model(name, **settings) for name in args.networks},
        n_splits=args.folds,
        n_bootstrap=args.bootstrap,
        random_state=args.seed,
        n_jobs=args.jobs,
        on_error=args.on_error,
        progress=None if args.quiet else _announce,
    )
    _show(result)
    print_skipped(manifest, result.failures)
    print(f"report: {result.report(args.out)}")


def _show(result: Ablation) -> None:
    print(f"{'step':<34} {'macro AUC':>22} {'gain':>8}   compared with")
    for row in result.ladder.to_dict("records"):
        score = f"{row['macro_auc']:.3f} [{row['macro_auc_low']:.3f}, {row['macro_auc_high']:.3f}]"
        gain = f"{row['gain']:+8.3f}   {row['reference']}" if row["reference"] else ""
        print(f"{row['step']:<34} {score:>22} {gain}")
    for name, reason in result.failed.items():
        print(f"failed: {name}: {reason}")


def _announce(step: str) -> None:
    tqdm.write(f"step: {step}")


def _names(known):
    def parse(text: str) -> list[str]:
        names = [] if text == "none" else [n.strip() for n in text.split(",") if n.strip()]
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(
                f"unknown {', '.join(unknown)}; choose from {', '.join(known)}"
            )
        return names

    return parse


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"expected a share between 0 and 1, got {text}")
    return value


def _shares(text: str) -> list[float]:
    return [] if text == "none" else [_share(part) for part in text.split(",")]
