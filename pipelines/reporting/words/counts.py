"""How many images and lesions there are, in words."""

import pandas as pd

from pipelines.reporting.results import Results
from pipelines.reporting.words.protocol import protocol_of


def amount(results: Results, cohort: pd.DataFrame) -> str:
    """Word a number of images, and of lesions where images name them.

    Parameters
    ----------
    results : Results
        Of a comparison.
    cohort : DataFrame
        From `summarise_cohort`.

    Returns
    -------
    str
        As in '10,015 images of 7,470 lesions'.
    """
    images = f"{cohort['images'].sum():,} images"
    return (
        f"{images} of {cohort['lesions'].sum():,} lesions" if results.unit == "lesion" else images
    )


def data_set(results: Results) -> str:
    """Name the data, and count what was tested of it.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    str
        Short, as above the answer: 'ham10000, tested on 1,494 of 7,470 lesions, 2,003 of 10,015
        images, 7 classes'.
    """
    settings, tested, all_of_it = results.settings, results.tested, results.record.cohort
    name = "Synthetic data" if settings["synthetic"] else settings.get("dataset")
    part = tested["images"].sum() < all_of_it["images"].sum()
    external = protocol_of(results) == "external"
    counts = []
    for unit in ("lesions", "images") if results.unit == "lesion" else ("images",):
        # Training images of another data set are no whole of which those tested are a part.
        of_all = f" of {all_of_it[unit].sum():,}" if part and not external else ""
        counts.append(f"{tested[unit].sum():,}{of_all} {unit}")
    words = ", ".join([*counts, f"{len(tested)} classes"])
    if external:
        other = settings["external"]
        what = "External data" if other == "given" else str(other)
        return f"{what}, by models of {name or 'other data'}: {words}"
    if not name:
        return words
    return f"{name}, tested on {words}" if part else f"{name}: {words}"
