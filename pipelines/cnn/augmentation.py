"""Random changes of the frames that a network is trained on, and the fixed ones of all frames."""

import math
from dataclasses import dataclass, fields
from numbers import Real

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# First: it lets torchvision load beside a CPU build of torch.
import features.networks._torchvision  # noqa: F401

# isort: split
from torchvision.transforms.v2 import functional as vision

from pipelines.cnn.cutmix import draw_patch, paste_patches

# Grey levels that standardisation brings each channel to: the middle, and a spread of which four
# to either side fit in [0, 255], for a small dark lesion lies that far from its skin.
STANDARD_MEAN = 127.5
STANDARD_SPREAD = 31.875
# A frame of one colour has no spread to be divided by.
_LEAST_SPREAD = 1.0

# Sampling thins out the pixels of frames larger than this times the size wanted: those are shrunk
# to it beforehand, averaging.
_MOST_PIXELS = 1.25

_LUMA = (0.299, 0.587, 0.114)
_LIMITS = {"rotation": 180, "crop": 0.9, "shift": 1, "jitter": 1, "cast": 1, "noise": 255}
# Draws of a row, always all of them: to switch one part off leaves the others as they were.
_N_DRAWS = 14
# What a row's chance is for; numpy's seeds take trailing zeros for nothing, so neither is 0.
_CHANGE, _PASTE = 1, 2


