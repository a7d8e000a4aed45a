"""The same file of predictions, scored by us and by the evaluators of the challenges."""

import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import draw_lesions, score_models
from pipelines.evaluation.predictions import probabilities
from pipelines.evaluation.scoring.per_class import per_class_table

CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
SHARES = [0.05, 0.05, 0.11, 0.04, 0.11, 0.6, 0.04]
N = 700


@pytest.fixture
def predictions(tmp_path):
    """One image a lesion, one fold, written to a file and read again."""
    rng = np.random.default_rng(0)
    truth = np.r_[np.arange(7), rng.choice(7, size=N - 7, p=SHARES)]
    values = np.exp(2 * np.eye(7)[truth] + rng.normal(size=(N, 7)))
    values /= values.sum(axis=1, keepdims=True)
    names = np.array(CLASSES, dtype=object)
    table = pd.DataFrame({"image": [f"ISIC_{i:07d}" for i in range(N)], "label": names[truth]})
    table = pd.concat([table, pd.DataFrame(values, columns=[f"p_{c}" for c in CLASSES])], axis=1)
    table.to_parquet(tmp_path / "predictions.parquet")
    facts = {"model": "m", "repeat": 0, "row": np.arange(N), "lesion": table["image"], "fold": 0}
    decided = names[values.argmax(axis=1)]
    read = pd.read_parquet(tmp_path / "predictions.parquet")
    return read.assign(**facts, argmax=decided, prior_corrected=decided)


def our_scores(predictions):
    seconds = dict.fromkeys(("fit_seconds", "predict_seconds", "extract_seconds"), 0.0)
    timings = pd.DataFrame([{"model": "m", "repeat": 0, "fold": 0, **seconds}])
    counts = {f"n_{name}": 100 for name in CLASSES}
    training = pd.DataFrame([{"repeat": 0, "fold": 0, **counts}])
    found = score_models(predictions, timings, training=training, n_bootstrap=2)
    return found.metrics.set_index("unit").loc["image"]


def test_scores_are_those_of_isic_challenge_scoring(predictions):
    isic = pytest.importorskip("isic_challenge_scoring.metrics")
    # Its reader of files does not run on pandas 3, its scores do.
    index = pd.Index(predictions["image"], name="image")
    given = pd.DataFrame(probabilities(predictions), index, CLASSES)
    truth = pd.get_dummies(predictions["label"]).set_index(index)[CLASSES].astype(float)
    weights = pd.Series(1.0, index)
    ours = our_scores(predictions)
    theirs = isic.balanced_multiclass_accuracy(truth, given, weights)
    assert ours["balanced_accuracy"] == pytest.approx(theirs, abs=1e-9)
    areas = [isic.auc(truth[name], given[name], weights) for name in CLASSES]
    assert ours["macro_auc"] == pytest.approx(np.mean(areas), abs=1e-9)
    table = per_class_table(predictions, draw_lesions(predictions["label"].to_numpy(), 2, 0))
    table = table.set_index("class").loc[CLASSES]
    np.testing.assert_allclose(table["auc"], areas, atol=1e-9)
    precisions = [isic.average_precision(truth[name], given[name], weights) for name in CLASSES]
    np.testing.assert_allclose(table["average_precision"], precisions, atol=1e-9)


def test_scores_are_those_of_medmnist(predictions, tmp_path):
    medmnist = pytest.importorskip("medmnist")
    codes = pd.Index(CLASSES).get_indexer(predictions["label"])[:, None]
    np.savez(tmp_path / "dermamnist.npz", test_labels=codes)
    evaluator = medmnist.Evaluator("dermamnist", "test", root=str(tmp_path))
    theirs = evaluator.evaluate(probabilities(predictions))
    ours = our_scores(predictions)
    assert ours["macro_auc"] == pytest.approx(theirs.AUC, abs=1e-9)
    assert ours["accuracy"] == pytest.approx(theirs.ACC, abs=1e-9)
