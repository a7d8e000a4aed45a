"""What a reader's row in the registry says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Dataset", "add_up"]


@dataclass(frozen=True)
class Dataset:
    """One data set: how to read it and what its publisher says of it.

    Parameters
    ----------
    name : str
        As given to `load_dataset`.
    title : str
        In words.
    read : callable
        `read(root, **options) -> DataFrame`, a manifest that only names files: it neither
        decodes an image nor checks that it exists. `root` is a Path that exists. Images that lie
        there but stand in no table are listed in `attrs["extra"]`.
    options : tuple of str
        Keyword arguments that `read` takes.
    counts : mapping of str to int
        Published number of images a class; empty if there is no such number.
    split_counts : mapping of str to such mappings
        The same for each of the publisher's splits.
    sizes : mapping of str to int
        Published number of images of a split, where those of its classes are not known.
    classes : tuple of str
        Labels, where `counts` does not name them.
    kind : str
        "dermoscopic", "clinical" or "crops of total-body photographs"; empty for one's own.
    layout : str
        What lies in the folder, a line a file or folder.
    groups, masks : str
        What says which images belong together, and where lesion masks are; empty for nothing.
    verified : str
        Real files that the reader has met; empty if only trees of the documented layout.
    client : str
        Existing client that may fetch the data set: "isic-cli" or "medmnist".
    note : str
        What else one should know.
    licence, citation, url : str
        Of the publisher; empty for one's own data.
    """

    name: str
    title: str
    read: Callable[..., pd.DataFrame]
    options: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    split_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    kind: str = ""
    layout: str = ""
    groups: str = ""
    masks: str = ""
    verified: str = ""
    client: str = ""
    note: str = ""
    licence: str = ""
    citation: str = ""
    url: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that the data set is known to have; empty for one's own."""
        return self.classes or tuple(self.counts)

    @property
    def n_images(self) -> int | None:
        """Published number of images, or None."""
        return (sum(self.counts.values()) + sum(self.sizes.values())) or None


def add_up(split_counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Add the numbers of images a class over splits.

    Examples
    --------
    >>> add_up({"train": {"melanoma": 374}, "val": {"melanoma": 30}})
    {'melanoma': 404}
    """
    total: dict[str, int] = {}
    for counts in split_counts.values():
        for label, count in counts.items():
            total[label] = total.get(label, 0) + count
    return total
