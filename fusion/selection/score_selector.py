"""Selection by any score of columns, behind the same rules as the Boltzmann gain."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from fusion.groups import RandomState
from fusion.selection.base import RankingSelector, block_after_block
from fusion.selection.counts import CountRule
from fusion.selection.khan import khan2018
from fusion.selection.ranking import rank_columns
from fusion.selection.scores import LARGEST_SCORE
from fusion.selection.scores import SCORES as LIBRARY_SCORES

SCORES: dict[str, Callable[..., Any]] = {**LIBRARY_SCORES, "khan2018": khan2018}


class ScoreSelector(RankingSelector):
    """Keep the columns that are best by a score: the rivals of `BoltzmannSelector`.

    Parameters
    ----------
    score_func : str or callable, default="anova_f"
        - "anova_f": F statistic of the class means.
        - "mutual_information": by nearest neighbours; option `n_neighbors`.
        - "relieff": ReliefF, which needs skrebate; options `n_neighbors`, and `n_rows` that are
          drawn at most (500), since its cost is quadratic in rows.
        - "mrmr": greedy order by F over mean absolute correlation with the columns before.
        - "l1": largest weight in logistic regressions with L1 penalty; option `strength`.
        - "xgboost_gain": gain of the splits in boosted trees; options `importance` ("total_gain"
          or "gain") and `n_estimators`.
        - "random": drawn at random, whatever the column.
        - "variance": the larger, the better; ignores `y`, and belongs before any scaling.
        - "khan2018": mean rank by entropy, Bhattacharyya distance and variance, our reading of a
          published relative; before any scaling too.
        - a callable ``score(X, y, *, random_state, n_jobs, **options)``, with `y` as codes from 0,
          that gives one number a column, or such numbers and p-values.
    k : int, float, str or (str, float), default=0.1
        How many columns to keep, see `BoltzmannSelector`. "fdr" needs a score with p-values:
        "anova_f".
    per : {"table", "block"}, default="table"
        Whether `k` deals with all columns together or with each block by itself.
    options : mapping, default=None
        More arguments of the score.
    memory : str, joblib.Memory or None, default=None
        Where scores are kept, so that fits on the same rows that differ in `k` alone (the
        candidates of a search) compute them once.
    n_jobs : int, default=None
        Workers of the scores that can use several.
    random_state : int, RandomState instance or None, default=None
        Controls the scores that draw.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features_in_,)
        Score of each column; 0 for constant ones.
    eligible_ : ndarray of shape (n_features_in_,), bool
        False for constant columns, which come last.
    ranking_ : ndarray of shape (n_features_in_,), int
        Columns from best to worst; block after block if ``per="block"``. Equal scores: the larger
        variance first, then the lower index.
    p_values_ : ndarray of shape (n_features_in_,)
        NaN for constant columns. Only where the score has them.
    blocks_ : list of str
        Block of each column; "" for all if ``per="table"``.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all are strings.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["nevus", "melanoma"], 100)
    >>> X = rng.normal(size=(200, 50))
    >>> X[:, 7] += 2 * (y == "melanoma")
    >>> ScoreSelector("anova_f", k=1).fit(X, y).get_support(indices=True).tolist()
    [7]
    """

    def __init__(
        self,
        score_func: str | Callable[..., Any] = "anova_f",
        k: CountRule = 0.1,
        *,
        per: str = "table",
        options: Mapping[str, Any] | None = None,
        memory: Any = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ):
        self.score_func = score_func
        self.k = k
        self.per = per
        self.options = options
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_data(self, X: ArrayLike, y: ArrayLike | None) -> tuple[NDArray, NDArray[np.intp]]:
        if not (callable(self.score_func) or self.score_func in SCORES):
            raise ValueError(
                f"`score_func` must be one of {sorted(SCORES)} or a callable, "
                f"got {self.score_func!r}."
            )
        values, given = validate_data(
            self, X, y, dtype=[np.float64, np.float32], ensure_min_samples=2
        )
        check_classification_targets(given)
        labels, classes = np.unique(given, return_inverse=True)
        if len(labels) < 2:
            raise ValueError(
                f"Scores compare classes, and all rows are of class {labels.tolist()[0]!r}."
            )
        return values, classes

    def _learn(
        self, table: NDArray, classes: NDArray[np.intp] | None, blocks: list[str]
    ) -> dict[str, Any]:
        eligible = table.min(axis=0) < table.max(axis=0)
        result: Any = np.empty(0)
        if eligible.any():
            function = self.score_func if callable(self.score_func) else SCORES[self.score_func]
            result = function(
                table[:, eligible],
                classes,
                random_state=self.random_state,
                n_jobs=self.n_jobs,
                **(self.options or {}),
            )
        scores, p_values = result if isinstance(result, tuple) else (result, None)
        learnt = {"eligible_": eligible, "scores_": np.zeros(len(eligible))}
        learnt["scores_"][eligible] = np.nan_to_num(scores, posinf=LARGEST_SCORE)
        if p_values is not None:
            learnt["p_values_"] = np.full(len(eligible), np.nan)
            learnt["p_values_"][eligible] = p_values
        ranking = rank_columns(table, learnt["scores_"], eligible)
        return learnt | {"ranking_": np.concatenate(block_after_block(ranking, blocks))}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags
