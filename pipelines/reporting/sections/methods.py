"""A paragraph of methods, ready to paste."""

from pipelines.reporting.cells import join, number
from pipelines.reporting.content import Items, Part, Prose, Section
from pipelines.reporting.protocol_words import splitting, tested_on
from pipelines.reporting.results import Results
from pipelines.reporting.sections.reproduce import describe_model

REFERENCES = {
    "Nadeau and Bengio": "Nadeau & Bengio (2003), Machine Learning 52, 239-281.",
    "Holm": "Holm (1979), Scandinavian Journal of Statistics 6, 65-70.",
    "DeLong": "DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.",
    "Vickers": "Vickers & Elkin (2006), Medical Decision Making 26, 565-574.",
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
        _intervals(results),
        *_tests(results),
        *_decisions(results),
        _software(results),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _data(results: Results) -> str:
    cohort = results.record.cohort
    name = results.settings.get("dataset")
    where = f"{name}, " if name else ""
    if results.settings["synthetic"]:
        where = "synthetic images, "
    skipped = len(results.record.skipped)
    images = "image" if skipped == 1 else "images"
    left_out = f"; {skipped:,} {images} could not be used" if skipped else ""
    return (
        f"We used {where}{cohort['images'].sum():,} images of {cohort['lesions'].sum():,} lesions "
        f"in {len(cohort)} classes{left_out}."
    )


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
    return (
        "Probabilities were averaged over the images of a lesion, and the lesion was the unit of "
        "analysis. The primary score was the macro-averaged one-vs-rest area under the ROC curve "
        f"({tested_on(results)}){positive}."
    )


def _intervals(results: Results) -> str:
    return (
        f"Intervals are 95% percentile intervals of {results.settings['n_bootstrap']:,} bootstrap "
        "draws of lesions, stratified by class and shared by all models, so that differences are "
        "paired."
    )


def _tests(results: Results) -> list[str]:
    table, plan = results.record.differences, results.plan
    found = []
    if "corrected_low" in table and table["corrected_low"].notna().any():
        found.append(
            "Differences were tested with the corrected resampled t test (Nadeau and Bengio 2003)."
        )
        found.append(
            "Models were called equivalent where the interval of their difference lay within "
            f"±{results.margin:g}."
        )
    if "p_holm" in table and table["p_holm"].notna().any():
        count = int(table["p_holm"].notna().sum())
        found.append(f"P values of the {count} planned comparisons were adjusted by Holm (1979).")
    if "p_delong" in table and table["p_delong"].notna().any():
        found.append(
            "On the fixed test set areas were also compared by the method of DeLong et al. (1988)."
        )
    if plan.get("hash"):
        words = (
            f"The plan was locked before any model was fitted (sha256 {str(plan['hash'])[:12]})."
        )
        detectable = plan.get("detectable")
        if isinstance(detectable, int | float):
            words = words[:-1] + (
                "; the smallest difference detectable at this number of lesions with 80% power "
                f"was {number(detectable)}."
            )
        found.append(words)
    if plan.get("exploratory"):
        later = join([str(name) for name in plan["exploratory"]])
        found.append(f"Exploratory, since added later: {later}.")
    return found


def _decisions(results: Results) -> list[str]:
    found = []
    if results.table("decision_curve") is not None:
        found.append("Net benefit followed Vickers and Elkin (2006).")
    biopsies = results.table("biopsies")
    if biopsies is not None:
        first = biopsies.iloc[0]
        found.append(
            f"Biopsies were counted at {first['target_sensitivity']:.0%} sensitivity and a "
            f"prevalence of {first['prevalence']:.1%}."
        )
    return found


def _software(results: Results) -> str:
    versions = results.settings["versions"]
    named = ", ".join(f"{name} {of}" for name, of in versions.items())
    return f"Analyses were done with {named}."
