"""Which findings of the audit concern this run, and which its splits have dealt with."""

from typing import NamedTuple

import pandas as pd

from pipelines.audit.grouping import DUPLICATES
from pipelines.reporting.results import Results
from pipelines.reporting.words.protocol import protocol_of

# What connects images, so that splits by groups part none of them.
_CONNECTED = (
    *DUPLICATES,
    *("duplicates across splits", "lesion across splits", "patient across splits"),
    *("lesion ids miss pairs", "shared between data sets"),
)


class Findings(NamedTuple):
    """What `sort_findings` returns.

    Attributes
    ----------
    open : DataFrame
        Those that concern the run.
    settled : DataFrame
        Those of images that its splits keep on one side.
    """

    open: pd.DataFrame
    settled: pd.DataFrame


def sort_findings(results: Results, leaks: pd.DataFrame) -> Findings:
    """Tell apart what concerns the run and what its splits have dealt with.

    Parameters
    ----------
    results : Results
        Of a comparison.
    leaks : DataFrame
        Findings of the audit, of which mere notes are in neither part.

    Returns
    -------
    Findings
        A published split is taken as it is, so with one nothing is settled; other splits keep
        images together that the audit connected.
    """
    serious = leaks[leaks["severity"] != "note"]
    settled = serious["kind"].isin(_CONNECTED)
    if protocol_of(results) == "split" or "group" not in results.grouping:
        settled[:] = False
    return Findings(serious[~settled], serious[settled])
