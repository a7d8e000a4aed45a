"""The picture of an explanation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Orange and blue stay apart for those who confuse red and green.
FOR, AGAINST, QUIET = "#e15700", "#3a6fb0", "#8a8a8a"
_STRONGEST = 0.65  # opacity of the map where it is largest


def draw_explanation(
    data: dict[str, Any], picture: NDArray[np.uint8], class_map: NDArray[np.float32] | None
) -> "Figure":
    """Draw the image with its map, the probabilities, and what blocks and columns contribute.

    Parameters
    ----------
    data : dict
        Of an `Explanation`.
    picture : ndarray of shape (height, width, 3), uint8
        RGB.
    class_map : ndarray of shape (height, width), float32, or None
        Where the picture speaks for the class.

    Returns
    -------
    Figure
        Of two rows where there are contributions, else of one.
    """
    from matplotlib.figure import Figure

    rows = 2 if "blocks" in data else 1
    figure = Figure(figsize=(10, 4.2 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False)
    explained = data["explained"]
    axes[0, 0].imshow(overlay(picture, class_map))
    axes[0, 0].set_axis_off()
    title = data["image"]
    if class_map is not None:
        title = f"{data['map']['method']}: orange speaks for {explained}"
        if class_map.min() < 0:
            title += ", blue against it"
    axes[0, 0].set_title(title, fontsize=9, loc="left")
    _bars(
        axes[0, 1],
        list(data["probabilities"]),
        list(data["probabilities"].values()),
        [FOR if name == explained else QUIET for name in data["probabilities"]],
        f"Probability; the model says {data['predicted']}",
    )
    if rows == 2:
        member = f" within {data['contributions_of']}" if "contributions_of" in data else ""
        for place, what in enumerate(("block", "column")):
            entries = data[f"{what}s"]
            names = [str(entry[what] or "no block") for entry in entries]
            values = [entry["contribution"] for entry in entries]
            colors = [FOR if value > 0 else AGAINST for value in values]
            title = f"What {what}s add to the log-probability of {explained}{member}"
            _bars(axes[1, place], names, values, colors, title)
    figure.supxlabel(data["notice"], fontsize=7, color=QUIET)
    return figure


def overlay(picture: NDArray[np.uint8], class_map: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """Tint a picture orange where it speaks for a class, and blue where against it.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
        RGB.
    class_map : ndarray of shape (height, width), float32, or None
        None, or all 0, leaves the picture as it is.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
    """
    if class_map is None or not np.any(class_map):
        return picture
    strength = _STRONGEST * np.abs(class_map) / np.abs(class_map).max()
    tints = np.array([_rgb(AGAINST), _rgb(FOR)])[(class_map > 0).astype(int)]
    mixed = picture + strength[..., None] * (tints - picture.astype(np.float64))
    return np.rint(mixed).astype(np.uint8)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def _bars(
    axes: "Axes", names: Sequence[str], values: Sequence[float], colors: Sequence[str], title: str
) -> None:
    places = np.arange(len(names))[::-1]
    axes.barh(places, values, color=colors)
    axes.set_yticks(places, names, fontsize=8)
    axes.axvline(0, color=QUIET, linewidth=0.8)
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=6)
    axes.spines[["top", "right"]].set_visible(False)
