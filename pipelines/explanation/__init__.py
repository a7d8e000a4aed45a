"""What a model's answer rests on: columns, blocks and places of the image."""

from pipelines.explanation.contributions import (
    Contributions,
    block_contributions,
    boosted_contributions,
    column_contributions,
    row_contributions,
)
from pipelines.explanation.explain import Explanation, explain
from pipelines.explanation.gradcam import ClassMaps, grad_cam, networks_of
from pipelines.explanation.occlusion import occlusion

__all__ = [
    "ClassMaps",
    "Contributions",
    "Explanation",
    "block_contributions",
    "boosted_contributions",
    "column_contributions",
    "explain",
    "grad_cam",
    "networks_of",
    "occlusion",
    "row_contributions",
]
