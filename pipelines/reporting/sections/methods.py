"""A paragraph of methods, ready to paste."""

from collections.abc import Iterator

from pipelines.evaluation.scoring.drawn import MOST_DRAWS
from pipelines.reporting.cells import join, number
from pipelines.reporting.content import Items, Part, Prose, Section
from pipelines.reporting.results import Results
from pipelines.reporting.sections.reproduce import describe_model
from pipelines.reporting.words.counts import amount
from pipelines.reporting.words.protocol import external_set, protocol_of, splitting, tested_on
from pipelines.reporting.words.sentences import difference_of, headline_pair, shown_with_power

REFERENCES = {
    "Nadeau and Bengio": "Nadeau & Bengio (2003), Machine Learning 52, 239-281.",
    "Holm": "Holm (1979), Scandinavian Journal of Statistics 6, 65-70.",
    "DeLong": "DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.",
    "Vickers": "Vickers & Elkin (2006), Medical Decision Making 26, 565-574.",
}
# Analyses whose intervals are those of the first repeat, moved to the mean of all.
_OF_FIRST_REPEAT = {
    "per_class": "classes",
    "calibration": "calibration",
    "within": "sources and verification",
    "fairness": "groups of patients",
    "biopsies": "biopsies",
}


def make_section(results: Results) -> Section:
    """Make the section."""
    paragraph = methods_paragraph(results)
    cited = [reference for name, reference in REFERENCES.items() if name in paragraph]
    parts: list[Part] = [Prose(paragraph, paste=True)]
    if cited:
        parts.append(Items(cited))
    lead = "Ready to paste; it states what was done in this run and nothing else."
    return Section("methods", "Methods", lead, parts)


