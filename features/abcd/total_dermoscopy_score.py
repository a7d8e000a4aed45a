"""The total dermoscopy score of the ABCD rule."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

_RANGES = {"a": (0, 2), "b": (0, 8), "c": (1, 6), "d": (1, 5)}

_WEIGHTS = (1.3, 0.1, 0.5, 0.5)

Category = Literal["benign", "suspicious", "highly suspicious"]


def total_dermoscopy_score(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike
) -> float | np.ndarray:
    """Weigh the four letters of the dermoscopic ABCD rule.

    Parameters
    ----------
    a : float or array-like
        Asymmetry, 0 to 2: axes across which the lesion is asymmetric.
    b : float or array-like
        Border, 0 to 8: segments with an abrupt cut-off of pigment.
    c : float or array-like
        Colours, 1 to 6.
    d : float or array-like
        Dermoscopic structures, 1 to 5.

    Returns
    -------
    float or ndarray
        ``1.3 a + 0.1 b + 0.5 c + 0.5 d``, from 1.0 to 8.9, in the letters' shape.

    Raises
    ------
    ValueError
        A letter is out of its range.

    Notes
    -----
    The score is defined for melanocytic lesions only.

    References
    ----------
    Stolz et al. (1994), European Journal of Dermatology 4, 521-527.
    Nachbar et al. (1994), Journal of the American Academy of Dermatology 30(4), 551-559.

    Examples
    --------
    >>> round(total_dermoscopy_score(2, 8, 6, 5), 1)
    8.9
    """
    letters = [np.asarray(letter, dtype=np.float64) for letter in (a, b, c, d)]
    for (name, (low, high)), values in zip(_RANGES.items(), letters, strict=True):
        outside = ~((values >= low) & (values <= high))
        if outside.any():
            raise ValueError(f"`{name}` must lie in [{low}, {high}], got {values[outside][0]:g}.")
    score = sum(weight * letter for weight, letter in zip(_WEIGHTS, letters, strict=True))
    return score if np.ndim(score) else float(score)


def dermoscopy_category(score: float) -> Category:
    """Name what a total dermoscopy score means.

    Parameters
    ----------
    score : float
        From `total_dermoscopy_score`.

    Returns
    -------
    {"benign", "suspicious", "highly suspicious"}
        Below 4.75; from 4.75 to 5.45, both included; above 5.45.

    Raises
    ------
    ValueError
        The score is not in [1, 8.9].

    Notes
    -----
    Defined for melanocytic lesions only. Publications differ on which side 4.75 lies.

    Examples
    --------
    >>> dermoscopy_category(4.75)
    'suspicious'
    """
    # Weights such as 0.1 are not exact in binary: 4.75 must not fall short of itself.
    hundredths = round(score * 100, 6)
    if not 100 <= hundredths <= 890:
        raise ValueError(f"`score` must lie in [1, 8.9], got {score!r}.")
    if hundredths < 475:
        return "benign"
    return "suspicious" if hundredths <= 545 else "highly suspicious"
