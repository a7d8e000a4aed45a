"""What is taken for what."""

import numpy as np
from sklearn.metrics import confusion_matrix

from pipelines.reporting.content import Fold, Part, Picture, Pictures, Section
from pipelines.reporting.drawing.figures import draw_cells
from pipelines.reporting.drawing.palette import SERIES
from pipelines.reporting.pictures import picture, slug
from pipelines.reporting.results import Results
from pipelines.reporting.words.sentences import headline_pair

RULES = {"argmax": "most probable class", "prior_corrected": "prior-corrected"}


def make_section(results: Results) -> Section:
    """Make the section; models other than those of the answer are folded away."""
    first = headline_pair(results) or (results.models[0],)
    drawn = {model: _pictures(results, model) for model in results.models}
    shown = [p for model in first for p in drawn[model]]
    others = [p for model in results.models if model not in first for p in drawn[model]]
    parts: list[Part] = [Pictures(shown)]
    if others:
        parts.append(Fold("Confusion of the other models", [Pictures(others)]))
    lead = (
        "Lesions by diagnosis and prediction; the shade is the share of the diagnosis. The most "
        "probable class favours frequent diagnoses. The prior-corrected rule divides each "
        "probability by the frequency of its class in training, and finds more of the rare ones "
        "at the price of false alarms."
    )
    if results.n_repeats > 1:
        lead += f" Counts are means over {results.n_repeats} draws of the folds."
    return Section("confusion", "Confusion", lead, parts)


def _pictures(results: Results, model: str) -> list[Picture]:
    table, classes = results.of_model(model), results.classes
    found = []
    for rule, words in RULES.items():
        counts = confusion_matrix(table["label"], table[rule], labels=classes) / results.n_repeats
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        texts = np.vectorize(lambda count: f"{count:,.0f}", otypes=[object])(counts)
        found.append(
            picture(
                f"confusion-{results.models.index(model) + 1}-{slug(model)}-{slug(rule)}",
                draw_cells(
                    shares,
                    texts,
                    classes,
                    classes,
                    SERIES[results.series[model]],
                    ("Predicted", "Diagnosis"),
                ),
                f"Confusion of {model}, {words}.",
                f"Confusion matrix of {model} by the {words} rule: {results.unit}s by diagnosis in "
                "rows, by prediction in columns.",
            )
        )
    return found
