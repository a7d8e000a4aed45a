"""Files from which a training that was killed takes up where it was."""

import hashlib
import os
from collections.abc import Mapping
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
    """

    def __init__(
        self, folder: str | Path, settings: Mapping[str, Any], frames: Tensor, codes: Tensor
    ):
        digest = hashlib.sha256(repr(sorted(settings.items())).encode())
        digest.update(codes.numpy().tobytes())
        digest.update(frames.contiguous().numpy().data)
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
