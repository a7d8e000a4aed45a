"""Several descriptors and embedders joined: images in, one row of named columns out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from features.descriptor import ImagePart
from features.extraction import Extraction, View, extract
from features.preparation.lesion_view import Preparation
from features.quality import QualityFlags
from features.reading.sources import image_sources


class ImageFeatures(TransformerMixin, _BaseComposition):
    """Descriptors and embeddings of images, side by side.

    Behaves as scikit-learn's ``FeatureUnion`` does, but every image is decoded and prepared once
    for all parts, and rows are kept in a store.

    Parameters
    ----------
    parts : list of (name, ImagePart)
        What to compute. Columns are called ``name__feature``; parameters of a part are reached as
        ``name__parameter``.
    preparation : Preparation, optional
        How the lesion view is made; the default `Preparation` if None.
    allow_segmented : bool, default=False
        Whether a model that was fitted on given lesion masks may meet images without one, and
        segment those itself. Descriptors shift when masks change hands, so by default it refuses.
    store : {"memory", None} or path-like, default="memory"
        Where rows are kept: one memory for the process, nowhere, or a SQLite file.
    n_jobs : int, optional
        Threads that read and prepare.
    verbose : int, default=0
        Above 0 a bar shows images per second.

    Attributes
    ----------
    mask_source_ : {"given", "segmented", "mixed", "none"}
        Where the lesion masks of the rows seen in `fit` come from; "none" where no part looks at
        the lesion.

    Examples
    --------
    >>> from skimage.data import astronaut
    >>> from features import ColorMoments, ImageFeatures, SkinContrast
    >>> union = ImageFeatures([("color", ColorMoments()), ("skin", SkinContrast())])
    >>> union.set_output(transform="pandas").fit_transform(astronaut()[None]).shape[0]
    1
    """

    def __init__(
        self,
        parts,
        *,
        preparation=None,
        allow_segmented=False,
        store="memory",
        n_jobs=None,
        verbose=0,
    ):
        self.parts = parts
        self.preparation = preparation
        self.allow_segmented = allow_segmented
        self.store = store
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X, y=None):
        """Check parts and input, and note where the lesion masks come from.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        y : None
            Ignored; labels never enter features.

        Returns
        -------
        self
        """
        self._check_parts()
        self.__dict__.pop("mask_source_", None)  # what an earlier fit found does not bind this one
        self.mask_source_ = self._mask_source(X)
        return self

    def transform(self, X) -> np.ndarray:
        """Describe each image by every part.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            Rows in the order of `X`. NaN only in the columns that `get_nullable_names_out` lists.
        """
        values = self._extract(X).values
        return np.hstack([values[name] for name, _ in self.parts])

    def quality(self, X) -> pd.DataFrame:
        """Quality flags of each image's lesion view; no columns where no part looks at it.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        DataFrame of shape (n, 5) or (n, 0)
            As `QualityFlags` names them.
        """
        extraction = self._extract(X)
        flags = QualityFlags()
        if flags.block not in extraction.values:
            return pd.DataFrame(index=range(len(extraction.kept)))
        return pd.DataFrame(extraction.values[flags.block], columns=list(flags.feature_names()))

    def check_masks(self, X) -> None:
        """Refuse images without a lesion mask where those seen in `fit` came with one.

        No image is read.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Raises
        ------
        ValueError
            If masks are missing, unless `allow_segmented`.
        """
        check_is_fitted(self)
        if self.mask_source_ != "given" or self.allow_segmented:
            return
        bare = [source for source in image_sources(X) if source.mask is None]
        if bare:
            raise ValueError(
                f"This model was fitted on given lesion masks, but {len(bare)} of the images have "
                f"none (first: {bare[0].name}). Descriptors shift when masks change hands. Name "
                "masks in the column 'mask', or accept our own segmentation with "
                "allow_segmented=True."
            )

    def image_parts(self) -> dict[str, tuple[ImagePart, View]]:
        """List what is asked of an image: each part with the view it looks at."""
        preparation = self._preparation()
        parts: dict[str, tuple[ImagePart, View]] = {
            name: (part, part.view(preparation)) for name, part in self.parts
        }
        if any(view is preparation for _, view in parts.values()):
            parts[QualityFlags.block] = (QualityFlags(), preparation)
        return parts

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Column names, ``part__feature``."""
        names = [f"{name}__{f}" for name, part in self.parts for f in part.feature_names()]
        return np.array(names, dtype=object)

    def get_nullable_names_out(self) -> np.ndarray:
        """Names of the columns that may hold NaN, ``part__feature``."""
        names = [f"{name}__{f}" for name, part in self.parts for f in part.nullable_names()]
        return np.array(names, dtype=object)

    def get_params(self, deep=True) -> dict[str, Any]:
        """Get parameters, those of the parts as ``name__parameter``."""
        return self._get_params("parts", deep=deep)

    def set_params(self, **params):
        """Set parameters, those of a part as ``name__parameter``, or a part by its name."""
        self._set_params("parts", **params)
        return self

    def _extract(self, X) -> Extraction:
        self.check_masks(X)
        return extract(
            X,
            self.image_parts(),
            store=self.store,
            n_jobs=self.n_jobs,
            progress=self.verbose > 0,
        )

    def _preparation(self) -> Preparation:
        preparation = Preparation() if self.preparation is None else self.preparation
        fitted = getattr(self, "mask_source_", None)
        if fitted == "segmented" and preparation.mask == "auto":
            # Fitted on our own masks: those of later rows would shift the features.
            return replace(preparation, mask="segment")
        if fitted == "given" and preparation.mask == "given" and self.allow_segmented:
            return replace(preparation, mask="auto")
        return preparation

    def _mask_source(self, X) -> str:
        parts = self.image_parts()
        if QualityFlags.block not in parts:
            return "none"
        if not parts[QualityFlags.block][1].reads_masks:
            return "segmented"
        given = {source.mask is not None for source in image_sources(X)}
        return "mixed" if len(given) > 1 else "given" if given == {True} else "segmented"

    def _check_parts(self) -> None:
        if isinstance(self.parts, Mapping) or not self.parts:
            raise ValueError("`parts` must be a non-empty list of (name, part) pairs.")
        names = [name for name, _ in self.parts]
        self._validate_names(names)
        for name, part in self.parts:
            if not isinstance(part, ImagePart):
                raise ValueError(
                    f"Part {name!r} must be a descriptor or an embedding, got {part!r}."
                )
            if name == QualityFlags.block and not isinstance(part, QualityFlags):
                raise ValueError(
                    f"Part {name!r} must be {QualityFlags()!r}, got {part!r}. "
                    "Choose another name for it."
                )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "mask_source_")
