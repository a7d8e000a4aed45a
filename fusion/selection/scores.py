"""Scores of columns by which rivals of the Boltzmann gain select, most of them from libraries.

Each takes a table without missing values or constant columns, class codes, `random_state` and
`n_jobs`, and gives one number a column, the larger the better. `anova_f` gives p-values too.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_selection import f_classif, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import l1_min_c
from sklearn.utils import check_random_state

from fusion.boosting import BoostedTrees
from fusion.groups import RandomState
from fusion.selection.redundancy import MOST_COMPARED, mrmr_order

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

# In place of an infinite score: it can still be summed and rounded.
LARGEST_SCORE = 1e30


def anova_f(
    X: NDArray, y: Codes, *, random_state: RandomState, n_jobs: int | None
) -> tuple[Floats, Floats]:
    """F statistic of the class means, and its p-value (`sklearn.feature_selection.f_classif`)."""
    # Columns that are constant within every class divide by zero: their F is infinite.
    with np.errstate(divide="ignore"):
        scores, p_values = f_classif(X.astype(np.float64), y)
    return scores, p_values


def mutual_information(
    X: NDArray, y: Codes, *, random_state: RandomState, n_jobs: int | None, n_neighbors: int = 3
) -> Floats:
    """Mutual information by nearest neighbours (`mutual_info_classif`), in nats."""
    return mutual_info_classif(
        X,
        y,
        discrete_features=False,
        n_neighbors=n_neighbors,
        random_state=random_state,
        n_jobs=n_jobs,
    )


def relieff(
    X: NDArray,
    y: Codes,
    *,
    random_state: RandomState,
    n_jobs: int | None,
    n_neighbors: int = 10,
    n_rows: int = 500,
) -> Floats:
    """ReliefF (skrebate) on at most `n_rows` rows drawn alike in classes: its cost is quadratic."""
    try:
        from skrebate import ReliefF
    except ImportError as exc:
        raise ImportError("ReliefF needs skrebate: pip install 'dermfusion[selection]'.") from exc
    if len(X) > n_rows:
        X, _, y, _ = train_test_split(
            X, y, train_size=n_rows, stratify=_strata(y), random_state=random_state
        )
    # More neighbours than the smallest class has rows would not all be of that class.
    n_neighbors = max(1, min(n_neighbors, int(np.bincount(y)[np.unique(y)].min()) - 1))
    n_classes = len(np.unique(y))
    relief = ReliefF(
        n_neighbors=n_neighbors,
        label_type="binary" if n_classes == 2 else "multiclass",
        n_jobs=n_jobs or 1,
    )
    # Labels have to count from 0, and neighbours to be found in comparable columns.
    codes = np.unique(y, return_inverse=True)[1]
    return relief.fit(
        StandardScaler().fit_transform(X.astype(np.float64)), codes
    ).feature_importances_


def mrmr(X: NDArray, y: Codes, *, random_state: RandomState, n_jobs: int | None) -> Floats:
    """Greedy order by F over mean absolute correlation with the columns chosen before.

    The quotient of Zhao, Anand & Wang (2019) on the 500 columns of largest F; those beyond follow
    by F. The score is the share of columns that a column does not come after.
    """
    relevance, _ = anova_f(X, y, random_state=random_state, n_jobs=n_jobs)
    ranked = np.argsort(-relevance, kind="stable")
    best = ranked[:MOST_COMPARED]
    standard = StandardScaler().fit_transform(X[:, best].astype(np.float64)) / np.sqrt(len(X))
    finite = np.nan_to_num(relevance[best], posinf=LARGEST_SCORE)
    order = mrmr_order(
        finite, lambda column: np.abs(standard.T @ standard[:, column]), quotient=True
    )
    scores = np.empty(len(relevance))
    scores[np.concatenate([best[order], ranked[MOST_COMPARED:]])] = np.arange(len(ranked), 0, -1)
    return scores / len(ranked)


def l1(
    X: NDArray,
    y: Codes,
    *,
    random_state: RandomState,
    n_jobs: int | None,
    strength: float = 32.0,
) -> Floats:
    """Largest absolute weight over classes of one-vs-rest logistic regressions with L1 penalty.

    Columns are standardised. `strength` is the inverse penalty, in multiples of the one at which
    the first column gets a weight at all. Many columns have none, and tie at 0.
    """
    table = StandardScaler().fit_transform(X.astype(np.float64))
    inverse = strength * l1_min_c(table, y, loss="log")
    model = LogisticRegression(
        solver="liblinear", l1_ratio=1, C=inverse, random_state=random_state, max_iter=1000
    )
    fitted = OneVsRestClassifier(model, n_jobs=n_jobs).fit(table, y)
    return np.max([np.abs(member.coef_.ravel()) for member in fitted.estimators_], axis=0)


def xgboost_gain(
    X: NDArray,
    y: Codes,
    *,
    random_state: RandomState,
    n_jobs: int | None,
    importance: str = "total_gain",
    n_estimators: int = 50,
) -> Floats:
    """Gain of all splits on a column in `BoostedTrees`; "gain" is the mean of its splits."""
    model = BoostedTrees(n_estimators, random_state=random_state, n_jobs=n_jobs).fit(X, y)
    gains = model.model_.get_booster().get_score(importance_type=importance)
    return np.array([gains.get(f"f{column}", 0.0) for column in range(X.shape[1])])


def random_choice(X: NDArray, y: Codes, *, random_state: RandomState, n_jobs: int | None) -> Floats:
    """Numbers drawn at random: what a selection must beat at equal k."""
    return check_random_state(random_state).uniform(size=X.shape[1])


def variance(X: NDArray, y: Codes, *, random_state: RandomState, n_jobs: int | None) -> Floats:
    """Variance of a column, whatever the classes: what a variance threshold goes by.

    It depends on the unit of a column, so that the score belongs before any scaling.
    """
    return X.var(axis=0, dtype=np.float64)


def _strata(y: Codes) -> Codes | None:
    """Classes to draw alike, unless one has a single row, which cannot be parted."""
    return y if np.bincount(y)[np.unique(y)].min() > 1 else None


SCORES: dict[str, Callable[..., Any]] = {
    "anova_f": anova_f,
    "l1": l1,
    "mrmr": mrmr,
    "mutual_information": mutual_information,
    "random": random_choice,
    "relieff": relieff,
    "variance": variance,
    "xgboost_gain": xgboost_gain,
}
