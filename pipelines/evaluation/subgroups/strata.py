"""Parts of the lesions: what the images of each say of it, and how many a score needs."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.patients.metadata import missing_values

# Under so many lesions of a class, or of the others, its AUC in a stratum is not computed: one
# lesion more or less would move it by a tenth.
LEAST = 5
# Under so many of either there is a value, but nothing is concluded from it: the 95 % interval of
# an AUC of 0.8 is then some 0.2 wide.
ENOUGH = 20


def lesion_words(facts: pd.DataFrame, lesions: pd.Index, column: str) -> pd.Series:
    """Say of each lesion what a column says of its images.

    Parameters
    ----------
    facts : DataFrame
        One row an image, with `lesion` and the column.
    lesions : Index of n lesions
        In the order wanted.
    column : str
        Its name.

    Returns
    -------
    Series of length n, indexed by lesion
        Words, a whole number without its point; None where it is missing or the images of the
        lesion disagree.

    Examples
    --------
    >>> facts = pd.DataFrame({"lesion": list("aab"), "source": list("xyx"), "skin": [3.0, 3, 2]})
    >>> lesion_words(facts, pd.Index(["b", "a"]), "source").tolist()
    ['x', None]
    >>> lesion_words(facts, pd.Index(["b", "a"]), "skin").tolist()
    ['2', '3']
    """
    values = facts[column].astype(object)
    grouped = values.where(~missing_values(values), None).groupby(facts["lesion"])
    found = grouped.first().where(grouped.nunique() == 1).reindex(lesions).astype(object)
    return found.map(_word, "ignore").astype(object).where(found.notna(), None)


def lesion_numbers(facts: pd.DataFrame, lesions: pd.Index, column: str) -> pd.Series:
    """Mean of a column over the images of each lesion; NaN where none is known.

    Parameters
    ----------
    facts, lesions, column
        As for `lesion_words`.

    Returns
    -------
    Series of length n, indexed by lesion, float
        What is no number counts as unknown.
    """
    numbers = pd.to_numeric(facts[column], errors="coerce")
    return numbers.groupby(facts["lesion"]).mean().reindex(lesions).astype(float)


def _word(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def enough(n_positive: int, n: int) -> bool:
    """Whether there are `ENOUGH` lesions of the class, and of the others."""
    return min(n_positive, n - n_positive) >= ENOUGH


def count_of(labels: NDArray[np.object_], positive: str | None) -> float:
    """Lesions of the class of concern; NaN where there is no such class."""
    return np.nan if positive is None else int((labels == positive).sum())
