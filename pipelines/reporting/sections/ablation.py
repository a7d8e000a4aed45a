"""What each block adds, and how many columns are enough, where that was run on these folds."""

from pipelines.reporting.content import Picture, Pictures, Section
from pipelines.reporting.experiments.ablation_figures import draw_curve, draw_ladder
from pipelines.reporting.pictures import picture
from pipelines.reporting.results import Results


def make_section(results: Results) -> Section | None:
    """Make the section; None where neither the ladder nor the curve was run."""
    ladder, curve = results.table("ladder"), results.table("selection_curve")
    pictures: list[Picture] = []
    if ladder is not None:
        pictures.append(
            picture(
                "ladder",
                draw_ladder(ladder),
                "Each block alone, and below what each step adds to the one it is compared with.",
                "Macro AUC of each block and gain of each step, with 95% intervals.",
            )
        )
    if curve is not None:
        pictures.append(
            picture(
                "selection-curve",
                draw_curve(curve),
                "Macro AUC by the share of the columns that a selector keeps.",
                "Macro AUC against the share of columns kept, a line a selector.",
            )
        )
    if not pictures:
        return None
    lead = "The same folds and classifier throughout, so that steps differ in their columns alone."
    return Section("ablation", "Ablation and selection", lead, [Pictures(pictures)])
