"""One's own images, in a folder a class."""

from pathlib import Path

import pandas as pd

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.files import walk_images

__all__ = ["FOLDER"]

_SPLITS = {
    **{"train": "train", "training": "train"},
    **{"val": "val", "valid": "val", "validation": "val"},
    "test": "test",
}


def read_folder(root: Path) -> pd.DataFrame:
    """Read `root/class/.../image` or `root/split/class/.../image`.

    Folders of a split are known by their names (train, val, test and the like) and only if
    there is nothing else beside them. Without class folders there are no labels.
    """
    paths = walk_images(root)
    if not paths:
        raise ValueError(f"{root} holds no image (JPEG, PNG, BMP or TIFF), at any depth.")
    parts = [path.relative_to(root).parts for path in paths]
    manifest = pd.DataFrame({"image": [str(path) for path in paths]})
    tops = {part[0] for part in parts if len(part) > 1}
    has_splits = bool(tops) and {name.lower() for name in tops} <= set(_SPLITS)
    if has_splits:
        manifest["split"] = [_SPLITS[part[0].lower()] if len(part) > 1 else None for part in parts]
        parts = [part[1:] if len(part) > 1 else part for part in parts]
    # An image beside the class folders has no label: a fault of its row, not of the set.
    labels = [part[0] if len(part) > 1 else None for part in parts]
    if any(label is not None for label in labels):
        manifest["label"] = pd.Series(labels, dtype="str")
    return manifest


FOLDER = Dataset(
    name="folder",
    title="A folder with one folder of images a class",
    read=read_folder,
    layout="CLASS/*.jpg, or SPLIT/CLASS/*.jpg with splits called train, val, test and the like",
    note="JPEG, PNG, BMP or TIFF, at any depth below the class. Nothing says which images are of "
    "one lesion: with a table (csv) a column can.",
)
