"""Temperature: one number that makes a network as sure of itself as it is right."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# A network that errs nowhere would ask for a temperature of 0, one that knows nothing for infinity.
_COLDEST, _HOTTEST = 1 / 20, 20.0


def fit_temperature(logits: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    """Find the divisor of the logits under which the labels are likeliest.

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        Of rows that the network was not trained on.
    codes : ndarray of shape (n,), int
        Their classes, as column numbers.

    Returns
    -------
    float
        In [0.05, 20]. Above 1 where the network is too sure of itself.

    References
    ----------
    Guo et al. (2017), Proc. ICML 34, 1321-1330.

    Examples
    --------
    >>> logits = np.array([[4.0, -4.0]] * 4)
    >>> round(fit_temperature(logits, np.array([0, 0, 0, 1])), 2)  # right in 3 of 4
    7.28
    """
    rows = np.arange(len(codes))

    def surprise(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[rows, codes].mean()

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    return float(np.exp(minimize_scalar(surprise, bounds=bounds, method="bounded").x))
