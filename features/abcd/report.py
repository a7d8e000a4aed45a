"""The ABCD rule for one lesion, with the pictures that explain it."""

from dataclasses import dataclass, replace
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.abcd.asymmetry import asymmetry_samples, folds, unfolded
from features.abcd.block import ABCD, LETTERS
from features.abcd.border import SECTORS, BorderSteps, border_steps
from features.abcd.local_detail import LocalDetail
from features.abcd.pictures import (
    LEGENDS,
    draw_axes,
    draw_colors,
    draw_sectors,
    draw_structures,
)
from features.abcd.shape import LesionShape
from features.abcd.six_colors import PRESENT, assign_colors
from features.abcd.structures import STRUCTURES, find_structures
from features.abcd.total_dermoscopy_score import Category, dermoscopy_category
from features.preparation.lesion_view import Preparation, PreparedLesion

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ABCDReport:
    """What `abcd_report` found.

    Parameters
    ----------
    values : dict of dict
        Every measure of `features.ABCD`, by letter and name; millimetres are NaN where the
        image is not calibrated.
    scores : dict
        A (0 to 2), B (0 to 8), C (1 to 6) and D (1 to 5), the letters of the dermoscopic rule.
    tds_proxy : float
        The total dermoscopy score of these letters, 1 to 8.9.
    category : {"benign", "suspicious", "highly suspicious"} or None
        What the score means; None unless the caller states that the lesion is melanocytic.
    findings : dict
        One sentence a letter.
    pictures : dict of ndarray of shape (640, 640, 3), uint8
        RGB, "A" to "D": axes with the outline mirrored across them, sectors of the border,
        map of the colours, structures. See `features.abcd.pictures` for what is drawn.

    Notes
    -----
    For research. The scores are measured, not judged: their thresholds are not calibrated on
    readers and D rests on weak proxies.
    """

    values: dict[str, dict[str, float]]
    scores: dict[str, int]
    tds_proxy: float
    category: Category | None
    findings: dict[str, str]
    pictures: dict[str, np.ndarray]

    def table(self) -> pd.DataFrame:
        """Every measure, with the columns letter, measure and value."""
        rows = [
            (letter, name, value)
            for letter, measures in self.values.items()
            for name, value in measures.items()
        ]
        return pd.DataFrame(rows, columns=["letter", "measure", "value"])

    def figure(self) -> "Figure":
        """Draw the four pictures with what they say, as a matplotlib figure."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 10.5), layout="constrained")
        for axes, (letter, picture) in zip(
            figure.subplots(2, 2).flat, self.pictures.items(), strict=True
        ):
            axes.imshow(picture)
            axes.set_title(fill(self.findings[letter], 60), fontsize=9, loc="left")
            axes.text(0, 650, LEGENDS[letter], fontsize=7, va="top")
            axes.set_axis_off()
        category = f": {self.category}" if self.category else ""
        figure.suptitle(f"Total dermoscopy score (proxy) {self.tds_proxy:.1f}{category}")
        return figure


def abcd_report(
    image: np.ndarray,
    mask: np.ndarray,
    *,
    melanocytic: bool = False,
    mm_per_pixel: float | None = None,
    preparation: Preparation | None = None,
) -> ABCDReport:
    """Measure one lesion by the ABCD rule and show how.

    Parameters
    ----------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    mask : ndarray of shape (height, width), bool
        True on the lesion, at least one pixel.
    melanocytic : bool, default=False
        Whether the lesion is known to be melanocytic. Only then does the total dermoscopy
        score have a category.
    mm_per_pixel : float or None, default=None
        Millimetres of skin per pixel of `image`, where it is calibrated.
    preparation : Preparation or None, default=None
        How the image is prepared, always with the given mask; None is the default.

    Returns
    -------
    ABCDReport
        The numbers are those of `features.ABCD` for the same prepared lesion.

    Raises
    ------
    ValueError
        The image or its mask have another type or shape, or the calibration is not positive.

    Examples
    --------
    >>> from features import LesionStyle, abcd_report, draw_lesion
    >>> image, mask = draw_lesion(LesionStyle(border_blur=0.005), random_state=0)
    >>> report = abcd_report(image, mask, melanocytic=True)
    >>> report.scores["B"], report.category
    (8, 'benign')
    """
    _check(image, mask, mm_per_pixel)
    preparation = replace(preparation or Preparation(), mask="given")
    calibration = np.nan if mm_per_pixel is None else float(mm_per_pixel)
    lesion = preparation.prepare(image, mask, calibration)
    batch = preparation.collate([lesion])
    row = ABCD().describe(batch)[0].tolist()
    measured = iter(row)
    values = {letter: {name: next(measured) for name in names} for letter, names in LETTERS.items()}
    letters = zip("ABCD", ("asymmetry", "border", "color", "structure"), strict=True)
    scores = {letter: round(values[block]["score"]) for letter, block in letters}
    score = round(row[-1], 4)
    return ABCDReport(
        values,
        scores,
        score,
        dermoscopy_category(score) if melanocytic else None,
        *_explain(lesion, batch.lab[0].numpy(), values, scores),
    )


def _check(image: np.ndarray, mask: np.ndarray, mm_per_pixel: float | None) -> None:
    if getattr(image, "dtype", None) != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"`image` must be RGB of shape (height, width, 3) and type uint8, got {_named(image)}."
        )
    if getattr(mask, "dtype", None) != np.bool_ or mask.shape != image.shape[:2]:
        raise ValueError(
            f"`mask` must be bool of shape {image.shape[:2]}, the image's, got {_named(mask)}. "
            "A grey mask becomes one by `mask > 0`."
        )
    if not mask.any():
        raise ValueError("`mask` holds no lesion: none of its pixels is True.")
    if mm_per_pixel is not None and not 0 < mm_per_pixel < np.inf:
        raise ValueError(f"`mm_per_pixel` must be positive, got {mm_per_pixel!r}.")


def _named(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"shape {value.shape} and type {value.dtype}"
    return repr(type(value).__name__)


def _explain(
    lesion: PreparedLesion,
    lab: np.ndarray,
    values: dict[str, dict[str, float]],
    scores: dict[str, int],
) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Sentences and pictures of the four letters."""
    shape = LesionShape(lesion.mask)
    detail = LocalDetail(shape.mask, lab[0][shape.box])
    samples = asymmetry_samples(shape, lab[:, *shape.box], detail)
    axes = folds(shape.polar, unfolded(shape.polar), samples)
    steps = border_steps(shape, lab[0], lesion.valid)
    pixels = np.moveaxis(lesion.pixels[shape.box], -1, 0)
    assigned = assign_colors(pixels, steps.skin_lightness)
    found = find_structures(shape, detail)
    reasons = [" and ".join(fold.reasons) for fold in axes if fold.reasons]
    shares = [
        (share, name) for name, share in list(values["color"].items())[:6] if share >= PRESENT
    ]
    named = ", ".join(f"{n.replace('_', ' ')} {s:.1%}" for s, n in sorted(shares, reverse=True))
    present = [name for name in STRUCTURES if values["structure"][f"{name}_present"]]
    findings = {
        "A": f"A {scores['A']} of 2 axes asymmetric{': ' if reasons else ''}{'; '.join(reasons)}",
        "B": f"B {scores['B']} of {_seen(steps)} end abruptly",
        "C": f"C {scores['C']} of 6: {named or 'none near a reference'}",
        "D": f"D {scores['D']} of 5 (proxy): {', '.join(present) or 'none seen'}",
    }
    pictures = {
        "A": draw_axes(lesion.pixels, shape, axes),
        "B": draw_sectors(lesion.pixels, shape, steps),
        "C": draw_colors(lesion.pixels, shape, assigned),
        "D": draw_structures(lesion.pixels, shape, found),
    }
    return findings, pictures


def _seen(steps: BorderSteps) -> str:
    count = np.count_nonzero(~np.isnan(steps.abruptness))
    return f"{SECTORS} sectors" if count == SECTORS else f"the {count} sectors seen whole"
