"""The command ``dermfusion``: one file a subcommand, the parser apart from the work."""

import argparse
import sys
import warnings
from collections.abc import Sequence

from pipelines.cli import compare, demo, extract, predict, train
from pipelines.cli.options import HelpFormatter

__all__ = ["main"]

_COMMANDS = (demo, compare, train, predict, extract)

_DESCRIPTION = """\
Classify skin lesions by hand-crafted descriptors fused with CNN embeddings, and compare
that fairly with end-to-end CNNs. A research tool, not a medical device.
"""

_EPILOG = """\
start here:
  dermfusion demo --out runs/demo
  dermfusion compare --dataset folder --root my_images --out runs/mine
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        "dermfusion", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=HelpFormatter
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add_parser(commands)
    return parser


def _brief(message, category, filename, lineno, line=None) -> str:
    """Word a warning for people who did not write the code it points to."""
    return f"warning: {message}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, or 1 after a failure. A wrong usage exits with 2.
    """
    args = build_parser().parse_args(argv)
    warnings.formatwarning = _brief
    try:
        args.run(args)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except Exception as exc:
        if args.debug:
            raise
        print(f"dermfusion: {exc}", file=sys.stderr)
        return 1
    return 0
