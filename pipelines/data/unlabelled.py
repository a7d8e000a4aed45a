"""Images to be predicted: files, folders of them, or a table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipelines.data.loading import load_dataset
from pipelines.data.readers.files import TABLE_SUFFIXES, walk_images

__all__ = ["load_unlabelled"]


def load_unlabelled(
    places: Sequence[str | Path],
    *,
    image_col: str = "image",
    mask_col: str | None = None,
    on_error: str = "raise",
) -> pd.DataFrame:
    """List images that have no label yet.

    Parameters
    ----------
    places : sequence of path-like
        Image files and folders of them, in this order; or one CSV or Parquet table.
    image_col, mask_col : str
        Columns of a table: paths of images and of lesion masks.
    on_error : {"raise", "skip"}, default="raise"
        What to do about rows of a table without the path of an image.

    Returns
    -------
    DataFrame
        `image`, and for a table its other columns but the label.

    Raises
    ------
    FileNotFoundError
        A folder or table is missing. Missing image files fail when they are read.
    ValueError
        A folder without images.
    """
    paths = [Path(place).expanduser() for place in places]
    if len(paths) == 1 and paths[0].suffix.lower() in TABLE_SUFFIXES:
        return load_dataset(
            "csv",
            paths[0],
            labels=False,
            check_files=False,
            on_error=on_error,
            image_col=image_col,
            label_col=None,
            mask_col=mask_col,
        )
    images: list[str] = []
    for path in paths:
        found = walk_images(path) if path.is_dir() else [path]
        if not found:
            raise ValueError(f"{path} holds no image (JPEG, PNG, BMP or TIFF), at any depth.")
        images += [str(image.absolute()) for image in found]
    return pd.DataFrame({"image": images})
