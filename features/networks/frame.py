"""The full frame, untouched, as networks see it."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from features.preparation.framing import frame_image
from features.preparation.lesion_view import Preparation


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
        return _channels_first(rows)


@dataclass(frozen=True)
class LesionCropView:
    """The lesion's box with skin around it, its pixels as they were: an ablation of `FrameView`.

    Neither hair nor skin is removed. What lies beyond the image or its field of view is filled.

    Parameters
    ----------
    preparation : Preparation
        Says where the lesion mask comes from and how wide the margin is; its size is the network's.
    fill : tuple of three int, default=(128, 128, 128)
        RGB beyond the field of view.
    """

    preparation: Preparation
    fill: tuple[int, int, int] = (128, 128, 128)

    version = 1

    @property
    def fingerprint(self) -> str:
        """Names this view in a feature store."""
        return f"crop:{self.version}:{self.fill}:{self.preparation.fingerprint}"

    @property
    def reads_masks(self) -> bool:
        """Whether the manifest's masks are looked at."""
        return self.preparation.reads_masks

    def prepare(
        self, image: np.ndarray, mask: np.ndarray | None = None, mm_per_pixel: float = math.nan
    ) -> np.ndarray:
        """Cut the lesion out of one decoded image."""
        lesion = self.preparation.prepare(image, mask, mm_per_pixel)
        crop = lesion.original.copy()
        crop[~lesion.valid] = self.fill
        return crop

    def collate(self, rows: list[np.ndarray]) -> Tensor:
        """Stack crops to (n, 3, size, size) uint8."""
        return _channels_first(rows)


def lesion_crop(
    preparation: Preparation, size: int, fill: tuple[int, int, int] = (128, 128, 128)
) -> LesionCropView:
    """Crop as a preparation finds the lesion, without its painting and relighting."""
    try:
        bare = replace(preparation, size=size, hair=None, artefacts=(), constancy=False)
    except ValueError as exc:
        raise ValueError(
            f"A lesion's box cannot be cut for a network of {size} pixels ({exc}) Set `image_size` "
            "to a side that network and box can have, or crop='frame'."
        ) from exc
    return LesionCropView(bare, fill)


@dataclass(frozen=True)
class ViewsSideBySide:
    """Several views of one image, for networks that differ in size or fill.

    Parameters
    ----------
    views : tuple of View
        In the order of the networks; equal ones are prepared once.
    """

    views: tuple[FrameView | LesionCropView, ...]

    @property
    def fingerprint(self) -> str:
        """Names these views in a feature store."""
        return "+".join(view.fingerprint for view in self.views)

    @property
    def reads_masks(self) -> bool:
        """Whether any view looks at the manifest's masks."""
        return any(view.reads_masks for view in self.views)

    def prepare(
        self, image: np.ndarray, mask: np.ndarray | None = None, mm_per_pixel: float = math.nan
    ) -> list[np.ndarray]:
        """Prepare every view of one decoded image."""
        distinct = {view: view.prepare(image, mask, mm_per_pixel) for view in set(self.views)}
        return [distinct[view] for view in self.views]

    def collate(self, rows: list[list[np.ndarray]]) -> list[Tensor]:
        """Stack each view to (n, 3, size, size) uint8."""
        return [_channels_first(list(row)) for row in zip(*rows, strict=True)]


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


def _channels_first(rows: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()
