"""Seeds for several networks that are trained from one."""

from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone

Estimator = TypeVar("Estimator")


def clone_with_seed(estimator: Estimator, rng: np.random.RandomState) -> Estimator:
    """Clone an estimator and draw each of its seeds anew.

    Parameters
    ----------
    estimator : estimator object
        Not changed.
    rng : RandomState
        Where the seeds are drawn.

    Returns
    -------
    estimator object
        Unfitted. Each parameter called `random_state`, also of a nested estimator, is an int.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> clone_with_seed(LogisticRegression(), np.random.RandomState(0))
    LogisticRegression(random_state=209652396)
    """
    copy: Any = clone(estimator)
    names = [name for name in sorted(copy.get_params()) if name.split("__")[-1] == "random_state"]
    return copy.set_params(**{name: int(rng.randint(np.iinfo(np.int32).max)) for name in names})
