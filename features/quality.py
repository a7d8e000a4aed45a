"""What a prepared lesion says of itself: flags for the reader of a result, never features."""

from torch import Tensor

from features.batch import QUALITY, LesionBatch
from features.descriptor import Descriptor


class QualityFlags(Descriptor):
    """Flags and shares that tell how far a lesion's numbers can be trusted.

    ``mask_reliable`` (0 where the fail-safe ellipse stands in for a mask), ``mask_given``,
    ``hair_share``, ``field_of_view_share`` and ``lesion_share``, the last three of the frame.
    """

    block = "quality"

    def feature_names(self) -> tuple[str, ...]:
        """Names of the flags."""
        return QUALITY

    def describe(self, batch: LesionBatch) -> Tensor:
        """Pass on what preparation noted, (n, 5)."""
        return batch.quality
