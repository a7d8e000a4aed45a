"""Frames turned and mirrored, for networks that are to see them from all sides."""

from collections.abc import Iterator

from torch import Tensor

VIEWS = {"none": (1, False), "flips": (2, True), "dihedral": (4, True)}


def views(frames: Tensor, tta: str) -> Iterator[Tensor]:
    """Frames as they are, turned and mirrored.

    Parameters
    ----------
    frames : Tensor of shape (n, 3, size, size)
        RGB.
    tta : {"none", "flips", "dihedral"}
        The frames alone; both mirrors and both at once beside them; all eight turns and mirrors.

    Yields
    ------
    Tensor of the same shape
        1, 4 or 8 of them.
    """
    turns, mirrored = VIEWS[tta]
    for turn in range(turns):
        turned = frames.rot90(turn * 4 // turns, (2, 3))
        yield turned
        if mirrored:
            yield turned.flip(3)
