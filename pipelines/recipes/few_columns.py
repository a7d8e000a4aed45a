"""A model of few columns, for what serves beside others as a control."""

from typing import Any

from fusion import BoostedTrees, DecisionRule
from pipelines.pipeline import LesionPipeline


def make_few_columns_model(
    features: Any, *, decision: str = "argmax", random_state: int | None = None
) -> LesionPipeline:
    """Boost small trees over all columns of a step.

    Parameters
    ----------
    features : transformer of images or manifests
        The first step; a handful of columns.
    decision : {"argmax", "prior_corrected"}, default="argmax"
        How probabilities become a label.
    random_state : int, optional
        Seed of the boosting.

    Returns
    -------
    LesionPipeline
        Steps ``features`` and ``classify``.
    """
    trees = BoostedTrees(100, max_depth=3, colsample_bytree=1.0, random_state=random_state)
    steps = [("features", features), ("classify", DecisionRule(trees, rule=decision))]
    return LesionPipeline(steps).set_output(transform="pandas")
