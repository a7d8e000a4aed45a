"""Where pictures are drawn unless told otherwise."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def own_axes() -> "Axes":
    """Axes of a figure of their own, which no window manager knows."""
    # Loading matplotlib takes longer than most fits.
    from matplotlib.figure import Figure

    return Figure(layout="constrained").subplots()
