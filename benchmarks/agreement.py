"""How far two computations of the same rows lie apart."""

import numpy as np

RELATIVE = 1e-4
# Between devices: where rounded colours are counted, rounding puts a pixel in a thousand on the
# other side.
COUNTED = dict.fromkeys(("color_moments", "glcm_a", "glcm_b"), 2e-3)


def relative_difference(got: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference of (n_rows, n_columns); infinite where NaN meet numbers.

    Relative to the value, or to what is usual in its column where the value is near 0.
    """
    if not np.array_equal(np.isnan(got), np.isnan(expected)):
        return float("inf")
    usual = np.nan_to_num(np.abs(expected)).mean(axis=0, keepdims=True)
    scale = np.maximum(np.abs(expected), np.maximum(usual, 1e-6))
    return float(np.nanmax(np.abs(got - expected) / scale))
