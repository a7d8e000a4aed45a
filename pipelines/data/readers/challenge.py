"""What the ISIC challenges share: a folder of images and a table of truth for each split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.data.readers.checks import check_unique
from pipelines.data.readers.files import images_by_stem, place_images

__all__ = ["Part", "read_parts"]


@dataclass(frozen=True)
class Part:
    """One split of a challenge.

    Parameters
    ----------
    split : str
        "train", "val" or "test".
    images : tuple of str
        Folders of images below the root; the first that is there counts.
    truth : tuple of str
        Tables of labels below the root; the first that is there counts.
    masks : str
        Folder of lesion masks below the root; empty if there are none.
    mask_suffix : str
        What a mask's name has after the image's.
    """

    split: str
    images: tuple[str, ...]
    truth: tuple[str, ...]
    masks: str = ""
    mask_suffix: str = "_segmentation"


def read_parts(
    root: Path,
    parts: Sequence[Part],
    read_truth: Callable[[Path, Path], pd.DataFrame],
    title: str,
) -> pd.DataFrame:
    """Read the splits that are there into one manifest.

    Parameters
    ----------
    root : Path
        The data set's folder.
    parts : sequence of Part
        Its splits.
    read_truth : callable
        `read_truth(path, images) -> DataFrame` with `image_id`, `label` and more, from the table
        of truth and the folder of images.
    title : str
        What errors call the data set.

    Returns
    -------
    DataFrame
        With `image`, `image_id`, `label`, `split`, maybe `mask`, and what `read_truth` adds.
        `attrs["extra"]` lists images without a row, `attrs["unlabelled"]` folders without a
        table.

    Raises
    ------
    FileNotFoundError
        No table of truth is there.
    """
    manifests, extra, unlabelled = [], [], []
    for part in parts:
        truth = next((root / name for name in part.truth if (root / name).is_file()), None)
        folder = _image_folder(root, part)
        if truth is None:
            if folder.is_dir():
                unlabelled.append(f"{folder.name} (without {part.truth[0]})")
            continue
        manifest = read_truth(truth, folder)
        check_unique(manifest["image_id"], truth)
        image, others = place_images(manifest["image_id"], [folder])
        manifest.insert(0, "image", image)
        manifest["split"] = part.split
        if part.masks and (root / part.masks).is_dir():
            masks = images_by_stem([root / part.masks])
            manifest["mask"] = (manifest["image_id"] + part.mask_suffix).map(masks).astype("str")
            manifest["mask"] = manifest["mask"].where(manifest["mask"].isin(masks.values()))
        manifests.append(manifest)
        # The challenge of 2017 lays drawings of superpixels among its images.
        extra += [path for path in others if not Path(path).stem.endswith("_superpixels")]
    if not manifests:
        tables = ", ".join(part.truth[0] for part in parts)
        raise FileNotFoundError(
            f"{root} has none of the tables {tables}, so it is not a {title} folder."
        )
    manifest = pd.concat(manifests, ignore_index=True)
    manifest.attrs = {"extra": extra, "unlabelled": unlabelled}
    return manifest


def _image_folder(root, part):
    """Find the folder; archives unpacked into a folder of their own name hold another."""
    places = [root / name for name in part.images]
    folder = next((place for place in places if place.is_dir()), places[0])
    doubled = folder / folder.name
    return doubled if doubled.is_dir() else folder
