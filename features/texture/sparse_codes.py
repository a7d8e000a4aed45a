"""Sparse codes: which learned patterns a lesion is made of, from its core to its rim."""

import warnings
from numbers import Real
from typing import NamedTuple, Self

import numpy as np
from sklearn.decomposition import MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from torch import Tensor

from features._checks import check_choice, check_int
from features.batch import LesionBatch
from features.descriptor import LearnedDescriptor
from features.texture.patches import COLORS, ZONES, Patches, lesion_patches, lesion_pictures

SIGNS = ("plus", "minus")
# Variances below this are noise, and whitening leaves them small.
_WHITENING_FLOOR = 0.1
_BATCH_SIZE = 256


class Dictionary(NamedTuple):
    """Learned patterns, ready to be compared with patches.

    Attributes
    ----------
    filters : ndarray of shape (n_values, n_atoms), float32
        Whitening and unit atoms in one: what a patch is multiplied by.
    offset : ndarray of shape (n_atoms,), float32
        Response of the mean patch.
    """

    filters: np.ndarray
    offset: np.ndarray


def learn_dictionary(
    patches: np.ndarray, n_atoms: int, alpha: float, random_state: np.random.RandomState
) -> Dictionary:
    """Learn patterns whose sparse sums make up whitened patches.

    Parameters
    ----------
    patches : ndarray of shape (n_patches, n_values), float32
        At least one.
    n_atoms : int
        Number of patterns.
    alpha : float
        Penalty on the sum of absolute weights.
    random_state : RandomState
        Chooses the patches that the atoms start from, and the order of learning.

    Returns
    -------
    Dictionary
        Learned in one pass over the patches.
    """
    values = patches.astype(np.float64)
    mean = values.mean(axis=0)
    values -= mean
    variance, axes = np.linalg.eigh(values.T @ values / len(values))
    whitening = (axes / np.sqrt(np.maximum(variance, 0) + _WHITENING_FLOOR)) @ axes.T
    values = values @ whitening
    start = values[random_state.choice(len(values), n_atoms, replace=len(values) < n_atoms)]
    learner = MiniBatchDictionaryLearning(
        n_atoms,
        alpha=alpha,
        max_iter=1,
        batch_size=_BATCH_SIZE,
        fit_algorithm="cd",
        dict_init=start / np.maximum(np.linalg.norm(start, axis=1, keepdims=True), 1e-9),
        max_no_improvement=None,
        random_state=random_state,
    )
    with warnings.catch_warnings():
        # One step of many: the weights of a batch need not be exact.
        warnings.simplefilter("ignore", ConvergenceWarning)
        atoms = learner.fit(values).components_
    filters = whitening @ atoms.T
    return Dictionary(filters.astype(np.float32), (mean @ filters).astype(np.float32))


def pooled_codes(patches: Patches, dictionary: Dictionary, alpha: float) -> np.ndarray:
    """Mean response to each pattern, and to its opposite, in each zone of a lesion.

    Parameters
    ----------
    patches : Patches
        Of one lesion.
    dictionary : Dictionary
        Learned patterns.
    alpha : float
        Response that counts as none.

    Returns
    -------
    ndarray of shape (2 * n_zones * n_atoms,), float32
        By zone, atom and sign; in [0, 1], of norm 1, or all 0 where nothing responds.
    """
    share = (patches.zone == np.arange(len(ZONES))[:, None]).astype(np.float32)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1)
    responses = patches.values @ dictionary.filters - dictionary.offset
    signed = [share @ np.maximum(part - alpha, 0) for part in (responses, -responses)]
    # The root keeps a few strong patterns from hiding all others.
    codes = np.sqrt(np.stack(signed, axis=-1)).ravel()
    return codes / max(float(np.linalg.norm(codes)), 1e-12)


