"""Files from which a training that was killed takes up where it was."""

import hashlib
import os
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


class Checkpoint:
    """One file, replaced as a whole, so that a kill at any moment leaves a readable one.

    Parameters
    ----------
    folder : path-like
        Made if missing.
    settings : mapping
        All that training depends on besides the images. A run with other settings or other
        images has a file of its own, so folds and clones can share a folder.
    frames : Tensor of shape (n, 3, size, size), uint8
        Training images.
    codes : Tensor of shape (n,), int64
        Their classes.
    validation : pair of Tensors, optional
        Images and classes that tell the best epoch.
    """

    def __init__(
        self,
        folder: str | Path,
        settings: Mapping[str, Any],
        frames: Tensor,
        codes: Tensor,
        *,
        validation: tuple[Tensor, Tensor] | None = None,
    ):
        digest = hashlib.sha256(repr(sorted(settings.items())).encode())
        for images, classes in [(frames, codes), *([] if validation is None else [validation])]:
            digest.update(classes.numpy().tobytes())
            digest.update(images.contiguous().numpy().data)
        self.path = Path(folder, f"{digest.hexdigest()[:16]}.pt")

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Read the last state, or None where there is none yet."""
        if not self.path.is_file():
            return None
        return torch.load(self.path, map_location=device, weights_only=True)

    def save(self, state: Mapping[str, Any]) -> None:
        """Write a state in the place of the last."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(f".{os.getpid()}.partial")
        torch.save(dict(state), partial)
        partial.replace(self.path)


def check_seed(estimator: Any) -> None:
    """Refuse to keep the state of trainings that no later fit could find again.

    Parameters
    ----------
    estimator : estimator object
        With a `random_state`; a `checkpoint` is its own, or that of an estimator within it.

    Raises
    ------
    ValueError
        If there is a `checkpoint`, but no int as `random_state`.
    """
    seed = estimator.random_state
    if isinstance(seed, Integral):
        return
    for name, value in estimator.get_params().items():
        if name.split("__")[-1] == "checkpoint" and value is not None:
            raise ValueError(
                f"`{name}` needs an int as `random_state`, got {seed!r}: each fit would draw "
                "another seed, and never find the file of the last."
            )
