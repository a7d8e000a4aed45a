"""How what was found differs from what was published."""

import pandas as pd

from pipelines.data.readers.dataset import Dataset

__all__ = ["differing_counts"]


def differing_counts(dataset: Dataset, manifest: pd.DataFrame) -> list[str]:
    """Name classes and splits whose number of images is not the published one.

    Parameters
    ----------
    dataset : Dataset
        The row of the registry.
    manifest : DataFrame
        With a column `label`, and `split` if numbers of splits are published.

    Returns
    -------
    list of str
        Such as "mel: 1000 of 1113", or "test: 0 of 600 images" and "train mel: 370 of 374".
        Empty if all is there, or if nothing was published.
    """
    if not (dataset.split_counts or dataset.sizes):
        return _differing(manifest["label"], dataset.counts)
    split = manifest["split"] if "split" in manifest.columns else pd.Series(index=manifest.index)
    found = []
    for name in dict.fromkeys([*dataset.split_counts, *dataset.sizes]):
        labels = manifest.loc[(split == name).to_numpy(dtype=bool), "label"]
        counts = dataset.split_counts.get(name, {})
        size = dataset.sizes.get(name, sum(counts.values()))
        if labels.empty or not counts:
            found += [f"{name}: {len(labels)} of {size} images"] if len(labels) != size else []
        else:
            found += [f"{name} {difference}" for difference in _differing(labels, counts)]
    return found


def _differing(labels, counts):
    found = labels.value_counts()
    return [
        f"{label}: {found.get(label, 0)} of {count}"
        for label, count in counts.items()
        if found.get(label, 0) != count
    ]
