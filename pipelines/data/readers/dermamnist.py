"""DermaMNIST: HAM10000 in small, at 28, 64, 128 or 224 pixels, with official splits."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from features.reading.containers import SEPARATOR, array_shapes
from pipelines.data.readers.dataset import Dataset, add_up
from pipelines.data.readers.files import read_table, require_columns
from pipelines.data.readers.metadata import add_metadata

__all__ = ["CLASSES", "DERMAMNIST", "layout_of", "read_dermamnist"]

# By DermaMNIST's numbers, in HAM10000's words.
CLASSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
_SPLITS = ("train", "val", "test")
_MAP = "dermamnist_split_map.csv"
_COLUMNS = {
    "lesion_id": "lesion",
    "dx_type": "dx_type",
    "age": "age",
    "sex": "sex",
    "localization": "site",
    "source": "source",
}
_COUNTS = {
    "train": {"akiec": 228, "bcc": 359, "bkl": 769, "df": 80, "mel": 779, "nv": 4693, "vasc": 99},
    "val": {"akiec": 33, "bcc": 52, "bkl": 110, "df": 12, "mel": 111, "nv": 671, "vasc": 14},
    "test": {"akiec": 66, "bcc": 103, "bkl": 220, "df": 23, "mel": 223, "nv": 1341, "vasc": 29},
}


def read_dermamnist(root: Path, *, stem: str, size: int | None = None) -> pd.DataFrame:
    """Read the labels of an .npz file, and name the images in it: "file.npz::train_images/17".

    Parameters
    ----------
    root : Path
        The .npz file, or its folder.
    stem : str
        How the file's name begins; "_64.npz" and the like follow, or what a mirror adds.
    size : int, default=None
        Of the images, in pixels, where the folder has several files.
    """
    path = _find(root, stem, size)
    manifest = pd.concat(
        [
            pd.DataFrame(
                {
                    "image": [f"{path}{SEPARATOR}{split}_images/{i}" for i in range(len(codes))],
                    "label": np.array(CLASSES, dtype=object)[codes],
                    "split": split,
                    "index": np.arange(len(codes)),
                }
            )
            for split, codes in _read_labels(path).items()
        ],
        ignore_index=True,
    ).astype({"image": "str", "label": "str"})
    mapped = path.parent / _MAP
    # The map is that of the official splits, and of no other version.
    if stem == "dermamnist" and mapped.is_file():
        _add_ids(manifest, mapped)
    return manifest.drop(columns="index")


def _find(root, stem, size):
    if root.is_file():
        return root
    sizes: dict[int, list[Path]] = {}
    for path in sorted(root.glob(f"{stem}*.npz")):
        rest = path.stem.removeprefix(stem)
        # "dermamnist" begins the corrected versions' names too.
        if re.match(r"_?(corrected|extended)", rest) is None:
            number = re.search(r"_(28|64|128|224)(?=_|$)", rest)
            sizes.setdefault(int(number[1]) if number else 28, []).append(path)
    found = sizes.get(size, []) if size else [path for paths in sizes.values() for path in paths]
    if not found:
        wanted = f" of {size} pixels" if size else ""
        raise FileNotFoundError(f"{root} has no {stem}*.npz{wanted}.")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ValueError(
            f"Expected one {stem}*.npz in {root}, got {names}. Give the file's own path, or a "
            "size that one of them has."
        )
    return found[0]


def _read_labels(path):
    """Codes of each split's images, checked against the arrays of images."""
    try:
        shapes = array_shapes(path)
        with np.load(path, allow_pickle=False) as file:
            found = {
                split: file[f"{split}_labels"].reshape(-1)
                for split in _SPLITS
                if {f"{split}_images", f"{split}_labels"} <= set(shapes)
            }
    except (ValueError, OSError) as exc:
        raise ValueError(f"{path}: cannot be read ({exc}). Fetch it again.") from exc
    if not found:
        raise ValueError(
            f"{path}: expected arrays train_images, train_labels, ...; got {', '.join(shapes)}."
        )
    for split, codes in found.items():
        unknown = sorted(set(codes.tolist()) - set(range(len(CLASSES))))
        if unknown:
            raise ValueError(
                f"{path}: expected {split}_labels of 0 to {len(CLASSES) - 1}, got {unknown[:5]} "
                "too."
            )
        if shapes[f"{split}_images"][0] != len(codes):
            raise ValueError(
                f"{path}: {split}_images holds {shapes[f'{split}_images'][0]} images, and "
                f"{split}_labels {len(codes)} labels."
            )
    return found


def _add_ids(manifest, path):
    """Say which image of HAM10000 each is, where a map of the splits lies beside the file."""
    table = read_table(path, ["image_id", "lesion_id", "dx", "split"])
    require_columns(table, ["split", "index", "image_id", "lesion_id", "dx"], path)
    table = table.drop_duplicates(["split", "index"]).set_index(["split", "index"])
    table = table.reindex(pd.MultiIndex.from_frame(manifest[["split", "index"]]))
    wrong = (table["dx"].notna().to_numpy()) & (
        table["dx"].to_numpy() != manifest["label"].to_numpy()
    )
    if wrong.any():
        culprits = manifest.loc[wrong, ["split", "index"]].head(5).to_numpy().tolist()
        raise ValueError(
            f"{path}: {int(wrong.sum())} of {len(manifest)} images have another label in the .npz "
            f"file: {culprits}. Is it the map of another version?"
        )
    manifest["image_id"] = table["image_id"].to_numpy()
    add_metadata(manifest, table, _COLUMNS)
    if "match_ambiguous" in table.columns:
        manifest["match_ambiguous"] = (table["match_ambiguous"] == 1).to_numpy()


def layout_of(stem: str) -> str:
    """Describe the arrays of the .npz files whose names begin with `stem`."""
    return (
        f"{stem}*.npz, with arrays\n"
        "{train,val,test}_images, uint8 (n, height, width, 3), and {train,val,test}_labels"
    )


DERMAMNIST = Dataset(
    name="dermamnist",
    title="DermaMNIST: HAM10000 in small, official splits",
    read=partial(read_dermamnist, stem="dermamnist"),
    options=("size",),
    counts=add_up(_COUNTS),
    split_counts=_COUNTS,
    kind="dermoscopic",
    layout=layout_of("dermamnist")
    + "\ndermamnist_split_map.csv (which image of HAM10000 each is, if you have it)",
    groups="lesions by way of dermamnist_split_map.csv; none otherwise",
    verified="official splits with pixels rebuilt from HAM10000, at 28 x 28",
    client="medmnist",
    note="The official splits are of images, not of lesions: 1,006 lesions have images on several "
    "sides, and 693 test images share a lesion with the training part. Published scores are on "
    "these splits. Images are named "
    "FILE.npz::train_images/17 and unpacked in memory when they are read: 1.5 GB at 224 pixels.",
    licence="CC BY-NC 4.0",
    citation="Yang et al., MedMNIST v2; Tschandl et al. (2018), Scientific Data 5, 180161.",
    url="https://github.com/MedMNIST/MedMNIST",
)
