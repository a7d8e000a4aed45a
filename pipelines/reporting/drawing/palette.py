"""Colours of the report. Figures are drawn in the light ones; the page swaps in the dark ones."""

from collections.abc import Sequence

INK = "#1c2430"
MUTED = "#66707f"
RULE = "#d5dae1"

# Ordered so that neighbours differ in lightness as well as in hue, for colour-blind readers.
SERIES = (
    "#2563a8",
    "#cf5a3c",
    "#2c8a6b",
    "#8757a3",
    "#b58320",
    "#3b95b3",
    "#b0416f",
    "#7a8290",
)
SERIES_DARK = (
    "#7db2ee",
    "#f2947a",
    "#6ecdaa",
    "#c7a0dd",
    "#e3b95f",
    "#83cfe8",
    "#ea8cb4",
    "#b0b7c2",
)
DASHES = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))


def series_index(models: Sequence[str]) -> dict[str, int]:
    """Place of each model in `SERIES`; a model keeps its colour in every figure and table."""
    return {model: place % len(SERIES) for place, model in enumerate(models)}


def css_variables() -> dict[str, str]:
    """CSS variable that stands for each light colour in a page."""
    names = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)"}
    return names | {color: f"var(--series-{i})" for i, color in enumerate(SERIES)}
