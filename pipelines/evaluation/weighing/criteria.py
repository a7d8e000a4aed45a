"""What models are weighed by, and the table of models and criteria."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np
import pandas as pd

FAMILIES = ("reliability", "time", "error")

# Differences of scores below this are not worth having.
_SCORE_MARGIN = 0.01
# Nor are costs that differ by less than this factor.
_COST_MARGIN = log(1.25)
# Logarithms need a floor; nothing that is measured here is smaller.
_SMALLEST = 1e-3


@dataclass(frozen=True)
class Criterion:
    """One thing that models are weighed by.

    Parameters
    ----------
    name : str
        Its column in a decision matrix.
    family : {"reliability", "time", "error"}
        What a scenario gives a weight to; criteria of a family share it equally.
    label : str
        For people, with the unit.
    more_is_better : bool
        Its direction.
    margin : float, default=0.01
        Smallest difference that counts, above 0; of natural logarithms where `logarithmic`.
    logarithmic : bool, default=False
        Whether ratios count instead of differences, as with times.
    """

    name: str
    family: str
    label: str
    more_is_better: bool
    margin: float = _SCORE_MARGIN
    logarithmic: bool = False

    def orient(self, values: np.ndarray) -> np.ndarray:
        """Put values on the scale of `margin`, where more is better.

        Parameters
        ----------
        values : ndarray of any shape
            In the criterion's unit. Costs below 0.001 count as 0.001.

        Returns
        -------
        ndarray of the same shape, float64
        """
        scale = np.asarray(values, dtype=float)
        if self.logarithmic:
            scale = np.log(np.maximum(scale, _SMALLEST))
        return scale if self.more_is_better else -scale


def _cost(name: str, label: str) -> Criterion:
    return Criterion(name, "time", label, False, _COST_MARGIN, logarithmic=True)


CRITERIA = (
    Criterion("macro_auc", "reliability", "macro AUC", True),
    Criterion("balanced_accuracy_prior", "reliability", "balanced accuracy, prior-corrected", True),
    Criterion("positive_auc", "reliability", "AUC of the class of concern", True),
    Criterion("worst_group_auc", "reliability", "lowest AUC of a group of patients", True),
    _cost("train_seconds", "seconds of training, from image files"),
    _cost("ms_per_image", "ms for an image, from file to probabilities"),
    _cost("size_mb", "MB on disk"),
    Criterion("brier", "error", "Brier score", False),
    Criterion("ece", "error", "expected calibration error", False),
    Criterion("gap", "error", "macro AUC of training minus test lesions", False),
)


class DecisionMatrix(NamedTuple):
    """Models and the criteria that all of them have values for.

    Attributes
    ----------
    values : DataFrame of shape (n_models, n_criteria)
        Indexed by model, a column a criterion, in its own unit.
    criteria : tuple of Criterion
        Of the columns.
    left_out : dict of str to str
        Criteria that are no columns, by name, and why.
    """

    values: pd.DataFrame
    criteria: tuple[Criterion, ...]
    left_out: Mapping[str, str]

    @property
    def margins(self) -> np.ndarray:
        """Smallest differences that count, (n_criteria,), on the scales of `oriented`."""
        return np.array([criterion.margin for criterion in self.criteria])

    def oriented(self, draws: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """Values where more is better, and those of draws.

        Parameters
        ----------
        draws : mapping of str to ndarray of shape (n_models, n_draws), optional
            Bootstrap draws of some criteria, by name; the others stay what they are.

        Returns
        -------
        ndarray of shape (n_models, n_criteria), or (n_draws, n_models, n_criteria) of draws

        Raises
        ------
        ValueError
            If draws are not one row a model and equally many.
        """
        if not draws:
            columns = [c.orient(self.values[c.name].to_numpy()) for c in self.criteria]
            return np.stack(columns, axis=-1) if columns else np.empty((len(self.values), 0))
        n_draws = self._count(draws)
        columns = []
        for criterion in self.criteria:
            plain = self.values[criterion.name].to_numpy()[:, None]
            drawn = np.asarray(draws.get(criterion.name, plain), dtype=float)
            columns.append(np.broadcast_to(criterion.orient(drawn), (len(plain), n_draws)))
        if not columns:
            return np.empty((n_draws, len(self.values), 0))
        return np.stack(columns, axis=-1).swapaxes(0, 1)

    def _count(self, draws: Mapping[str, np.ndarray]) -> int:
        shapes = {name: np.shape(drawn) for name, drawn in draws.items()}
        n_draws = next(iter(shapes.values()))[-1]
        wrong = {name: s for name, s in shapes.items() if s != (len(self.values), n_draws)}
        if wrong:
            name, shape = next(iter(wrong.items()))
            raise ValueError(
                f"Draws of {name!r} have shape {shape}; expected a row for each of "
                f"{len(self.values)} models, in the order of the metrics, and {n_draws} draws."
            )
        return n_draws
