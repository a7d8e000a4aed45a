"""What the numbers do not say."""

from pipelines.reporting.content import Items, Section
from pipelines.reporting.results import Results


def make_section(results: Results) -> Section:
    """Make the section."""
    differences = results.record.differences
    corrected = "corrected_low" in differences and differences["corrected_low"].notna().any()
    limits = [
        "This is a research tool, not a medical device. Nothing in it is a diagnosis or a basis "
        "for one.",
        "Intervals of scores come from resampling lesions of the out-of-fold predictions. They "
        "hold the chance in which lesions were photographed, not the variation from training again "
        "on other images, and are therefore somewhat too narrow."
        + (" The corrected intervals of differences hold both." if corrected else ""),
        "Scores answer for images like those tested here: the same devices, clinics and selection "
        "of patients. On other sources they are usually lower.",
    ]
    if results.positive is not None:
        limits.append(
            f"{results.positive} is more frequent here than where patients are first seen. Net "
            "benefit, precision and calibration change with how frequent it is."
        )
    limits.append(
        "Several models, classes and groups are shown. Only comparisons named as planned are "
        "corrected for their number; the headline comparison is the one to lean on."
        if "declared" in differences
        else "Several models and classes are shown without a correction for multiplicity; the "
        "headline comparison is the one to lean on."
    )
    return Section("limits", "Limits", "", [Items(limits)])
