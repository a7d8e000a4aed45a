"""The full frame, untouched, as networks see it."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from features.preparation.framing import frame_image


@dataclass(frozen=True)
class FrameView:
    """The whole image in true proportions on a square canvas.

    Neither hair nor anything outside the lesion is removed: masking a network's input lowers
    its score.

    Parameters
    ----------
    size : int
        Side of the canvas, in pixels.
    fill : tuple of three int, default=(128, 128, 128)
        RGB of the strips beside the frame.
    """

    size: int
    fill: tuple[int, int, int] = (128, 128, 128)

    version = 1
    reads_masks = False

    @property
    def fingerprint(self) -> str:
        """Names this view in a feature store."""
        return f"frame:{self.version}:{self.size}:{self.fill}"

    def prepare(
        self, image: np.ndarray, mask: np.ndarray | None = None, mm_per_pixel: float = math.nan
    ) -> np.ndarray:
        """Frame one decoded image; neither mask nor calibration is looked at."""
        return frame_image(image, self.size, self.fill)

    def collate(self, rows: list[np.ndarray]) -> Tensor:
        """Stack frames to (n, 3, size, size) uint8."""
        return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()


class Frames:
    """The frames themselves, for networks that are trained on them.

    Asked of `extract` as a descriptor would be, so that each image is decoded once for all folds
    and clones that share a store.
    """

    version = 1

    def fingerprint(self) -> str:
        """Names the frames in a feature store, next to their view."""
        return f"{type(self).__name__}:{self.version}"

    def describe(self, frames: Tensor) -> Tensor:
        """Return the frames, (n, 3, size, size) uint8, as they are."""
        return frames
