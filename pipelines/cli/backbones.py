"""`dermfusion backbones`: the networks that can be used by name."""

import argparse
import json
from typing import Any

from features.networks.backbones import (
    backbone_names,
    get_backbone,
    input_size,
    published,
    weights_at_hand,
)
from pipelines.cli.options import new_parser

_EXAMPLES = """\
  dermfusion backbones
  dermfusion backbones --family resnet
  dermfusion backbones resnet18 timm:convnext_tiny
  dermfusion backbones --family efficientnet --json"""

_HEADS = ("name", "px", "width", "params, M", "GFLOPs", "top-1, %", "weights", "licence")
_N_NUMBERS = 5
_SHOWN_LICENCE = 24


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands, "backbones", "list the networks with what is published of them", _EXAMPLES
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="only these, which may be timm:NAME too"
    )
    parser.add_argument("--family", default="", metavar="TEXT", help="names that contain this")
    parser.add_argument("--json", action="store_true", help="print JSON, sources included")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the list."""
    rows = [_row(name) for name in args.names or backbone_names() if args.family in name]
    if not rows:
        raise ValueError(f"No backbone's name contains {args.family!r}.")
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    lines = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADS))]
    for line in lines:
        cells = [
            cell.rjust(width) if 0 < i <= _N_NUMBERS else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print(
        "\npx: side of the input. width: numbers in the embedding. top-1: on ImageNet, as published"
        " with the default weights.\n-: not published, or, of timm's networks, not given by timm."
        "\nAny other network of timm is called timm:NAME."
    )


def _row(name: str) -> dict[str, Any]:
    facts = published(name)
    if facts.extra:
        weights = f"needs dermfusion[{facts.extra}]"
    elif facts.source == "none":
        weights = "none published"
    else:
        weights = "at hand" if weights_at_hand(name) else "to download"
    size = input_size(name)
    width = None if size is None else get_backbone(name, weights=None).width
    return {"name": name, "size": size, "width": width, "weights": weights} | {
        key: getattr(facts, key) for key in ("parameters", "gflops", "top1", "licence", "source")
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    def number(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    millions = None if row["parameters"] is None else row["parameters"] / 1e6
    licence = row["licence"].removeprefix("https://github.com/").partition("/blob/")[0]
    return (
        row["name"],
        number(row["size"], 0),
        number(row["width"], 0),
        number(millions, 1),
        number(row["gflops"], 2),
        number(row["top1"], 1),
        row["weights"],
        licence if len(licence) <= _SHOWN_LICENCE else licence[: _SHOWN_LICENCE - 1] + "…",
    )
