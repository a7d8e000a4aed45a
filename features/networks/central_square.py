"""The middle of the frame, at the highest magnification that a square allows."""

import math
from dataclasses import dataclass

import numpy as np

from features.networks.frame import FrameView
from features.preparation.framing import frame_image


@dataclass(frozen=True)
class CentralSquare(FrameView):
    """The largest square in the middle of the image, on a canvas of `size` pixels.

    What lies beside the square is lost, and no pixel of the canvas is spent on padding: of a
    frame of 4:3, everything is a third larger than in a `FrameView` of the same size.
    """

    version = 1

    @property
    def fingerprint(self) -> str:
        """Names this view in a feature store."""
        return f"square:{self.version}:{self.size}"

    def prepare(
        self, image: np.ndarray, mask: np.ndarray | None = None, mm_per_pixel: float = math.nan
    ) -> np.ndarray:
        """Cut and resize one decoded image; neither mask nor calibration is looked at."""
        height, width = image.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return frame_image(image[top : top + side, left : left + side], self.size, self.fill)