def methods_paragraph(results: Results) -> str:
    """Word protocol, folds, groups, bootstrap, corrections and versions.

    Parameters
    ----------
    results : Results
        Of a comparison.

    Returns
    -------
    str
        One paragraph of plain text.
    """
    sentences = [
        _data(results),
        _folds(results),
        _models(results),
        _scores(results),
        *_intervals(results),
        *_tests(results),
        *_plan(results),
        *_decisions(results),
        _software(results),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _data(results: Results) -> str:
    settings, cohort, tested = results.settings, results.record.cohort, results.tested
    name = settings.get("dataset")
    where = f"{name}, " if name else ""
    if settings["synthetic"]:
        where = "synthetic images, "
    also = f"{external_set(results)}, together " if protocol_of(results) == "external" else ""
    if also:
        where = f"{name or 'one data set'} and "
    words = f"We used {where}{also}{amount(results, cohort)} in {len(cohort)} classes"
    if tested["images"].sum() < cohort["images"].sum():
        words += f", of which {amount(results, tested)} were tested"
    skipped = len(results.record.skipped)
    if skipped:
        words += f"; {skipped:,} image{'s' * (skipped > 1)} could not be used"
    return f"{words}."


def _folds(results: Results) -> str:
    return (
        f"{splitting(results)} Every step that learns was fitted on training rows alone, and all "
        "models shared the splits."
    )


def _models(results: Results) -> str:
    models = results.settings["models"]
    names = [f"{name}, {describe_model(models[name])}" for name in results.models]
    return f"The models were: {'; '.join(names)}."


def _scores(results: Results) -> str:
    positive = f"; the class of concern was {results.positive}" if results.positive else ""
    unit = (
        "Probabilities were averaged over the images of a lesion, and the lesion was the unit of "
        "analysis."
        if results.unit == "lesion"
        else "Images do not name their lesion, so each was counted as a lesion of its own."
    )
    return (
        f"{unit} The primary score was the macro-averaged one-vs-rest area under the ROC curve "
        f"({tested_on(results)}){positive}."
    )


def _intervals(results: Results) -> Iterator[str]:
    n_draws = results.settings["n_bootstrap"]
    words = (
        f"Intervals are 95% percentile intervals of {n_draws:,} bootstrap draws of "
        f"{results.unit}s, stratified by class and shared by all models, so that differences are "
        "paired"
    )
    if n_draws > MOST_DRAWS:
        words += (
            f"; all serve the primary score and its differences, the first {MOST_DRAWS:,} the other"
            " scores"
        )
    yield f"{words}."
    moved = [name for table, name in _OF_FIRST_REPEAT.items() if results.table(table) is not None]
    if results.n_repeats > 1 and moved:
        yield (
            f"Scores are means over repeats; intervals of scores by {join(moved)} are those of the "
            "first repeat, moved to that mean."
        )


def _tests(results: Results) -> Iterator[str]:
    table = results.record.differences
    if table.empty:
        return
    corrected = table["corrected_low"].notna().any()
    if corrected:
        yield "Differences were put to the corrected resampled t test (Nadeau and Bengio 2003)."
    which = " (spanning those of the bootstrap and of the corrected test)" if corrected else ""
    yield (
        f"Two models were called equivalent where the interval of their difference{which} lay "
        f"within ±{results.margin:g}, else one was called better where it excluded 0; otherwise "
        "the comparison was called undecided."
    )
    if table["p_holm"].notna().any():
        count = int(table["p_holm"].notna().sum())
        yield f"P values of the {count} planned comparisons were adjusted by Holm (1979)."
    if table["p_delong"].notna().any():
        count = int(table["p_delong_holm"].notna().sum())
        where = {
            "groups": "the one tested fold",
            "source": "the one tested source",
            "split": "the published test set",
            "external": "the external test set",
        }[protocol_of(results)]
        adjusted = (
            f", and their p values for the {count} planned comparisons adjusted by Holm (1979)"
            if count
            else ""
        )
        yield (
            f"On {where}, areas of {results.positive} alone were compared by the method of DeLong "
            f"et al. (1988){adjusted}."
        )


def _plan(results: Results) -> Iterator[str]:
    plan = results.plan
    if plan.get("hash"):
        mark = f"(sha256 {str(plan['hash'])[:12]})"
        yield (
            f"The plan was written and locked before any model was fitted {mark}."
            if results.settings["locked"]
            else f"Comparisons were declared before any model was fitted {mark}; no plan was kept."
        )
    detectable, pair = plan.get("detectable"), headline_pair(results)
    if isinstance(detectable, int | float):
        words = (
            f"With this number of {results.unit}s a difference of {number(detectable)} was "
            "expected beforehand to be found with 80% power, for areas of 0.9 that correlate by "
            "0.5 and no variation of training"
        )
        gap = None if pair is None else difference_of(results.record.differences, *pair)
        shown = None if gap is None else shown_with_power(gap, results.n_tests)
        if pair is not None and shown is not None:
            words += (
                f"; by the width of the interval of {pair[0]} against {pair[1]}, one of "
                f"{number(shown)} is found with it"
            )
        yield f"{words}."
    if plan.get("exploratory"):
        later = join([str(name) for name in plan["exploratory"]])
        yield f"Exploratory, since added or changed later: {later}."


def _decisions(results: Results) -> Iterator[str]:
    settings = results.settings
    if results.table("decision_curve") is not None:
        yield (
            "Net benefit followed Vickers and Elkin (2006), at a prevalence of "
            f"{settings['prevalence']:.1%}."
        )
    if results.table("operating_points") is not None and len(results.record.inner):
        models = list(results.record.inner["model"].unique())
        who = "" if len(models) == len(results.models) else f" of {join(models)}"
        first = " of the first repeat" if results.n_repeats > 1 else ""
        yield (
            f"Thresholds{who} were set on {results.plan['protocol']['inner_splits']} inner folds "
            f"of each training part{first}: for {settings['target_sensitivity']:.0%} sensitivity "
            f"to {results.positive}, and for a missed case that costs {settings['miss_cost']:g} "
            "false alarms."
        )
    biopsies = results.table("biopsies")
    if biopsies is not None:
        first_row = biopsies.iloc[0]
        yield (
            f"Biopsies at equal sensitivity ({first_row['target_sensitivity']:.0%}) were counted "
            f"with thresholds set on the tested {results.unit}s themselves, at a prevalence of "
            f"{first_row['prevalence']:.1%}."
        )


def _software(results: Results) -> str:
    versions = results.settings["versions"]
    named = ", ".join(f"{name} {of}" for name, of in versions.items())
    return f"Analyses were done with {named}."
