"""The ABCD rule's letters as one block of readable columns."""

import numpy as np
import torch
from torch import Tensor

from features.abcd.asymmetry import NAMES as ASYMMETRY
from features.abcd.asymmetry import asymmetry_of_one, asymmetry_samples
from features.abcd.border import NAMES as BORDER
from features.abcd.border import border_of_one, border_steps
from features.abcd.diameter import CALIBRATED, diameter_of_one
from features.abcd.diameter import NAMES as DIAMETER
from features.abcd.local_detail import LocalDetail
from features.abcd.shape import LesionShape
from features.abcd.six_colors import NAMES as COLOR
from features.abcd.six_colors import colors_of_one
from features.abcd.structures import NAMES as STRUCTURE
from features.abcd.structures import find_structures, structures_of_one
from features.abcd.total_dermoscopy_score import total_dermoscopy_score
from features.batch import LesionBatch
from features.descriptor import Descriptor

LETTERS = {
    "asymmetry": ASYMMETRY,
    "border": BORDER,
    "color": COLOR,
    "diameter": DIAMETER,
    "structure": STRUCTURE,
}
_NAMES = [f"{letter}_{name}" for letter, names in LETTERS.items() for name in names]
# The four letters of the dermoscopic rule, in its order.
_SCORES = [_NAMES.index(f"{letter}_score") for letter in LETTERS if letter != "diameter"]


class ABCD(Descriptor):
    """Asymmetry, border, colour, diameter and dermoscopic structures of the lesion.

    73 columns, ``<letter>_<measure>`` and `tds_proxy`. `asymmetry_score` (0 to 2),
    `border_score` (0 to 8), `color_score` (1 to 6) and `structure_score` (1 to 5) imitate the
    letters of the dermoscopic ABCD rule, and `tds_proxy` (1 to 8.9) weighs them as the total
    dermoscopy score does; the other columns are the measures behind them and beside them.

    See Also
    --------
    features.abcd.asymmetry.asymmetry : Folding across axes.
    features.abcd.border.border : Irregularity and abruptness.
    features.abcd.six_colors.six_colors : Dermoscopic colours and variegation.
    features.abcd.diameter.diameter : Size in the original image.
    features.abcd.structures.structures : Proxies of the dermoscopic structures.
    features.abcd.total_dermoscopy_score.total_dermoscopy_score : Weighs the letters.
    features.abcd.report.abcd_report : The same numbers with pictures that explain them.

    Notes
    -----
    D means two things: the clinical rule's diameter (`diameter_...`, in millimetres only where
    the image is calibrated, else NaN) and the dermoscopic rule's structures (`structure_...`).
    The structures are weak proxies and the thresholds of all scores are ours, set by reasoning
    and by looking at lesions, not calibrated on readers; only the share from which a colour
    counts was chosen by diagnoses, those of HAM10000. `tds_proxy` is not a total dermoscopy score
    that a dermatologist would give. Its categories hold for melanocytic lesions only and
    are no column.

    All of it is geometry of single lesions and runs on the CPU whatever device holds the batch.

    References
    ----------
    Stolz et al. (1994), European Journal of Dermatology 4, 521-527.
    Nachbar et al. (1994), Journal of the American Academy of Dermatology 30(4), 551-559.
    """

    block = "abcd"
    version = 5

    def feature_names(self) -> list[str]:
        """Return ``<letter>_<measure>``, and `tds_proxy`."""
        return [*_NAMES, "tds_proxy"]

    def nullable_names(self) -> list[str]:
        """Return the millimetres, unknown without a calibration."""
        return [f"diameter_{name}" for name in CALIBRATED]

    def describe(self, batch: LesionBatch) -> Tensor:
        """Compute the measures, (n, 73) float32."""
        planes = (batch.pixels, batch.lab, batch.mask, batch.valid)
        numbers = (batch.scale, batch.shape, batch.mm_per_pixel)
        images = zip(*(plane.cpu().numpy() for plane in planes), strict=True)
        sizes = zip(*(number.double().cpu().numpy() for number in numbers), strict=True)
        rows = [_row(*image, *size) for image, size in zip(images, sizes, strict=True)]
        values = np.stack(rows)
        score = total_dermoscopy_score(*values[:, _SCORES].T)
        columns = np.column_stack([values, score]).astype(np.float32)
        return torch.from_numpy(columns).to(batch.pixels.device)


def _row(
    pixels: np.ndarray,
    lab: np.ndarray,
    mask: np.ndarray,
    valid: np.ndarray,
    scale: float,
    frame: np.ndarray,
    mm_per_pixel: float,
) -> np.ndarray:
    """All letters of one lesion, (72,) float32."""
    shape = LesionShape(mask)
    inside = np.ascontiguousarray(lab[:, *shape.box])
    detail = LocalDetail(shape.mask, inside[0])
    samples = asymmetry_samples(shape, inside, detail)
    steps = border_steps(shape, lab[0], valid)
    letters = (
        asymmetry_of_one(shape, detail, samples),
        border_of_one(shape, steps),
        colors_of_one(shape, pixels[:, *shape.box], inside, samples[:3], steps.skin_lightness),
        diameter_of_one(shape, scale, frame, mm_per_pixel),
        structures_of_one(shape, find_structures(shape, detail)),
    )
    return np.concatenate(letters)