class SparseCodes(LearnedDescriptor):
    """Which patterns of a dictionary, learned on training lesions, a lesion shows and where.

    Columns ``<zone>_atom<i>_<plus|minus>``, 768 by default: how strongly the lesion's core, middle
    and rim respond to each learned pattern and to its opposite, on average over their patches.

    Parameters
    ----------
    n_atoms : int, default=128
        Patterns in the dictionary.
    patch_size : int, default=8
        Side of a patch, in pixels of the lesion as it is shrunk to `size`.
    step : int, default=4
        From one patch to the next, in the same pixels.
    size : int, default=64
        Longer side that larger lesions are shrunk to; smaller ones keep their pixels.
    color : {"rgb", "gray"}, default="rgb"
        Whether patches are of colour or of luminance.
    alpha : float, default=1.0
        Penalty on the weights in learning, and response that counts as none in encoding.
    n_patches : int, default=10000
        Patches to learn from, about: as many from each lesion, where it has them.
    random_state : int, RandomState or None, default=None
        Draws the patches that are learned from.

    Attributes
    ----------
    dictionary_ : Dictionary
        What was learned.

    See Also
    --------
    features.texture.patches.lesion_patches : What is taken of a lesion.
    learn_dictionary : What is learned of it.
    pooled_codes : The columns.

    Notes
    -----
    The idea is that of Codella et al.: melanoma told by sparse codes of small patches, of grey and
    of colour. Ours are the rest: patches of the lesion alone, their whitening, an encoder that
    takes one step of the lasso's own iteration (a soft threshold) in place of solving it, which
    by Coates and Ng does nearly as well for far less, and pooling over thirds by depth
    rather than over quadrants: a lesion has no upright, and depth turns with it. The mean served
    better than the maximum on HAM10000, and colour better than grey.

    Learning makes one pass over the patches and keeps 8 bytes a value of them; encoding takes
    lesions one by one, so that a row never depends on its batch.

    References
    ----------
    Codella et al. (2015), Machine Learning in Medical Imaging, LNCS 9352, 118-126.
    Coates & Ng (2011), International Conference on Machine Learning, 921-928.
    Mairal et al. (2009), International Conference on Machine Learning, 689-696.
    """

    block = "sparse_codes"
    version = 1

    def __init__(
        self,
        n_atoms: int = 128,
        patch_size: int = 8,
        step: int = 4,
        *,
        size: int = 64,
        color: str = "rgb",
        alpha: float = 1.0,
        n_patches: int = 10_000,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_atoms = n_atoms
        self.patch_size = patch_size
        self.step = step
        self.size = size
        self.color = color
        self.alpha = alpha
        self.n_patches = n_patches
        self.random_state = random_state

    def feature_names(self) -> list[str]:
        """Return ``<zone>_atom<i>_<sign>``, the atoms' numbers padded with zeros."""
        width = len(str(self.n_atoms - 1))
        return [
            f"{zone}_atom{atom:0{width}d}_{sign}"
            for zone in ZONES
            for atom in range(self.n_atoms)
            for sign in SIGNS
        ]

    def fingerprint(self) -> str:
        """Names the pictures in a feature store: other dictionaries learn from the same ones."""
        return f"{type(self).__name__}:{self.version}:{self.size}"

    def describe(self, batch: LesionBatch) -> Tensor:
        """Cut the lesions out, (n, 4, size, size) uint8."""
        self._check_parameters()
        return lesion_pictures(batch.pixels, batch.mask, self.size)

    def learn(self, pictures: np.ndarray) -> Self:
        """Learn a dictionary from the patches of some lesions.

        Parameters
        ----------
        pictures : ndarray of shape (n, 4, size, size), uint8
            As `describe` gives them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            A parameter is out of range, or no lesion holds a whole patch.
        """
        self._check_parameters()
        rng = check_random_state(self.random_state)
        self.dictionary_ = learn_dictionary(
            self._draw_patches(pictures, rng), self.n_atoms, self.alpha, rng
        )
        return self

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """Pool the responses of each lesion's patches, (n, 6 * n_atoms) float32."""
        codes = np.empty((len(pictures), len(self.feature_names())), dtype=np.float32)
        # One at a time: a product of matrices of another height may round otherwise.
        for row, picture in zip(codes, pictures, strict=True):
            row[:] = pooled_codes(self._patches(picture), self.dictionary_, self.alpha)
        return codes

    def _patches(self, picture: np.ndarray) -> Patches:
        return lesion_patches(picture, self.patch_size, self.step, self.color)

    def _draw_patches(self, pictures: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """Draw as many patches from each lesion, (n_patches, n_values)."""
        chosen = rng.permutation(len(pictures))[: self.n_patches]
        quota = -(-self.n_patches // max(1, len(chosen)))
        drawn = []
        for row in chosen:
            values = self._patches(pictures[row]).values
            drawn.append(values[rng.permutation(len(values))[:quota]])
        patches = np.concatenate(drawn) if drawn else np.empty((0, 1), dtype=np.float32)
        if not len(patches):
            raise ValueError(
                f"None of the {len(pictures)} lesions holds a whole patch of {self.patch_size} x "
                f"{self.patch_size} pixels: there is nothing to learn from. Use a smaller "
                "`patch_size`, or larger images."
            )
        return patches

    def _check_parameters(self) -> None:
        lowest: dict[str, int] = {"n_atoms": 1, "patch_size": 2, "step": 1, "n_patches": 1}
        for name, low in (lowest | {"size": self.patch_size}).items():
            check_int(name, getattr(self, name), low)
        if not isinstance(self.alpha, Real) or not 0 < self.alpha < np.inf:
            raise ValueError(f"`alpha` must be a positive number, got {self.alpha!r}.")
        check_choice("color", self.color, COLORS)
