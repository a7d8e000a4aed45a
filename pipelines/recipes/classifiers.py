"""Classifiers of fused columns by name."""

from collections.abc import Callable
from typing import Any

from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from features import pick_device
from fusion import BlockSelector, BoostedTrees, GroupedCalibration

# Many gentle rounds, each on a fifth of the columns, beat fewer strong ones on HAM10000; 64 bins
# cost nothing there and a half of the time of 256.
BOOSTING: dict[str, Any] = {
    "n_estimators": 600,
    "learning_rate": 0.05,
    "max_depth": 4,
    "subsample": 0.8,
    "colsample_bytree": 0.2,
    "params": {"max_bin": 64},
}


def make_classifier(
    name: str = "boosting",
    *,
    device: str = "cpu",
    n_jobs: int | None = None,
    random_state: int | None = None,
) -> Any:
    """Build a classifier of scaled columns.

    Parameters
    ----------
    name : {"boosting", "forest", "knn", "logistic", "svm"}, default="boosting"
        - "boosting": `BoostedTrees` (XGBoost), to be tuned by `fusion.boosting_distributions`.
        - "forest": a random forest of 500 trees.
        - "knn": the 25 nearest neighbours, by their distance.
        - "logistic": multinomial logistic regression.
        - "svm": support vector machines with radial kernel, one for each class against the rest,
          calibrated on folds that keep groups together.
    device : str, default="cpu"
        Where boosting runs, as `features.pick_device` takes it; the others know the CPU only.
    n_jobs : int, optional
        Threads, of those that take them.
    random_state : int, optional
        Seed, of those that draw.

    Returns
    -------
    classifier
        Trees as they are: they do not ask for scale, and take NaN. The others go by distances, and
        need a `BlockScaler` somewhere before them: they are a `Pipeline` of ``impute``, by which
        NaN becomes 0, the mean of a scaled column, and ``classify``.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> make_classifier("knn")["classify"]
    KNeighborsClassifier(n_neighbors=25, weights='distance')
    """
    if name not in CLASSIFIERS:
        raise ValueError(f"Unknown classifier {name!r}; expected one of {', '.join(CLASSIFIERS)}.")
    return CLASSIFIERS[name](device, n_jobs, random_state)


def network_alone() -> Pipeline:
    """Model of the network's logits alone: what fusion starts from, and must not fall below."""
    return Pipeline(
        [("blocks", BlockSelector(["cnn"])), ("classify", LogisticRegression(max_iter=1000))]
    )


def _boosting(device: str, n_jobs: int | None, random_state: int | None) -> BoostedTrees:
    chosen = pick_device(device)
    # XGBoost knows CPUs and CUDA only.
    where = str(chosen) if chosen.type == "cuda" else "cpu"
    return BoostedTrees(**BOOSTING, device=where, n_jobs=n_jobs, random_state=random_state)


def _forest(device: str, n_jobs: int | None, random_state: int | None) -> RandomForestClassifier:
    return RandomForestClassifier(500, min_samples_leaf=2, n_jobs=n_jobs, random_state=random_state)


def _knn(device: str, n_jobs: int | None, random_state: int | None) -> Pipeline:
    return _imputed(KNeighborsClassifier(25, weights="distance", n_jobs=n_jobs))


def _logistic(device: str, n_jobs: int | None, random_state: int | None) -> Pipeline:
    return _imputed(LogisticRegression(max_iter=2000))


def _svm(device: str, n_jobs: int | None, random_state: int | None) -> Pipeline:
    # Votes of pairs of classes, which `SVC` makes scores of, rank rare classes badly: macro AUC
    # 0.84 in place of 0.94 on 2,500 images of HAM10000.
    machines = OneVsRestClassifier(SVC(), n_jobs=n_jobs)
    return _imputed(GroupedCalibration(machines, n_splits=3, random_state=random_state))


def _imputed(classifier: Any) -> Pipeline:
    impute = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    return Pipeline([("impute", impute), ("classify", classifier)])


CLASSIFIERS: dict[str, Callable[[str, int | None, int | None], Any]] = {
    "boosting": _boosting,
    "forest": _forest,
    "knn": _knn,
    "logistic": _logistic,
    "svm": _svm,
}
