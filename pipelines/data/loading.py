"""Load a data set by name into a manifest."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from fusion.groups import RandomState
from pipelines.data.manifest import (
    GROUP_COLUMNS,
    check_classes,
    check_columns,
    describe_faults,
    faults_of,
    limit_manifest,
    row_faults,
)
from pipelines.data.readers import Dataset, differing_counts, get_dataset
from pipelines.data.readers.files import is_missing
from pipelines.data.split_leaks import split_leak

__all__ = ["load_dataset"]

_N_CULPRITS = 5


def load_dataset(
    name: str,
    root: str | Path,
    *,
    limit: int | None = None,
    random_state: RandomState = 0,
    on_error: str = "raise",
    labels: bool = True,
    complete: bool = False,
    check_files: bool = True,
    **options: Any,
) -> pd.DataFrame:
    """Load a data set's manifest: one row an image, no image opened.

    Parameters
    ----------
    name : str
        "folder" (a folder a class), "csv" (a CSV or Parquet file), or a published data set such
        as "ham10000"; see `pipelines.data.DATASETS`.
    root : path-like
        The data set's folder or, for "csv" and "dermamnist", the file.
    limit : int, default=None
        Draw about so many images: whole lesions, class proportions kept.
    random_state : int, RandomState instance or None, default=0
        Chooses the lesions under `limit`.
    on_error : {"raise", "skip"}, default="raise"
        What to do about rows with a missing image or mask file, no label, or a lesion of two
        labels: raise, or leave them out and list them in `attrs["skipped"]`.
    labels : bool, default=True
        False for images to be predicted: they need no label.
    complete : bool, default=False
        Raise if there are fewer or more images of a class than were published.
    check_files : bool, default=True
        False leaves missing image and mask files to whoever reads them.
    **options
        Of the reader. "csv": `image_col`, `label_col`, `group_col`, `mask_col` and
        `image_root`, the folder that relative paths start from (None: the file's own).
        "isic_archive": `label_col`. "dermamnist": `size`.

    Returns
    -------
    DataFrame
        `image` (absolute path) and `label`; as far as known `mask`, `lesion`, `patient`,
        `group`, `split` ("train", "val", "test"), `age` (years), `sex` ("female", "male"),
        `site`, `source`, `dx_type` ("histo" where histology proved the label), `fitzpatrick` (1
        to 6), `diameter_mm`, `licence`, `image_id` and more. `attrs` holds `dataset`, `root`,
        `skipped` (a list of dicts with `row`, `file` and `reason`), `extra` (images that stand
        in no table) and `partial` (whether numbers of images differ from the published ones).

    Raises
    ------
    FileNotFoundError
        If `root` or the data set's table is missing.
    ValueError
        If the data set or `on_error` is unknown, or the data cannot be used as they are.

    Warns
    -----
    UserWarning
        If images have no group, so that splits may separate images of one lesion, or no mask; if
        images stand in no table; and if the publisher's split tears lesions or patients apart.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"`on_error` must be 'raise' or 'skip', got {on_error!r}.")
    dataset = get_dataset(name)
    root = Path(root).expanduser().absolute()
    if not root.exists():
        raise FileNotFoundError(f"{root}: no such file or folder (root of {dataset.title}).")
    manifest = dataset.read(root, **_known_options(dataset, options))
    found = manifest.attrs
    if not labels:
        manifest = manifest.drop(columns="label", errors="ignore")
    faults = _faults(manifest, labels, check_files)
    manifest = _usable(manifest, faults, on_error, root)
    if labels:
        check_classes(manifest)
    if labels and complete:
        _check_complete(dataset, manifest)
    if limit is not None:
        manifest = limit_manifest(manifest, limit, random_state)
    manifest = manifest.reset_index(drop=True)[_ordered(manifest.columns)]
    manifest.attrs = {
        "dataset": dataset.name,
        "root": str(root),
        "skipped": faults,
        "extra": found.get("extra", []),
        # Published numbers are those of the whole data set, so a limit makes it partial.
        "partial": labels and bool(differing_counts(dataset, manifest)),
    }
    for message in (
        _gaps(manifest, labels),
        _left_out(found) if check_files else "",
        _torn_apart(manifest) if labels else "",
    ):
        if message:
            warnings.warn(f"{root} {message}.", UserWarning, stacklevel=2)
    return manifest


def _known_options(dataset: Dataset, options: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(options) - set(dataset.options))
    if unknown:
        takes = f"takes {', '.join(dataset.options)}" if dataset.options else "takes no options"
        raise TypeError(f"The data set '{dataset.name}' {takes}, got {', '.join(unknown)} too.")
    return options


def _ordered(columns):
    """Put the columns that this package knows before a table's own."""
    known = [name for name in ("image", "label", *GROUP_COLUMNS, "mask") if name in columns]
    return [*known, *(name for name in columns if name not in known)]


def _faults(manifest, labels, check_files):
    """Rows that cannot be used, in their order, each with the first of its faults."""
    check_columns(manifest, labels=labels)
    faults = row_faults(manifest, labels=labels)
    if check_files:
        faults += _missing_files(manifest)
    first = {fault["row"]: fault for fault in reversed(faults)}
    return [first[row] for row in sorted(first)]


def _usable(manifest, faults, on_error, root):
    """Leave out the rows at fault, or raise if there are any."""
    if faults and on_error == "raise":
        raise ValueError(f"{root}: {describe_faults(faults, len(manifest))}")
    wrong = {fault["row"] for fault in faults}
    keep = [row for row in range(len(manifest)) if row not in wrong]
    if not keep:
        raise ValueError(f"{root}: no row is left. {describe_faults(faults, len(manifest))}")
    return manifest.iloc[keep]


def _missing_files(manifest):
    """Faults of rows whose files are not there."""
    faults = faults_of(manifest["image"], is_missing(manifest["image"]), "image file missing")
    if "mask" in manifest.columns:
        faults += faults_of(manifest["mask"], is_missing(manifest["mask"]), "mask file missing")
    return faults


def _check_complete(dataset: Dataset, manifest):
    differing = differing_counts(dataset, manifest)
    if differing:
        raise ValueError(
            f"{dataset.title} is not complete here ({', '.join(differing)}). Fetch the rest"
            f"{f' ({dataset.url})' if dataset.url else ''}, or load with complete=False."
        )


def _gaps(manifest, labels):
    """Say what images lack that one may miss, and which are there twice."""
    gaps = []
    n_again = int(manifest["image"].duplicated().sum())
    if n_again:
        gaps.append(f"{n_again} rows whose image another row has too, which folds keep together")
    groups = manifest.reindex(columns=list(GROUP_COLUMNS))
    n_alone = int(groups.isna().all(axis=1).sum())
    # Images to be predicted are not split.
    if labels and n_alone == len(manifest):
        gaps.append(
            "no lesion or patient ids, so that images of one lesion may be split apart and scores "
            "come out too high (name the column with group_col, if there is one)"
        )
    elif labels and n_alone:
        gaps.append(
            f"no lesion or patient id for {n_alone} of {len(manifest)} images, each then a lesion "
            "of its own"
        )
    n_masks = int(manifest["mask"].notna().sum()) if "mask" in manifest.columns else 0
    if n_masks < len(manifest):
        gaps.append(f"masks for {n_masks} of {len(manifest)} images: lesions will be segmented")
    return f"has {'; and '.join(gaps)}" if gaps else ""


def _left_out(found):
    """Say which images and folders no table speaks of."""
    left_out = []
    extra = found.get("extra", [])
    if extra:
        names = ", ".join(extra[:_N_CULPRITS]) + (", ..." if len(extra) > _N_CULPRITS else "")
        left_out.append(f"{len(extra)} images that stand in no table, which are left out ({names})")
    if found.get("unlabelled"):
        left_out.append(f"images without labels, left out: {', '.join(found['unlabelled'])}")
    return f"has {'; and '.join(left_out)}" if left_out else ""


def _torn_apart(manifest):
    """Say how many images a publisher's split gives away."""
    leak = split_leak(manifest)
    if leak is None:
        return ""
    shared = " and ".join(f"{count} {part} images" for part, count in leak.shared.items())
    return (
        f"has a leaky split of its publisher's: {leak.n_groups} lesions or patients have images "
        f"in several parts, and {shared} share theirs with the training part. Scores on it come "
        "out too high; dermfusion's own folds keep them together"
    )
