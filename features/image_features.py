"""Several descriptors and embedders joined: images in, one row of named columns out."""

from collections.abc import Container, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin, clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from features.descriptor import ImagePart, LearnedDescriptor
from features.extraction import Extraction, View, extract
from features.mask_source import find_mask_source, keep_mask_source, require_masks
from features.preparation.lesion_view import Preparation
from features.quality import QualityFlags


class ImageFeatures(TransformerMixin, _BaseComposition):
    """Descriptors and embeddings of images, side by side.

    Behaves as scikit-learn's ``FeatureUnion`` does, but every image is decoded and prepared once
    for all parts, and rows are kept in a store. Parts that learn (`LearnedDescriptor`) learn from
    the rows of `fit`, in clones; with the others alone `fit` reads no image.

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
        Where rows are kept: one memory for the process, nowhere, or a SQLite file. Nowhere, parts
        that learn have `fit` and `transform` each decode their rows (`fit_transform` decodes once).
    n_jobs : int, optional
        Threads that read and prepare.
    device : str, default="cpu"
        Where lesions are described: "auto", "cpu" or a CUDA GPU; embeddings have a device of
        their own.
    verbose : int, default=0
        Above 0 a bar shows images per second.

    Attributes
    ----------
    mask_source_ : {"given", "segmented", "mixed", "none"}
        Where the lesion masks of the rows seen in `fit` come from; "none" where no part looks at
        the lesion.
    learned_ : dict of str to LearnedDescriptor
        Fitted clones of the parts that learn, by name.

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
        device="cpu",
        verbose=0,
    ):
        self.parts = parts
        self.preparation = preparation
        self.allow_segmented = allow_segmented
        self.store = store
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose

    def fit(self, X, y=None):
        """Check parts and input, note where lesion masks come from, and have parts learn.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images; read only where a part learns.
        y : None
            Ignored; labels never enter features.

        Returns
        -------
        self
        """
        self.settle_masks(X)
        # A store that is asked for all parts now answers when these rows are transformed.
        names = self._learners() if self.store is None else None
        return self._learn(self._extract(X, names).values if self.learns else {})

    def fit_transform(self, X, y=None) -> np.ndarray:
        """Fit, and describe the same images; each is decoded at most once.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.
        y : None
            Ignored; labels never enter features.

        Returns
        -------
        ndarray of shape (n, n_columns), float32
            As `transform` gives it.
        """
        self.settle_masks(X)
        values = self._extract(X).values
        return self._learn(values)._columns(values)

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
        check_is_fitted(self)
        return self._columns(self._extract(X).values)

    @property
    def learns(self) -> bool:
        """Whether a part learns from images, so that each fold needs a fit of its own."""
        return bool(self._learners())

    def settle_masks(self, X) -> Self:
        """Note where the lesion masks come from, as `fit` does; learn nothing, read no image.

        Parameters
        ----------
        X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
            Images.

        Returns
        -------
        self
            Knows its `image_parts` and can `check_masks`; `transform` needs a `fit`.
        """
        self._check_parts()
        for name in ("mask_source_", "learned_"):  # an earlier fit does not bind this one
            self.__dict__.pop(name, None)
        self.mask_source_ = self._mask_source(X)
        return self

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
        check_is_fitted(self, "mask_source_")
        if self.mask_source_ == "given" and not self.allow_segmented:
            require_masks(X)

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

    def _extract(self, X, names: Container[str] | None = None) -> Extraction:
        """Ask all parts of the images, or those of some names."""
        self.check_masks(X)
        parts = self.image_parts()
        return extract(
            X,
            {name: pair for name, pair in parts.items() if names is None or name in names},
            store=self.store,
            n_jobs=self.n_jobs,
            device=self.device,
            progress=self.verbose > 0,
        )

    def _learn(self, values: Mapping[str, np.ndarray]) -> Self:
        self.learned_ = {
            name: clone(part).learn(values[name]) for name, part in self._learners().items()
        }
        return self

    def _learners(self) -> dict[str, LearnedDescriptor]:
        return {name: part for name, part in self.parts if isinstance(part, LearnedDescriptor)}

    def _columns(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        learned = {name: part.encode(values[name]) for name, part in self.learned_.items()}
        return np.hstack([learned.get(name, values[name]) for name, _ in self.parts])

    def _preparation(self) -> Preparation:
        preparation = Preparation() if self.preparation is None else self.preparation
        return keep_mask_source(
            preparation,
            getattr(self, "mask_source_", None),
            allow_segmented=self.allow_segmented,
        )

    def _mask_source(self, X) -> str:
        looks = [part.view for _, part in self.parts]
        return find_mask_source(looks, self._preparation(), X)

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
        return hasattr(self, "learned_")
