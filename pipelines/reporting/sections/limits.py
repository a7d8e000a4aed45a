"""What the numbers do not say."""

from collections.abc import Iterator

import pandas as pd

from pipelines.reporting.content import Items, Section
from pipelines.reporting.results import Results
from pipelines.reporting.words.protocol import folds_of, protocol_of
from pipelines.reporting.words.sentences import difference_of, headline_pair

_RESAMPLED = {
    "groups": "{unit}s of the out-of-fold predictions",
    "source": "{unit}s of the sources left out",
    "split": "{unit}s of the published test set",
    "external": "{unit}s of the external test set",
}
_ALIKE = (
    "Scores answer for images like those tested here: the same devices, clinics and selection of "
    "patients. On other sources they are usually lower."
)
_REACH = {
    "groups": _ALIKE,
    "split": _ALIKE,
    "source": "Each source was tested by models that had not seen it; the next one may differ from "
    "all of these.",
    "external": "The tested images are of another data set than those trained on. Scores answer "
    "for that one; a third may differ from both.",
}


def make_section(results: Results) -> Section:
    """Make the section."""
    limits = [
        "This is a research tool, not a medical device. Nothing in it is a diagnosis or a basis "
        "for one.",
        _chance(results),
        *_one_fold(results),
        _REACH[protocol_of(results)],
        *_frequency(results),
        *_patients(results),
        _multiplicity(results),
    ]
    return Section("limits", "Limits", "", [Items(limits)])


def _chance(results: Results) -> str:
    differences = results.record.differences
    words = (
        f"Intervals of scores come from resampling "
        f"{_RESAMPLED[protocol_of(results)].format(unit=results.unit)}. They hold the chance in "
        f"which {results.unit}s were tested, not the variation from training again on other "
        "images, and are therefore somewhat too narrow."
    )
    if differences["corrected_low"].notna().any():
        words += " The corrected intervals of differences hold both."
    return words


def _one_fold(results: Results) -> Iterator[str]:
    if protocol_of(results) == "groups" and results.settings["n_splits"] == 1:
        yield (
            f"Only {folds_of(results)} was tested, so nothing is known of how scores vary with what"
            " was trained on."
        )


def _frequency(results: Results) -> Iterator[str]:
    if results.positive is None:
        return
    tested = results.tested.set_index("label")["lesions"]
    share = tested.get(results.positive, 0) / tested.sum()
    yield (
        f"{results.positive} is {share:.1%} of the {results.unit}s tested here, and "
        f"{results.settings['prevalence']:.1%} is assumed where models would be used. Average "
        "precision and calibration are those of the first figure, biopsies and net benefit those "
        "of the second."
    )


def _patients(results: Results) -> Iterator[str]:
    """Say how far intervals take for independent what is of one patient."""
    facts, unit = results.record.facts, results.unit
    known = facts["patient"].notna() if "patient" in facts else pd.Series(False, facts.index)
    if not known.any():
        yield (
            f"Patients are unknown: {unit}s of one patient may be both trained on and tested, and "
            "intervals take them for independent."
        )
        return
    n_patients, n_lesions = (facts.loc[known, name].nunique() for name in ("patient", "lesion"))
    if n_patients < n_lesions:
        yield (
            f"{n_lesions:,} {unit}s are of {n_patients:,} patients. Intervals take {unit}s for "
            "independent, and are too narrow as far as those of a patient are alike."
        )


def _multiplicity(results: Results) -> str:
    differences = results.record.differences
    pair = headline_pair(results)
    adjusted = any(differences[name].notna().any() for name in ("p_holm", "p_delong_holm"))
    shown = "Several classes and groups are shown" if pair is None else "Several models are shown"
    words = (
        f"{shown}. P values of planned comparisons alone are adjusted for their number; intervals "
        "and verdicts are not."
        if adjusted
        else f"{shown}, and nothing is adjusted for their number."
    )
    if pair is None:
        return words
    if difference_of(differences, *pair)["declared"]:
        return f"{words} The headline comparison is the one to lean on."
    return f"{words} The headline is about models chosen by their scores, which flatters the best."
