"""Whether a data set's folder is what its publisher released."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.data.loading import load_dataset
from pipelines.data.manifest import group_ids, has_groups
from pipelines.data.readers import Dataset, differing_counts, get_dataset

__all__ = ["DatasetCheck", "check_dataset"]


@dataclass(frozen=True)
class DatasetCheck:
    """What a look at a data set's folder found.

    Parameters
    ----------
    dataset : Dataset
        The row of the registry.
    counts : DataFrame
        `split` (empty where there is none), `label`, `images`, `published` (missing where no
        number is).
    n_images : int
        Images found.
    n_groups : int or None
        Lesions or patients, or what they are joined to; None where nothing names them.
    partial : bool or None
        Whether images are missing; None where no number was published.
    differing : list of str
        Classes and splits whose number of images is not the published one.
    warnings : list of str
        What loading warned of.
    """

    dataset: Dataset
    counts: pd.DataFrame
    n_images: int
    n_groups: int | None
    partial: bool | None
    differing: list[str]
    warnings: list[str]


def check_dataset(
    name: str, root: str | Path, *, complete: bool = False, **options
) -> DatasetCheck:
    """Look whether a data set's folder is whole and consistent; no image is opened.

    Parameters
    ----------
    name : str
        Of `pipelines.data.DATASETS`.
    root : path-like
        The data set's folder.
    complete : bool, default=False
        Refuse a part of the data set.
    **options
        Of the reader.

    Returns
    -------
    DatasetCheck
        A part of a data set passes, and is marked partial.

    Raises
    ------
    FileNotFoundError
        If the folder or its table is missing.
    ValueError
        If the folder is broken: wrong header, unknown class, ids that come twice, images or
        labels missing, images that stand in no table; or, with `complete`, if the number of
        images of a class or split is not the published one.
    """
    dataset = get_dataset(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        manifest = load_dataset(name, root, **options)
    extra = manifest.attrs["extra"]
    if extra:
        raise ValueError(
            f"{root}: {len(extra)} images stand in no table: {', '.join(extra[:5])}"
            f"{', ...' if len(extra) > 5 else ''}. Move them away, or complete the table."
        )
    differing = differing_counts(dataset, manifest)
    published = bool(dataset.counts or dataset.sizes)
    if complete and not published:
        raise ValueError(
            f"Whether {dataset.title} is complete cannot be told: no numbers are published."
        )
    if complete and differing:
        raise ValueError(
            f"{root}: {dataset.title} is not complete: {', '.join(differing)}. Fetch the rest"
            f"{f' ({dataset.url})' if dataset.url else ''}, or check without complete."
        )
    return DatasetCheck(
        dataset=dataset,
        counts=_counts(dataset, manifest),
        n_images=len(manifest),
        n_groups=len(set(group_ids(manifest))) if has_groups(manifest) else None,
        partial=bool(differing) if published else None,
        differing=differing,
        warnings=[str(warning.message) for warning in caught],
    )


def _counts(dataset, manifest):
    """Count images a split and class, beside the published numbers."""
    split = manifest["split"] if "split" in manifest.columns else pd.Series("", manifest.index)
    found = manifest.groupby([split.fillna("").rename("split"), "label"], sort=False).size()
    published = dataset.split_counts or {"": dataset.counts}
    expected = pd.Series(
        {
            (part, label): count
            for part, counts in published.items()
            for label, count in counts.items()
        },
        dtype="Int64",
    )
    expected.index = pd.MultiIndex.from_tuples(expected.index, names=["split", "label"])
    table = pd.DataFrame({"images": found, "published": expected})
    table["images"] = table["images"].fillna(0).astype(int)
    return table.reset_index()
