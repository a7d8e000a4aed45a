"""``dermfusion report``: a run's report made again from its predictions."""

import argparse
from pathlib import Path

from pipelines.cli.compare import show
from pipelines.cli.options import add_scenario_option, new_parser, positive_int
from pipelines.comparison import Comparison

_EXAMPLES = """\
  dermfusion report runs/ham
  dermfusion report runs/ham --bootstrap 2000 --prevalence 0.02 --out reports/ham
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "report",
        "make a run's report again from its saved predictions, without any fit",
        _EXAMPLES,
    )
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder that compare wrote")
    parser.add_argument("--out", type=Path, help="folder of the report (the run's own)")
    parser.add_argument("--bootstrap", type=positive_int, help="draws (as the run had them)")
    parser.add_argument("--prevalence", type=float, help="of the class of concern in use")
    parser.add_argument(
        "--target-sensitivity", type=float, help="that thresholds of inner folds are set for"
    )
    parser.add_argument(
        "--miss-cost", type=float, metavar="N", help="false alarms that one missed case weighs"
    )
    add_scenario_option(parser)
    parser.add_argument("--gallery", action="store_true", help="also write gallery.html")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read, analyse and write."""
    result = Comparison.load(args.run_folder)
    asked = {
        "n_bootstrap": args.bootstrap,
        "prevalence": args.prevalence,
        "target_sensitivity": args.target_sensitivity,
        "miss_cost": args.miss_cost,
        "scenarios": args.scenario or None,
    }
    result.settings |= {name: value for name, value in asked.items() if value is not None}
    show(result, result.report(args.out or args.run_folder, gallery=args.gallery))
