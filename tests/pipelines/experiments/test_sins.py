"""What each sin lets leak, looked at from inside."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.evaluation import make_folds
from pipelines.experiments.network_sin import FineTunedColumns
from pipelines.experiments.saved_columns import SavedColumns, extract_columns, join_columns
from pipelines.experiments.sins import SINS, best_try
from pipelines.experiments.study import Study, lesion_scores, lesion_truth
from pipelines.experiments.thresholds import best_thresholds


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers, in a list that clones share, which rows it was fitted on (column 0 is the row)."""

    seen = []  # noqa: RUF012

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen.append(np.asarray(X)[:, 0].astype(int).tolist())
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.fixture
def study():
    labels = np.array(["mel"] * 8 + ["nv"] * 16, dtype=object)
    rows = pd.DataFrame({"image": [f"{i}.png" for i in range(24)], "label": labels})
    rows["lesion"] = [f"L{i // 2}" for i in range(24)]
    rows["x__row"] = np.arange(24.0)
    rows["x__noise"] = np.random.default_rng(0).normal(size=24)
    steps = [("scale", "passthrough"), ("select", "passthrough"), ("classify", Spy())]
    Spy.seen.clear()
    return Study(rows, ["x__row", "x__noise"], Pipeline(steps), make_folds(rows, 4), named=False)


def test_honest_rows_never_meet_their_lesion(study):
    study.honest  # noqa: B018
    assert len(Spy.seen) == 4
    for fold, rows in enumerate(Spy.seen):
        tested = np.flatnonzero(study.folds == fold)
        assert not {i // 2 for i in rows} & {i // 2 for i in tested}


def test_splitting_images_parts_lesions(study):
    study.honest  # noqa: B018
    Spy.seen.clear()
    SINS["images"].commit(study)
    shared = [
        {i // 2 for i in rows} & {i // 2 for i in set(range(24)) - set(rows)} for rows in Spy.seen
    ]
    assert all(shared)


def test_copies_meet_their_row_only_under_the_sin(study):
    SINS["oversampling"].commit(study)
    sinful, honest = Spy.seen[:4], Spy.seen[4:]
    tested = [set(np.flatnonzero(study.folds == fold)) for fold in range(4)]
    assert any(set(rows) & test for rows, test in zip(sinful, tested, strict=True))
    assert not any(set(rows) & test for rows, test in zip(honest, tested, strict=True))
    # The honest twin is balanced in each fold.
    assert all(sum(i < 8 for i in rows) == sum(i >= 8 for i in rows) for rows in honest)


def test_inner_studies_know_training_rows_only(study):
    inner = study.inside(0)
    assert set(inner.manifest["x__row"].astype(int)) == set(np.flatnonzero(study.folds != 0))
    assert inner.folds.max() == 2


def test_scores_of_a_lesion_are_the_mean_of_its_images(study):
    predictions = study.honest.copy()
    predictions["p_mel"] = np.arange(24) / 20
    predictions["p_nv"] = 1 - predictions["p_mel"]
    assert lesion_scores(predictions)[:2, 0].tolist() == pytest.approx([0.025, 0.125])
    assert lesion_truth(predictions)[:, 0].tolist() == [True] * 4 + [False] * 8


@pytest.mark.parametrize(
    ("scores", "expected"),
    [([0.1, 0.2, 0.6, 0.9], 0.4), ([0.6, 0.9, 0.1, 0.2], np.inf), ([0.5, 0.5, 0.5, 0.5], np.inf)],
)
def test_thresholds(scores, expected):
    truth = np.array([False, False, True, True])[:, None]
    assert best_thresholds(np.array(scores)[:, None], truth)[0] == pytest.approx(expected)


def test_best_try_is_the_one_with_the_largest_area():
    truth = np.eye(2, dtype=bool)[[0, 0, 1, 1]]
    right = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    assert best_try(np.stack([1 - right, right, right]), truth) == 1


class Recall(ClassifierMixin, BaseEstimator):
    """A network that knows its training images by heart, and nothing else."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.known_ = dict(zip(X["image"], np.asarray(y) == "mel", strict=True))
        return self

    def embed(self, X):
        return np.array([[self.known_.get(name, 0.5)] for name in X["image"]], dtype=float)


def test_network_fine_tuned_on_all_rows_gives_labels_away(study):
    steps = [("scale", StandardScaler()), ("select", "passthrough")]
    model = Pipeline([*steps, ("classify", LogisticRegression(C=100))])
    outcome = SINS["network"].commit(
        Study(
            study.manifest,
            ["x__noise"],
            model,
            study.folds,
            network=Recall(),
        )
    )
    truth = lesion_truth(study.honest)
    assert (outcome.sinful.argmax(axis=1) == truth.argmax(axis=1)).all()
    assert (outcome.honest.argmax(axis=1) != truth.argmax(axis=1)).any()


def test_fine_tuned_columns_are_named(study):
    step = FineTunedColumns(Recall(), ["x__noise"]).fit(study.manifest, study.labels)
    assert step.get_feature_names_out().tolist() == ["x__noise", "cnn_embedding__0"]
    assert step.transform(study.manifest).shape == (24, 2)


def test_saved_columns_are_taken_in_their_order(study):
    step = SavedColumns(["x__noise", "x__row"]).set_output(transform="pandas")
    assert step.fit_transform(study.manifest).columns.tolist() == ["x__noise", "x__row"]


def test_columns_of_one_name_are_refused(study):
    with pytest.raises(ValueError, match=r"both have the column\(s\) x__row"):
        join_columns(study.manifest, study.manifest[["x__row"]])


def test_a_model_without_images_is_refused(study):
    with pytest.raises(ValueError, match="cannot be extracted once for all folds"):
        extract_columns(LogisticRegression(), study.manifest)
