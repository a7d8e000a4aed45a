"""What an audit found, in words."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import pandas as pd

from pipelines.audit.grouping import DUPLICATES
from pipelines.audit.identifiers import known_overlaps
from pipelines.data.split_leaks import split_leak

__all__ = ["SEVERITIES", "Finding", "findings_table", "list_findings"]

# A leak makes a score wrong if nothing is done; a warning may; a note is to be known.
SEVERITIES = ("leak", "warning", "note")
_N_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing found.

    Parameters
    ----------
    kind : str
        Such as "same file" or "lesion across splits".
    severity : {"leak", "warning", "note"}
        How much it matters.
    count : int
        How many pairs, groups, rows or columns.
    message : str
        A sentence, with a way out where there is one.
    """

    kind: str
    severity: str
    count: int
    message: str


def list_findings(
    manifest: pd.DataFrame, pairs: pd.DataFrame, columns: pd.DataFrame, failures: dict[int, str]
) -> list[Finding]:
    """Say what was found, the worst first.

    Parameters
    ----------
    manifest : DataFrame
        As audited.
    pairs, columns : DataFrame
        As an `Audit` holds them.
    failures : dict of int to str
        Rows that could not be read, and why.

    Returns
    -------
    list of Finding
        By severity.
    """
    found = [
        *_of_files(failures),
        *_of_pairs(pairs),
        *_of_splits(manifest, pairs),
        *_of_ids(manifest, pairs),
        *_of_datasets(manifest, pairs),
        *_of_columns(columns),
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def findings_table(findings: list[Finding]) -> pd.DataFrame:
    """Tabulate findings, a row each."""
    columns = ["kind", "severity", "count", "message"]
    return pd.DataFrame([astuple(finding) for finding in findings], columns=columns)


def _of_files(failures: dict[int, str]) -> Iterator[Finding]:
    if failures:
        first = "; ".join(list(failures.values())[:_N_NAMED])
        yield Finding(
            "unreadable",
            "warning",
            len(failures),
            f"{len(failures)} images cannot be read and were not compared: {first}",
        )


def _of_pairs(pairs: pd.DataFrame) -> Iterator[Finding]:
    meaning = {
        "same file": "pairs of rows are one file, byte for byte",
        "same picture": "pairs show one picture, resized, recompressed, relit or cropped",
        "mirrored": "pairs show one picture and its mirror image",
        "turned": "pairs show one picture, turned by a quarter or a half",
        "same id": "pairs bear one image id",
        "embedding": "pairs look alike to a network: look at them, nothing is removed for it",
    }
    for how, words in meaning.items():
        some = pairs[pairs["how"] == how]
        if len(some):
            severity = "note" if how == "embedding" else "warning"
            yield Finding(how, severity, len(some), f"{len(some)} {words} ({_first(some)}).")
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    differing = sure[sure["same_label"].eq(False).fillna(False).astype(bool)]
    if len(differing):
        yield Finding(
            "label conflict",
            "leak",
            len(differing),
            f"{len(differing)} pairs of duplicates have two labels ({_first(differing)}). One of "
            "each is wrong, or the labels need harmonising first.",
        )


def _of_splits(manifest: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Finding]:
    if "split" not in manifest.columns:
        return
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    across = sure[sure["splits"].str.contains(" | ", regex=False, na=False)]
    if len(across):
        yield Finding(
            "duplicates across splits",
            "leak",
            len(across),
            f"{len(across)} pairs of duplicates have an image on either side of a published split "
            f"({_first(across)}). Deduplicate, or split by groups.",
        )
    for column in ("lesion", "patient"):
        if column not in manifest.columns:
            continue
        # The part that is learnt from has several names.
        split = manifest["split"].astype("str").replace({"training": "train"})
        torn = split_leak(pd.DataFrame({"split": split, column: manifest[column]}))
        if torn is not None:
            sizes = split.value_counts()
            shared = "; ".join(
                f"{count:,} of {sizes[part]:,} {part} images share a {column} with training"
                for part, count in torn.shared.items()
            )
            yield Finding(
                f"{column} across splits",
                "leak",
                torn.n_groups,
                f"{torn.n_groups:,} {column}s have images in several published splits ({shared}). "
                "Scores on these splits are too high; split by groups.",
            )


def _of_ids(manifest: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Finding]:
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    missed = sure[sure["same_lesion"].eq(False).fillna(False).astype(bool)]
    if len(missed):
        yield Finding(
            "lesion ids miss pairs",
            "warning",
            len(missed),
            f"{len(missed)} pairs of duplicates have different lesion ids ({_first(missed)}): the "
            "published ids are not enough to split by. Use `group`.",
        )
    for column, risk in (
        ("lesion", "images of one lesion may be split apart"),
        ("patient", "lesions of one patient may be split apart, and nothing here can tell"),
    ):
        known = manifest[column].notna() if column in manifest.columns else pd.Series(dtype=bool)
        if not known.any():
            yield Finding(
                f"no {column} ids", "note", len(manifest), f"There are no {column} ids: {risk}."
            )
        elif not known.all():
            n = int((~known).sum())
            yield Finding(f"no {column} ids", "note", n, f"{n} rows have no {column} id: {risk}.")


def _of_datasets(manifest: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Finding]:
    if "dataset" not in manifest.columns:
        return
    between = pairs[
        pairs["how"].isin(DUPLICATES) & pairs["datasets"].str.contains(" | ", regex=False, na=False)
    ]
    for names, some in between.groupby("datasets", sort=True):
        one, other = str(names).split(" | ")
        counts = [_rows_of(some, manifest["dataset"], name) for name in (one, other)]
        totals = [int((manifest["dataset"] == name).sum()) for name in (one, other)]
        yield Finding(
            "shared between data sets",
            "leak",
            len(some),
            f"{counts[0]:,} of {totals[0]:,} images of {one} and {counts[1]:,} of {totals[1]:,} of "
            f"{other} are in both ({_first(some)}). Neither tests what was learnt on the other.",
        )
    for whole, part in known_overlaps(manifest["dataset"]):
        yield Finding(
            "known overlap",
            "leak",
            1,
            f"{whole} is known to contain images of {part}: never learn on one and test on the "
            "other without removing what they share.",
        )


def _of_columns(columns: pd.DataFrame) -> Iterator[Finding]:
    flagged = columns[columns["flagged"]]
    if len(flagged):
        named = ", ".join(f"{row['column']} {row['auc']:.2f}" for row in flagged.to_dict("records"))
        yield Finding(
            "give-aways",
            "warning",
            len(flagged),
            f"The label can be guessed, pixels unseen, from {len(flagged)} columns or properties "
            f"(area under the curve): {named}. Use none as a feature, and report within their "
            "values.",
        )


def _rows_of(pairs: pd.DataFrame, dataset: pd.Series, name: str) -> int:
    """Count rows of one data set in some pairs."""
    rows = pd.unique(pd.concat([pairs["row_a"], pairs["row_b"]]))
    return int((dataset.iloc[rows] == name).sum())


def _first(pairs: pd.DataFrame) -> str:
    shown = [f"rows {a} and {b}" for a, b in zip(pairs["row_a"], pairs["row_b"], strict=True)]
    return ", ".join(shown[:_N_NAMED]) + (", ..." if len(shown) > _N_NAMED else "")
