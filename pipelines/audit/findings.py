"""What an audit found, in words."""

from collections.abc import Iterator, Sized
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
            f"{_count(failures, 'image')} cannot be read and took no part: {first}",
        )


def _of_pairs(pairs: pd.DataFrame) -> Iterator[Finding]:
    meaning = {
        "same file": "of one file, byte for byte",
        "same picture": "of one picture, resized, recompressed, relit or cropped",
        "mirrored": "of one picture and its mirror image",
        "turned": "of one picture, turned by a quarter or a half",
        "same id": "with one image id",
        "embedding": "alike to a network: look at them, nothing is removed for it",
    }
    for how, words in meaning.items():
        some = pairs[pairs["how"] == how]
        if len(some):
            severity = "note" if how == "embedding" else "warning"
            message = f"{_count(some, 'pair')} {words} ({_first(some)})."
            yield Finding(how, severity, len(some), message)
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    differing = sure[sure["same_label"].eq(False).fillna(False).astype(bool)]
    if len(differing):
        yield Finding(
            "label conflict",
            "leak",
            len(differing),
            f"{_count(differing, 'pair')} of duplicates with two labels ({_first(differing)}). "
            "One of each is wrong, or the labels need harmonising first.",
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
            f"{_count(across, 'pair')} of duplicates with an image on either side of a published "
            f"split ({_first(across)}). Deduplicate, or split by groups.",
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
                f"{torn.n_groups:,} {column}{'s' * (torn.n_groups > 1)} with images in several "
                f"published splits ({shared}). Scores on these splits are too high; split by "
                "groups.",
            )


def _of_ids(manifest: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[Finding]:
    sure = pairs[pairs["how"].isin(DUPLICATES)]
    missed = sure[sure["same_lesion"].eq(False).fillna(False).astype(bool)]
    if len(missed):
        yield Finding(
            "lesion ids miss pairs",
            "warning",
            len(missed),
            f"{_count(missed, 'pair')} of duplicates with different lesion ids ({_first(missed)}): "
            "the published ids are not enough to split by. Use `group`.",
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
            message = f"{n} row{'s' * (n > 1)} without {column} id: {risk}."
            yield Finding(f"no {column} ids", "note", n, message)


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


def _count(things: Sized, name: str) -> str:
    """Word a number, as in '1 pair' or '17 pairs'."""
    return f"{len(things):,} {name}{'s' * (len(things) != 1)}"


def _rows_of(pairs: pd.DataFrame, dataset: pd.Series, name: str) -> int:
    """Count rows of one data set in some pairs."""
    rows = pd.unique(pd.concat([pairs["row_a"], pairs["row_b"]]))
    return int((dataset.iloc[rows] == name).sum())


def _first(pairs: pd.DataFrame) -> str:
    shown = [f"rows {a} and {b}" for a, b in zip(pairs["row_a"], pairs["row_b"], strict=True)]
    return ", ".join(shown[:_N_NAMED]) + (", ..." if len(shown) > _N_NAMED else "")
