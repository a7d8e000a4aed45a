"""Numbers as cells of a table, with their intervals and what they are sorted by."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines.reporting.content import Cell, Table
from pipelines.reporting.markdown import MINUS, score_or_dash, signed

DASH = "–"


def model_cell(name: str, series: Mapping[str, int]) -> Cell:
    """Name of a model beside its colour; without one where it is no model of the run."""
    return Cell(name, series=series.get(name))


def score_cell(row: pd.Series, name: str, best: bool = False, digits: int = 3) -> Cell:
    """Score with its interval below; a dash where there is none."""
    value = row.get(name)
    if value is None or pd.isna(value):
        return Cell(DASH)
    return Cell(number(value, digits), interval(row, name, digits), best=best, value=float(value))


def signed_cell(row: pd.Series, name: str, low: str = "", high: str = "") -> Cell:
    """Difference with its sign and interval, bold where the interval excludes 0."""
    value = row.get(name)
    if value is None or pd.isna(value):
        return Cell(DASH)
    ends = _ends(row, low or f"{name}_low", high or f"{name}_high")
    if ends is None:
        return Cell(signed(value), value=float(value))
    excludes = ends[0] > 0 or ends[1] < 0
    note = f"{signed(ends[0])} to {signed(ends[1])}"
    return Cell(signed(value), note, best=excludes, value=float(value))


def count_cell(value: float) -> Cell:
    """Whole number with thousands apart; a dash where there is none."""
    return Cell(DASH) if pd.isna(value) else Cell(f"{value:,.0f}", value=float(value))


def share_cell(value: float, digits: int = 1) -> Cell:
    """Share in percent; a dash where there is none."""
    if pd.isna(value):
        return Cell(DASH)
    return Cell(f"{value:.{digits}%}", value=float(value))


def plain_cell(value: float, digits: int = 1) -> Cell:
    """Give a number with thousands apart and no interval; a dash where there is none."""
    return Cell(DASH) if pd.isna(value) else Cell(f"{value:,.{digits}f}", value=float(value))


def p_cell(value: float) -> Cell:
    """P value with three decimals, never 0; a dash where there is none."""
    if pd.isna(value):
        return Cell(DASH)
    return Cell("<0.001" if value < 0.001 else f"{value:.3f}", value=float(value))


def number(value: float, digits: int = 3) -> str:
    """Format a number with a true minus sign.

    Examples
    --------
    >>> number(-0.0123), number(1234.5, 1)
    ('−0.012', '1,234.5')
    """
    return score_or_dash(value) if pd.isna(value) else f"{value:,.{digits}f}".replace("-", MINUS)


def interval(row: pd.Series, name: str, digits: int = 3) -> str:
    """Format the interval of a score, such as '0.901 to 0.934'; empty where there is none."""
    ends = _ends(row, f"{name}_low", f"{name}_high")
    if ends is None:
        return ""
    return f"{number(ends[0], digits)} to {number(ends[1], digits)}"


def _ends(row: pd.Series, low: str, high: str) -> tuple[float, float] | None:
    """Take the ends of an interval; None where one is missing."""
    ends = (float(row.get(low, np.nan)), float(row.get(high, np.nan)))
    return None if np.isnan(ends).any() else ends


def facts_table(name: str, facts: Mapping[str, object], caption: str) -> Table:
    """Names and values as words."""
    rows = [[Cell(str(key)), Cell(str(value), free=True)] for key, value in facts.items()]
    return Table(name, caption, ["Name", "Value"], rows, words=2, narrow=True)


def join(names: Sequence[str], last: str = "and") -> str:
    """Word a list.

    Examples
    --------
    >>> join(["a", "b", "c"]), join(["a"])
    ('a, b and c', 'a')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
