"""Logarithms of probabilities, which must stay finite."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Probabilities below are as good as this one.
LEAST_PROBABILITY = 1e-6


def log_probabilities(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Natural logarithms, of any shape; what is below 1e-6 counts as that."""
    return np.log(np.clip(np.asarray(probabilities, dtype=np.float64), LEAST_PROBABILITY, 1.0))
