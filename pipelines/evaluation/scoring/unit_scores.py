"""All scores of one model at once, which share what is costly to compute."""

import numpy as np
import pandas as pd

from pipelines.evaluation.predictions import class_names, encode, probabilities
from pipelines.evaluation.scoring import metrics
from pipelines.evaluation.scoring.metrics import known_mean
from pipelines.evaluation.scoring.probability_scores import brier, log_loss
from pipelines.evaluation.scoring.ranking import area, cut, partial_area, precision_area


def unit_scores(
    table: pd.DataFrame, positive: str | None, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Every score of one model's pooled predictions under each weighting.

    Parameters
    ----------
    table : DataFrame of n rows
        Predictions of one model, per image or per lesion.
    positive : str or None
        Class of concern.
    weights : ndarray of shape (n, n_draws)
        Weight of each row in each draw.

    Returns
    -------
    dict of str to ndarray of shape (n_draws,)
        Named and ordered as the columns of the metrics table, with `macro_auc` of the pooled
        predictions.
    """
    classes = class_names(table)
    truth, values = encode(table["label"], classes), probabilities(table)
    matrices = {
        rule: metrics.confusion(truth, encode(table[rule], classes), len(classes), weights)
        for rule in ("argmax", "prior_corrected")
    }
    plain = matrices["argmax"]
    cuts = [cut(values[:, place], truth == place, weights) for place in range(len(classes))]
    areas = np.stack([area(each) for each in cuts])
    scores = {
        "macro_auc": known_mean(areas, axis=0),
        "balanced_accuracy": metrics.balanced_accuracy(plain),
        "balanced_accuracy_prior": metrics.balanced_accuracy(matrices["prior_corrected"]),
        "accuracy": metrics.accuracy(plain),
        "f1": known_mean(metrics.f1(plain), axis=0),
        "average_precision": known_mean(np.stack([precision_area(each) for each in cuts]), axis=0),
        "brier": brier(values, truth, weights),
        "log_loss": log_loss(values, truth, weights),
    }
    if positive is not None:
        scores["positive_auc"] = areas[classes.index(positive)]
        scores["positive_partial_auc"] = partial_area(cuts[classes.index(positive)])
    per_class = {
        "sensitivity": metrics.sensitivity(plain),
        "specificity": metrics.specificity(plain),
        "auc": areas,
    }
    for name, found in per_class.items():
        scores |= {f"{name}_{label}": value for label, value in zip(classes, found, strict=True)}
    return scores
