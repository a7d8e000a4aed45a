"""The parser of all subcommands."""

import argparse

from pipelines.cli import (
    ablate,
    augmentations,
    backbones,
    compare,
    data,
    demo,
    explain,
    extract,
    ledger,
    predict,
    report,
    train,
)
from pipelines.cli.options import HelpFormatter

_COMMANDS = (
    demo,
    compare,
    report,
    ablate,
    ledger,
    train,
    predict,
    explain,
    extract,
    data,
    augmentations,
    backbones,
)

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
