"""The ABCD rule's letters as one block of readable columns."""

import torch
from torch import Tensor

from features.abcd.asymmetry import NAMES as ASYMMETRY
from features.abcd.asymmetry import asymmetry
from features.abcd.border import NAMES as BORDER
from features.abcd.border import border
from features.abcd.diameter import NAMES as DIAMETER
from features.abcd.diameter import diameter
from features.abcd.six_colors import NAMES as COLOR
from features.abcd.six_colors import six_colors
from features.batch import LesionBatch
from features.descriptor import Descriptor
from features.regions import surroundings

LETTERS = {"asymmetry": ASYMMETRY, "border": BORDER, "color": COLOR, "diameter": DIAMETER}


class ABCD(Descriptor):
    """Asymmetry, border, colour and diameter of the lesion.

    49 columns, ``<letter>_<measure>``. `asymmetry_score` (0 to 2), `border_score` (0 to 8) and
    `color_score` (1 to 6) imitate the letters of the dermoscopic ABCD rule; the other columns
    are the measures behind them and beside them.

    See Also
    --------
    features.abcd.asymmetry.asymmetry : Folding across axes.
    features.abcd.border.border : Irregularity and abruptness.
    features.abcd.six_colors.six_colors : Dermoscopic colours and variegation.
    features.abcd.diameter.diameter : Size in the original image.
    features.abcd.total_dermoscopy_score.total_dermoscopy_score : Weighs the letters.

    Notes
    -----
    D is the clinical rule's diameter. The dermoscopic rule's D, the count of structures, is not
    measured, so no total dermoscopy score is among the columns.

    References
    ----------
    Stolz et al. (1994), European Journal of Dermatology 4, 521-527.
    Nachbar et al. (1994), Journal of the American Academy of Dermatology 30(4), 551-559.
    """

    block = "abcd"
    version = 1

    def feature_names(self) -> list[str]:
        """Return ``<letter>_<measure>``."""
        return [f"{letter}_{name}" for letter, names in LETTERS.items() for name in names]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the measures, (n, 49) float32."""
        skin = surroundings(batch.skin, batch.mask, batch.valid)
        letters = [
            asymmetry(batch.lab, batch.mask),
            border(batch.lab[:, 0], batch.mask, batch.valid),
            six_colors(batch.lab, batch.mask, skin),
            diameter(batch.mask, batch.scale, batch.shape),
        ]
        return torch.cat([letter.float() for letter in letters], dim=1)
