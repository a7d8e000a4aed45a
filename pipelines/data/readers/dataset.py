"""What a reader's row in the registry says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Dataset"]


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
        decodes an image nor checks that it exists. `root` is a Path that exists.
    options : tuple of str
        Keyword arguments that `read` takes.
    counts : mapping of str to int
        Published number of images a class; empty if there is no such number.
    licence, citation, url : str
        Of the publisher; empty for one's own data.
    """

    name: str
    title: str
    read: Callable[..., pd.DataFrame]
    options: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    licence: str = ""
    citation: str = ""
    url: str = ""
