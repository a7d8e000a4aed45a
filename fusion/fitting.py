"""Fitting an estimator with one value a row (groups, weights), wherever it takes them."""

from typing import Any, TypeVar

from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_consistent_length, has_fit_parameter

Estimator = TypeVar("Estimator")


def fit_with_groups(
    estimator: Estimator,
    X: Any,
    y: ArrayLike,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> Estimator:
    """Fit an estimator, with groups wherever it takes them.

    Parameters
    ----------
    estimator : estimator object
        Fitted in place. A scikit-learn `Pipeline` passes groups on to those of its steps that
        take them, with metadata routing on and off.
    X : array-like or DataFrame of shape (n_samples, ...)
        Its input.
    y : array-like of shape (n_samples,)
        Class labels.
    groups : array-like of shape (n_samples,), default=None
        Group of each row; left out where the estimator does not take groups.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.

    Returns
    -------
    estimator object
        The same, fitted.

    Raises
    ------
    ValueError
        If there are weights and the estimator does not take them.
    """
    parameters = {}
    if groups is not None:
        check_consistent_length(y, groups)
        parameters = fit_parameters(estimator, "groups", groups)
    if sample_weight is not None:
        weights = fit_parameters(estimator, "sample_weight", sample_weight)
        if not weights:
            raise ValueError(f"{type(estimator).__name__} does not take `sample_weight` in fit.")
        parameters |= weights
    return estimator.fit(X, y, **parameters)  # type: ignore[attr-defined]


def fit_parameters(estimator: Any, name: str, value: Any) -> dict[str, Any]:
    """Keyword arguments by which an estimator's `fit` takes one value for each row.

    Parameters
    ----------
    estimator : estimator object
        Asked, not fitted.
    name : str
        "groups" or "sample_weight".
    value : array-like of shape (n_samples,)
        The values.

    Returns
    -------
    dict
        Empty where the estimator does not take it; names such as ``step__groups`` for a
        `Pipeline` without metadata routing.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> model = make_pipeline(StandardScaler(), LogisticRegression())
    >>> fit_parameters(model[-1:], "sample_weight", [1, 2])
    {'logisticregression__sample_weight': [1, 2]}
    >>> fit_parameters(model, "groups", [1, 2])
    {}
    """
    if get_config()["enable_metadata_routing"]:
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner="fit").add(estimator=estimator, method_mapping=mapping)
        return dict(router.route_params(caller="fit", params={name: value}).estimator.fit)
    if has_fit_parameter(estimator, name):
        return {name: value}
    if isinstance(estimator, Pipeline):
        return {
            f"{step}__{key}": passed
            for step, part in estimator.steps
            if part is not None and part != "passthrough"
            for key, passed in fit_parameters(part, name, value).items()
        }
    return {}
