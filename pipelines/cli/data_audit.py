"""``dermfusion data audit``: duplicates, leaks and give-aways of one or more data sets."""

import argparse
from pathlib import Path

import pandas as pd

from pipelines.audit import audit, deduplicate, group
from pipelines.cli.options import TABLE_COLUMNS, new_parser
from pipelines.data import combine, harmonize, load_dataset

_EXAMPLES = """\
  dermfusion data audit ham10000 data/ham10000 --out runs/audit --store runs/audit.sqlite
  dermfusion data audit folder my_images --out runs/mine --clean mine.csv
  dermfusion data audit ham10000 data/ham10000 isic2019 data/isic2019 --out runs/both
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand below ``dermfusion data``."""
    parser = new_parser(
        commands,
        "audit",
        "look for duplicates, leaks across splits, shared images and what gives labels away",
        _EXAMPLES,
    )
    parser.add_argument(
        "sets",
        nargs="+",
        metavar="NAME ROOT",
        help="a data set of those that `dermfusion data list` shows, and its folder; several to "
        "look for what they share",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for the tables")
    parser.add_argument("--store", type=Path, metavar="FILE", help="keeps what was read of images")
    parser.add_argument(
        "--embeddings", metavar="BACKBONE", help="list pairs that look alike to this network too"
    )
    parser.add_argument(
        "--harmonize", metavar="LABELS", help="say labels in these words first, such as ham7"
    )
    parser.add_argument(
        "--clean",
        type=Path,
        metavar="FILE",
        help="write the manifest without duplicates, with groups, as CSV or Parquet",
    )
    parser.add_argument(
        "--pictures", type=int, default=200, metavar="N", help="pairs shown on the page at most"
    )
    for column in TABLE_COLUMNS:
        what = column.removesuffix("_col")
        parser.add_argument(
            f"--{what}-col", metavar="COLUMN", help=f"of a csv: the column that holds the {what}"
        )
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="stop at a row that cannot be used, or leave it out",
    )
    parser.add_argument("--jobs", type=int, default=-1, metavar="N", help="cores; -1 for all")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Audit, print the findings, and write tables and pictures."""
    manifest = _load(args)
    found = audit(
        manifest,
        embeddings=args.embeddings,
        store=args.store,
        n_jobs=args.jobs,
        progress=not args.quiet,
    )
    page = found.save(args.out, max_pictures=args.pictures)
    print(found)
    print(f"tables and pictures, for your eyes only: {page}")
    if args.clean:
        clean = deduplicate(group(manifest, found), found)
        write_manifest(clean, args.clean)
        print(f"{len(clean):,} of {len(manifest):,} rows: {args.clean}")
        print(f"the others, and why: {_removed_beside(args.clean)}")


def write_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Write a clean manifest, and beside it a table of what was removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        # What a data set says of itself is no part of the table, nor need it fit into one.
        pd.DataFrame(manifest.to_dict("series")).to_parquet(path, index=False)
    else:
        manifest.to_csv(path, index=False)
    removed = pd.DataFrame(manifest.attrs["removed"], columns=["row", "file", "kept", "reason"])
    removed.to_csv(_removed_beside(path), index=False)


def _removed_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.removed.csv")


def _load(args: argparse.Namespace) -> pd.DataFrame:
    """Load one data set, or several as one manifest."""
    if len(args.sets) % 2:
        raise ValueError(
            f"Expected names and folders in turn, got {' '.join(args.sets)}. Such as: dermfusion "
            "data audit ham10000 data/ham10000"
        )
    columns = {name: value for name in TABLE_COLUMNS if (value := getattr(args, name))}
    names, roots = args.sets[::2], args.sets[1::2]
    if columns and "csv" not in names:
        given = ", ".join(f"--{name.replace('_', '-')}" for name in columns)
        raise ValueError(f"{given} only makes sense with a csv, not {', '.join(names)}.")
    manifests = []
    for name, root in zip(names, roots, strict=True):
        options = columns if name == "csv" else {}
        manifest = load_dataset(name, root, on_error=args.on_error, **options)
        manifests.append(harmonize(manifest, args.harmonize) if args.harmonize else manifest)
    return manifests[0] if len(manifests) == 1 else combine(manifests)
