"""Where lesion masks come from, and a guard: rows meet later what a model was fitted on."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

from features.preparation.lesion_view import Preparation
from features.reading.sources import image_sources


class ReadsMasks(Protocol):
    """A view, in so far as it says whether it looks at the manifest's masks."""

    @property
    def reads_masks(self) -> bool: ...  # noqa: D102


Look = Callable[[Preparation], ReadsMasks]


def find_mask_source(looks: Iterable[Look], preparation: Preparation, X: Any) -> str:
    """Tell where the lesion masks of images come from.

    Parameters
    ----------
    looks : iterable of callable
        `ImagePart.view` of each part: what it sees under a preparation.
    preparation : Preparation
        How lesions are prepared.
    X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
        Images; none is read.

    Returns
    -------
    {"given", "segmented", "mixed", "none"}
        "none" where no part would look at a mask, however lesions are prepared.

    Examples
    --------
    >>> from features import ColorMoments
    >>> find_mask_source([ColorMoments().view], Preparation(mask="segment"), [])
    'segmented'
    """
    looks = list(looks)
    if not _read(looks, replace(preparation, mask="auto")):
        return "none"
    if not _read(looks, preparation):
        return "segmented"
    given = {source.mask is not None for source in image_sources(X)}
    return "mixed" if len(given) > 1 else "given" if given == {True} else "segmented"


def keep_mask_source(
    preparation: Preparation, source: str | None, *, allow_segmented: bool = False
) -> Preparation:
    """Prepare later rows as those of `fit` were.

    Parameters
    ----------
    preparation : Preparation
        As it was asked for.
    source : str, optional
        What `find_mask_source` found in `fit`; None before it.
    allow_segmented : bool, default=False
        Whether rows without a mask may be segmented where those of `fit` had one.

    Returns
    -------
    Preparation
        With the `mask` that fits.
    """
    if source == "segmented" and preparation.mask == "auto":
        # Fitted on our own masks: those of later rows would shift the features.
        return replace(preparation, mask="segment")
    if source == "given" and preparation.mask == "given" and allow_segmented:
        return replace(preparation, mask="auto")
    return preparation


def require_masks(X: Any) -> None:
    """Refuse images without a lesion mask, for a model that was fitted on given ones.

    Parameters
    ----------
    X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
        Images; none is read.

    Raises
    ------
    ValueError
        Some images have no mask.
    """
    bare = [source for source in image_sources(X) if source.mask is None]
    if bare:
        raise ValueError(
            f"This model was fitted on given lesion masks, but {len(bare)} of the images have "
            f"none (first: {bare[0].name}). Descriptors shift when masks change hands. Name "
            "masks in the column 'mask', or accept our own segmentation with "
            "allow_segmented=True (of `ImageFeatures`, or `dermfusion predict`)."
        )


def _read(looks: Iterable[Look], preparation: Preparation) -> bool:
    return any(look(preparation).reads_masks for look in looks)
