"""``dermfusion data``: the data sets that can be read, and whether a folder is one of them."""

import argparse
import textwrap
from pathlib import Path

import pandas as pd

from pipelines.cli import data_audit
from pipelines.cli.options import new_parser, positive_int
from pipelines.data import DATASETS, Dataset, check_dataset, fetch_dataset
from pipelines.data.readers import get_dataset

_EXAMPLES = """\
  dermfusion data list
  dermfusion data info ham10000
  dermfusion data check ham10000 data/ham10000
  dermfusion data check isic2017 data/isic2017 --complete
  dermfusion data fetch dermamnist data/dermamnist --size 64
"""
_INDENT = 12
_MET = {True: "met", False: "not met"}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand and those below it."""
    parser = new_parser(
        commands, "data", "list, explain, check, audit and fetch data sets", _EXAMPLES
    )
    below = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", help="what to do"
    )

    lister = new_parser(below, "list", "list the data sets that can be read", _EXAMPLES)
    lister.set_defaults(run=run_list)

    teller = new_parser(below, "info", "tell what is known of a data set", _EXAMPLES)
    teller.add_argument("name", metavar="NAME", help="of those that `dermfusion data list` shows")
    teller.set_defaults(run=run_info)

    checker = new_parser(below, "check", "see whether a folder is whole and consistent", _EXAMPLES)
    checker.add_argument("name", metavar="NAME", help="the data set")
    checker.add_argument("root", metavar="ROOT", type=Path, help="its folder")
    checker.add_argument("--complete", action="store_true", help="refuse a part of the data set")
    checker.set_defaults(run=run_check)

    data_audit.add_parser(below)

    fetcher = new_parser(below, "fetch", "fetch a data set by its publisher's client", _EXAMPLES)
    offered = ", ".join(name for name, dataset in DATASETS.items() if dataset.client)
    fetcher.add_argument("name", metavar="NAME", help=f"one of {offered}")
    fetcher.add_argument("root", metavar="ROOT", type=Path, help="folder to write to")
    fetcher.add_argument(
        "--collections", type=_numbers, default=[], metavar="N,...", help="of the ISIC Archive"
    )
    fetcher.add_argument("--search", default="", metavar="TEXT", help="of the ISIC Archive")
    fetcher.add_argument("--limit", type=positive_int, metavar="N", help="of the ISIC Archive")
    fetcher.add_argument("--size", type=positive_int, default=28, help="of DermaMNIST, in pixels")
    fetcher.set_defaults(run=run_fetch)


def run_list(args: argparse.Namespace) -> None:
    """Print a line a data set."""
    rows = [("name", "images", "classes", "kind", "real files", "what")]
    rows += [
        (
            dataset.name,
            f"{dataset.n_images:,}" if dataset.n_images else "-",
            str(len(dataset.labels)) if dataset.labels else "-",
            dataset.kind or "-",
            _MET[bool(dataset.verified)] if dataset.licence else "-",
            dataset.title,
        )
        for dataset in DATASETS.values()
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if 0 < i < 3 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print(
        "\nimages: as published; - for no number, or one's own. real files: whether the reader has "
        "met any,\nor only trees of the documented layout. `dermfusion data info NAME` tells the "
        "rest."
    )


def run_info(args: argparse.Namespace) -> None:
    """Print what the registry says of a data set."""
    dataset = get_dataset(args.name)
    print(f"{dataset.name}: {dataset.title}\n")
    for head, text in _facts(dataset):
        lines = [
            part
            for line in text.splitlines()
            for part in textwrap.wrap(line, 100 - _INDENT, break_on_hyphens=False) or [""]
        ]
        for i, line in enumerate(lines):
            print(f"{head if i == 0 else '':<{_INDENT}}{line}".rstrip())


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    """List what is known of a data set, by heading, and nothing of what is not."""
    counted = {"": dataset.counts} if not dataset.split_counts else dataset.split_counts
    published = [
        f"{f'{part}: ' if part else ''}{', '.join(f'{k} {n:,}' for k, n in counts.items())}"
        for part, counts in counted.items()
        if counts
    ]
    published += [f"{part}: {n:,} images" for part, n in dataset.sizes.items()]
    facts = {
        "images": f"{dataset.n_images:,}" if dataset.n_images else "",
        "kind": dataset.kind,
        "labels": ", ".join(dataset.labels),
        "published": "\n".join(published),
        "layout": dataset.layout,
        "groups": dataset.groups or ("none named" if dataset.kind else ""),
        "masks": dataset.masks or ("none" if dataset.kind else ""),
        "options": ", ".join(dataset.options),
        "licence": dataset.licence,
        "cite": dataset.citation,
        "get it": dataset.url,
        "fetch": f"dermfusion data fetch {dataset.name} ROOT" if dataset.client else "",
        "real files": _real_files(dataset),
        "note": dataset.note,
    }
    return [(head, text) for head, text in facts.items() if text]


def _real_files(dataset: Dataset) -> str:
    """Say which files the reader has met; nothing of one's own."""
    if not dataset.licence:
        return ""
    return dataset.verified or "not met: the reader knows the documented layout alone"


def run_check(args: argparse.Namespace) -> None:
    """Print what a folder holds, beside what was published; fail if it is broken."""
    check = check_dataset(args.name, args.root, complete=args.complete)
    width = max(len(label) for label in check.counts["label"])
    for row in check.counts.to_dict("records"):
        head = f"{row['split']:<6}" if row["split"] else ""
        known = "" if pd.isna(row["published"]) else f" of {row['published']:,}"
        print(f"  {head}{row['label']:<{width}} {row['images']:>7,}{known}")
    for warning in check.warnings:
        print(f"note: {warning}")
    groups = "" if check.n_groups is None else f", {check.n_groups:,} groups"
    found = f"{check.n_images:,} images{groups}"
    if check.partial is None:
        print(f"consistent, {found}; no published numbers to check against")
    elif check.partial:
        print(f"consistent, {found}; PARTIAL: {', '.join(check.differing)}")
    else:
        print(f"consistent and complete, {found}")


def run_fetch(args: argparse.Namespace) -> None:
    """Fetch, and say how to go on."""
    folder = fetch_dataset(
        args.name,
        args.root,
        collections=args.collections,
        search=args.search,
        limit=args.limit,
        size=args.size,
    )
    print(f"fetched: {folder}\nnext: dermfusion data check {args.name} {folder}")


def _numbers(text: str) -> list[int]:
    """Parse whole numbers with commas between."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected numbers with commas, got {text}") from None
