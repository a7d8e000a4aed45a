import json

import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import as_splits
from pipelines.evaluation.fitting.fold_run import FoldRun
from pipelines.evaluation.fitting.parts import Parts
from pipelines.evaluation.fitting.selections import Selection

SPLIT = as_splits(np.array([0, 1, 0, 1]))[1]


@pytest.fixture
def run():
    return FoldRun(
        repeat=0,
        fold=1,
        classes=["mel", "nv"],
        rows=SPLIT.test,
        probabilities=np.array([[0.1, 0.9], [1 / 3, 2 / 3]]),
        training={"mel": 1, "nv": 1},
        train_lesions=2,
        fit_seconds=1.5,
        predict_seconds=0.1,
        train_auc=0.9,
        kept=Selection(["a__x"], 3),
        contributions=pd.DataFrame({"block": ["a"], "column": ["a__x"], "contribution": [0.5]}),
        inner_rows=SPLIT.train,
        inner_probabilities=np.array([[0.2, 0.8], [0.7, 0.3]]),
    )


@pytest.fixture
def parts(tmp_path, run):
    kept = Parts(tmp_path, "data")
    kept.save("my model", "print", SPLIT, run)
    return kept


def test_a_fold_comes_back_bit_for_bit(parts, run):
    found = parts.load("my model", "print", SPLIT)
    np.testing.assert_array_equal(found.probabilities, run.probabilities)
    np.testing.assert_array_equal(found.inner_probabilities, run.inner_probabilities)
    np.testing.assert_array_equal(found.rows, run.rows)
    assert found.kept == run.kept
    pd.testing.assert_frame_equal(found.contributions, run.contributions)
    assert (found.train_auc, found.fit_seconds) == (0.9, 1.5)
    assert parts.finished("my model", "print", [SPLIT])


@pytest.mark.parametrize(
    ("name", "model", "split"),
    [
        ("my-model", "print", SPLIT),
        ("my model", "other", SPLIT),
        ("my model", "print", SPLIT._replace(fold=0)),
        ("my model", "print", SPLIT._replace(train=np.array([0]))),
    ],
)
def test_other_folds_are_not_taken_for_it(name, model, split, parts):
    assert parts.load(name, model, split) is None


def test_other_data_are_not_taken_for_it(parts):
    assert Parts(parts.directory, "other").load("my model", "print", SPLIT) is None


def test_a_half_written_fold_is_absent(parts, tmp_path):
    (mark,) = tmp_path.rglob("*.json")
    assert json.loads(mark.read_text())["fold"] == 1
    mark.unlink()
    assert parts.load("my model", "print", SPLIT) is None


def test_a_gap_in_training_scores_survives(parts, run):
    run.train_auc, run.kept, run.contributions = np.nan, None, None
    parts.save("bare", "print", SPLIT, run)
    found = parts.load("bare", "print", SPLIT)
    assert np.isnan(found.train_auc)
    assert found.kept is None
    assert found.contributions is None


def test_nothing_is_kept_without_a_folder(run):
    nowhere = Parts(None, "data")
    nowhere.save("m", "print", SPLIT, run)
    assert nowhere.load("m", "print", SPLIT) is None
