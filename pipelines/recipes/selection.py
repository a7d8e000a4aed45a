"""The step of a model that selects columns, by the name of its score and its rule for how many."""

from typing import Any

from sklearn.base import clone
from sklearn.utils import get_tags

from fusion.selection import OneStandardError, make_selector
from fusion.selection.counts import CountRule, check_count_rule
from pipelines.recipes.select_beside import SelectBeside

ONE_STANDARD_ERROR = "one_se"
# Rules for how many columns are kept, beside numbers and shares.
COUNT_RULES = ("mean", "median", "cumulative", "knee", "fdr", ONE_STANDARD_ERROR)

# Folds within training rows: each fits the classifier once for each candidate.
_N_SPLITS = 3


def make_selection(
    name: str,
    k: CountRule,
    *,
    classifier: Any,
    beside: tuple[str, ...] = (),
    n_jobs: int | None = None,
    random_state: int | None = None,
) -> Any:
    """Build the selector of a model.

    Parameters
    ----------
    name : str
        Of `fusion.selection.SELECTORS`.
    k : int, float, str or (str, float)
        How many columns to keep, as `BoltzmannSelector` takes it, or "one_se".
    classifier : classifier of tables
        What "one_se" tries numbers of columns on; cloned.
    beside : tuple of str
        Blocks that stay in any case.
    n_jobs : int, optional
        Workers of the scores that can use several.
    random_state : int, optional
        Seed of the scores that draw, and of inner folds.

    Returns
    -------
    selector
        Takes missing values, whatever the score.

    Raises
    ------
    ValueError
        If there is no such name or rule.
    """
    selector: Any
    if isinstance(k, str) and k == ONE_STANDARD_ERROR:
        selector = OneStandardError(
            make_selector(name, n_jobs=n_jobs, random_state=random_state),
            clone(classifier),
            n_splits=_N_SPLITS,
            random_state=random_state,
        )
    else:
        _check_rule(k)
        selector = make_selector(name, k, n_jobs=n_jobs, random_state=random_state)
    if beside or not get_tags(selector).input_tags.allow_nan:
        return SelectBeside(selector, beside)
    return selector


def _check_rule(k: Any) -> None:
    try:
        check_count_rule(k)
    except ValueError as error:
        raise ValueError(
            f"`k` must be a number of columns (an int >= 1), a share of them (a float in (0, 1]), "
            f"one of {', '.join(COUNT_RULES)}, or ('cumulative', share) or ('fdr', q), got {k!r}."
        ) from error
