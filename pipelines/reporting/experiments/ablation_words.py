"""Words for what selection keeps: shares of the columns, and how Boltzmann's gain fares."""

import pandas as pd

BOLTZMANN = "boltzmann"


def in_percent(share: float) -> str:
    """Name a share of the columns; shares that differ get names that differ.

    Parameters
    ----------
    share : float
        Within 0 and 1.

    Returns
    -------
    str
        All digits, up to the rounding error of floats.

    Examples
    --------
    >>> [in_percent(share) for share in (0.001, 0.014, 0.07, 0.1)]
    ['0.1%', '1.4%', '7%', '10%']
    """
    return f"{100 * share:.15g}%"


def kept_with_interval(row: pd.Series) -> str:
    """Format the share of the macro AUC that is kept; a dash where there is none."""
    if pd.isna(row["kept"]):
        return "–"
    low, high = (f"{100 * row[end]:.1f}" for end in ("kept_low", "kept_high"))
    return f"{100 * row['kept']:.1f}% ({low} to {high})"


def judge_boltzmann(selections: pd.DataFrame) -> list[str]:
    """Say for each share what `boltzmann` keeps, and which rivals beat it there.

    Parameters
    ----------
    selections : DataFrame
        One row a selector and share, with `kept` and `over_boltzmann`; see
        `pipelines.experiments.Ablation`.

    Returns
    -------
    list of str
        A sentence a share below 1 at which `boltzmann` was run, by rising share. A rival beats it
        if the interval of the paired difference lies above 0.
    """
    selected = selections[selections["share"] < 1]
    sentences = []
    for share in sorted(set(selected["share"])):
        rows = selected[selected["share"] == share]
        own = rows[rows["selector"] == BOLTZMANN]
        if len(own):
            rivals = rows[rows["selector"] != BOLTZMANN]
            said = [*_what_it_keeps(own.iloc[0]), *_who_beats_it(rivals)]
            columns = f"At {in_percent(share)} of the columns"
            sentences.append(f"{columns} {BOLTZMANN} {', and '.join(said)}.")
    return sentences


def _what_it_keeps(row: pd.Series) -> list[str]:
    if pd.isna(row["kept"]):
        return []
    return [f"keeps {kept_with_interval(row)} of the macro AUC of all columns"]


def _who_beats_it(rivals: pd.DataFrame) -> list[str]:
    beats = rivals["over_boltzmann_low"] > 0
    ahead, others = (", ".join(rivals.loc[mask, "selector"]) for mask in (beats, ~beats))
    if not ahead:
        return [f"is beaten outside the interval by none of {others}" if others else "has no rival"]
    return [f"is beaten outside the interval by {ahead}" + (f", not by {others}" if others else "")]