@dataclass(frozen=True)
class Augmentation:
    """How training frames are changed; 0 or False turns a part off.

    What is drawn for a row depends on the seed, the epoch and the row number alone, so the same
    row gives the same picture in whatever batch and order it comes; a row that comes up again in
    the epoch, as balanced sampling has it, is drawn anew each time. Only `paste` looks beyond the
    row: its rectangle is cut from another frame of the batch, so that the picture, though not the
    rectangle's place, depends on the batch too.

    Parameters
    ----------
    flip : bool, default=True
        Mirror left to right and top to bottom, each with chance 1/2.
    rotation : float, default=180
        Turn by up to so many degrees either way, in [0, 180]; a lesion has no upper side.
    crop : float, default=0.25
        Cut out a random square of at least 1 - crop of the side and enlarge it, in [0, 0.9].
    shift : float, default=0.08
        Shift along each axis by up to this share of the side, in [0, 1].
    jitter : float, default=0.2
        Multiply brightness, contrast and saturation by factors in [1 - jitter, 1 + jitter], in
        [0, 1].
    cast : float, default=0.06
        Multiply each channel by a factor in [1 - cast, 1 + cast], in [0, 1]: another lamp,
        another camera.
    noise : float, default=0
        Standard deviation of Gaussian noise, in grey levels, in [0, 255].
    standardize : bool, default=False
        Bring each channel of each frame to mean 127.5 and standard deviation 31.875, before
        what is random, and at prediction too; strips beside the image count as its pixels.
    paste : float, default=0
        Chance that a rectangle of another frame of the batch is pasted in, in [0, 1] (CutMix).
        Whose it is depends on the batch.

    Raises
    ------
    ValueError
        If a value is out of its range.

    Notes
    -----
    Mirrors, rotation, crop and shift are one resampling, and the colours one matrix a frame, for
    neither blur nor clipping adds up. The functions of torchvision's `transforms.v2` take one
    angle or factor for the whole batch; ranges and formulas are theirs.

    Examples
    --------
    >>> frames = torch.full((2, 3, 8, 8), 100, dtype=torch.uint8)
    >>> rows = torch.tensor([0, 1])
    >>> Augmentation()(frames, rows=rows, epoch=1, seed=0, size=4).shape
    torch.Size([2, 3, 4, 4])
    """

    flip: bool = True
    rotation: float = 180.0
    crop: float = 0.25
    shift: float = 0.08
    jitter: float = 0.2
    cast: float = 0.06
    noise: float = 0.0
    standardize: bool = False
    paste: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("flip", "standardize"):
                if value not in (True, False):
                    raise ValueError(f"`{field.name}` must be True or False, got {value!r}.")
                continue
            most = _LIMITS.get(field.name, 1)
            # True is a number to Python, but no angle or share that anyone means.
            if value is True or not (isinstance(value, Real) and 0 <= float(value) <= most):
                raise ValueError(
                    f"`{field.name}` must be a number in [0, {most}], 0 to turn it off; "
                    f"got {value!r}."
                )

    def __call__(
        self,
        frames: Tensor,
        *,
        rows: Tensor,
        epoch: int,
        seed: int,
        size: int | None = None,
        repeats: Tensor | None = None,
    ) -> Tensor:
        """Change training frames.

        Parameters
        ----------
        frames : Tensor of shape (n, 3, side, side), uint8
            RGB, on any device.
        rows : Tensor of shape (n,), int64
            Numbers of the training rows.
        epoch, seed : int
            Not negative; with the row number, all that chance depends on.
        size : int, optional
            Side that is wanted, in pixels; that of the frames by default.
        repeats : Tensor of shape (n,), int64, optional
            How often each row has come up before in the epoch; 0 by default.

        Returns
        -------
        Tensor of shape (n, 3, size, size), float32
            In [0, 255], on the frames' device.
        """
        _check_square(frames)
        size = size or frames.shape[-1]
        rngs = _generators(rows, frames, (seed, epoch), _CHANGE, repeats)
        draws = torch.from_numpy(np.stack([rng.random(_N_DRAWS) for rng in rngs])).float()
        draws = (2 * draws - 1).to(frames.device)
        if self.standardize:
            frames = standardize(frames)
        moved = self._move(frames, draws[:, :8], size)
        if self.jitter or self.cast:
            moved = self._recolour(moved, draws[:, 8:])
        if self.noise:
            noise = torch.stack([_normal(rng, (3, size, size)) for rng in rngs])
            moved = moved.add(noise.to(moved.device), alpha=float(self.noise))
        return moved.clamp(0, 255)

    def mix(
        self,
        frames: Tensor,
        targets: Tensor,
        *,
        rows: Tensor,
        epoch: int,
        seed: int,
        repeats: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Paste rectangles of other frames of the batch, and mix the targets by their shares.

        Parameters
        ----------
        frames : Tensor of shape (n, 3, size, size), float32
            RGB, changed already; not written to.
        targets : Tensor of shape (n, k), float32
            Of each class its share, in [0, 1]; not written to.
        rows : Tensor of shape (n,), int64
            Numbers of the training rows. Whether and where something is pasted depends on them,
            the epoch and the seed alone; what is pasted, on the batch too.
        epoch, seed, repeats
            As in `__call__`.

        Returns
        -------
        frames, targets : Tensor of the same shapes
            Those that came in, if nothing is ever pasted.
        """
        if not self.paste:
            return frames, targets
        n, size = len(frames), frames.shape[-1]
        rngs = _generators(rows, frames, (seed, epoch), _PASTE, repeats)
        patches = [draw_patch(i, n, size, self.paste, rng) for i, rng in enumerate(rngs)]
        return paste_patches(frames, targets, patches)

    def prepare(self, frames: Tensor, size: int | None = None) -> Tensor:
        """Do what is done to all frames, at prediction too: no chance in it.

        Parameters
        ----------
        frames : Tensor of shape (n, 3, side, side), uint8
            RGB, on any device.
        size : int, optional
            Side that is wanted, in pixels; that of the frames by default.

        Returns
        -------
        Tensor of shape (n, 3, size, size), float32
            In [0, 255], on the frames' device.
        """
        _check_square(frames)
        ready = standardize(frames) if self.standardize else frames
        return _resize(ready, size or frames.shape[-1]).float()

    def _move(self, frames: Tensor, draws: Tensor, size: int) -> Tensor:
        if not (self.flip or self.rotation or self.crop or self.shift):
            return _resize(frames, size).float()
        matrices = self._matrices(draws)
        frames = _resize(frames, min(frames.shape[-1], math.ceil(_MOST_PIXELS * size)))
        # Skin goes on beyond the frame: its mirror image looks more like it than a plain colour.
        return functional.grid_sample(
            frames.float(), _grid(matrices, size), padding_mode="reflection", align_corners=False
        )

    def _matrices(self, draws: Tensor) -> Tensor:
        """From places in the new frame to places in the old one, both in [-1, 1]."""
        mirrors = draws[:, :2].sign() if self.flip else torch.ones_like(draws[:, :2])
        angle = draws[:, 2] * math.radians(self.rotation)
        side = 1 - self.crop * (draws[:, 3] + 1) / 2
        middle = draws[:, 4:6] * (1 - side)[:, None] + draws[:, 6:8] * 2 * self.shift
        cosine, sine = side * angle.cos(), side * angle.sin()
        turns = torch.stack([cosine, -sine, sine, cosine], dim=1).view(-1, 2, 2)
        return torch.cat([turns * mirrors[:, None], middle[:, :, None]], dim=2)

    def _recolour(self, frames: Tensor, draws: Tensor) -> Tensor:
        brightness, contrast, saturation = (1 + self.jitter * draws[:, :3]).unbind(1)
        gains = brightness[:, None] * (1 + self.cast * draws[:, 3:])
        luma = torch.tensor(_LUMA, device=frames.device)
        middle = (frames.mean(dim=(2, 3)) * gains) @ luma
        own, gray = saturation[:, None, None], (1 - saturation)[:, None, None]
        matrices = (own * torch.eye(3, device=frames.device) + gray * luma) * gains[:, None]
        offsets = (1 - contrast) * middle
        changed = torch.baddbmm(
            offsets[:, None, None], contrast[:, None, None] * matrices, frames.flatten(2)
        )
        return changed.view_as(frames)


NO_AUGMENTATION = Augmentation(
    flip=False, rotation=0, crop=0, shift=0, jitter=0, cast=0, noise=0, standardize=False, paste=0
)


def standardize(frames: Tensor) -> Tensor:
    """Bring each channel of each frame to the standard mean and spread.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size)
        RGB.

    Returns
    -------
    Tensor of the same shape, float32
        In [0, 255], with mean 127.5 and standard deviation 31.875 but for what is clipped.
    """
    pixels = frames.flatten(2).float()
    mean = pixels.mean(dim=2, keepdim=True)
    # Seven times as fast as torch.std on the CPU.
    spread = torch.linalg.vector_norm(pixels - mean, dim=2, keepdim=True) / pixels.shape[2] ** 0.5
    scale = STANDARD_SPREAD / spread.clamp(min=_LEAST_SPREAD)
    ready = torch.addcmul(STANDARD_MEAN - mean * scale, pixels, scale)
    return ready.clamp_(0, 255).view(frames.shape)


def _grid(matrices: Tensor, size: int) -> Tensor:
    """Where each new pixel lies in the old frames, (n, size, size, 2).

    As `affine_grid`, which multiplies every pixel's place by the matrix, in a sixth of the time:
    columns and rows are multiplied apart.
    """
    places = (torch.arange(size, device=matrices.device) * 2 + 1) / size - 1
    along = matrices[:, None, :, 0] * places[:, None]
    down = matrices[:, None, :, 1] * places[:, None] + matrices[:, None, :, 2]
    return along[:, None] + down[:, :, None]


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    # torch draws many in a third of the time that numpy takes.
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    return torch.randn(shape, generator=generator)


def _check_square(frames: Tensor) -> None:
    shape = tuple(frames.shape)
    if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3]:
        raise ValueError(
            f"`frames` must be square RGB of shape (n, 3, side, side), got {shape}: resize them "
            "to a square first."
        )


def _resize(frames: Tensor, size: int) -> Tensor:
    return frames if frames.shape[-1] == size else vision.resize(frames, [size, size])


def _generators(
    rows: Tensor, frames: Tensor, seeds: tuple[int, int], purpose: int, repeats: Tensor | None
) -> list[np.random.Generator]:
    """One generator a row: numpy's seed sequence hashes the numbers, so none is near another."""
    if len(rows) != len(frames):
        raise ValueError(
            f"`rows` must number the frames, one each: got {len(rows)} rows, {len(frames)} frames."
        )
    if min(seeds) < 0:
        raise ValueError("`seed` and `epoch` must not be negative, got {} and {}.".format(*seeds))
    again = [0] * len(rows) if repeats is None else repeats.tolist()
    return [
        # A fifth number changes the draw even if it is 0, and a first time has no need of one.
        np.random.default_rng((*seeds, row, purpose, *([repeat] if repeat else [])))
        for row, repeat in zip(rows.tolist(), again, strict=True)
    ]
