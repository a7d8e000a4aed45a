import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from features.reading.files import read_image
from pipelines.data import make_lesions
from pipelines.evaluation.controls.counterfactuals import counterfactual_table


class Corner(ClassifierMixin, BaseEstimator):
    """Calls dark corners melanoma; `deaf` says the same of every image."""

    def __init__(self, deaf=False):
        self.deaf = deaf
        self.classes_ = np.array(["melanoma", "nevus"])
        self.seen = []

    def predict_proba(self, X):
        self.seen.append(X)
        corner = np.array([read_image(path)[:3, :3].mean() for path in X["image"]])
        dark = np.full(len(X), 0.3) if self.deaf else 0.9 - corner / 300
        return np.column_stack([dark, 1 - dark])


@pytest.fixture(scope="module")
def clear(tmp_path_factory):
    """Pictures without dark corners, from one to three a lesion."""
    root = tmp_path_factory.mktemp("clear")
    classes = ("melanoma", "nevus")
    drawn = make_lesions(50, classes, random_state=0, root=root, size=(96, 128))
    return drawn[~drawn["true_vignette"]]


def test_a_model_of_dark_corners_is_moved_by_them(clear, tmp_path):
    models = {"corner": Corner(), "deaf": Corner(deaf=True)}
    told = []
    table = counterfactual_table(
        models,
        clear,
        "melanoma",
        tmp_path,
        n=25,
        n_bootstrap=100,
        progress=lambda *step: told.append(step),
    )
    assert told == table[["model", "artefact"]].apply(tuple, axis=1).tolist()
    table = table.set_index(["model", "artefact"])
    corner = table.loc[("corner", "dark corners")]
    assert corner["shift"] > 0.4
    assert corner["moved_up"] == pytest.approx(corner["shift"])
    assert corner["flipped"] == 1
    assert table.loc[("corner", "hair"), "shift"] < corner["shift"] / 2
    scores = ["shift", "moved_up", "flipped"]
    assert (table.loc["deaf", scores] == 0).all(axis=None)
    for name in scores:
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()


def test_only_the_images_change_and_lesions_stay_whole(clear, tmp_path):
    model = Corner()
    counterfactual_table({"m": model}, clear, "melanoma", tmp_path, n=20, n_bootstrap=10)
    plain, *altered = model.seen
    assert 10 < len(plain) <= 20
    assert clear["lesion"].isin(plain["lesion"]).sum() == len(plain)
    assert len(altered) == 3
    for table in altered:
        assert table.drop(columns="image").equals(plain.drop(columns="image"))
        assert not set(table["image"]) & set(plain["image"])
    assert plain["image"].isin(clear["image"]).all()


def test_the_same_seed_gives_the_same_table(clear, tmp_path):
    tables = [
        counterfactual_table(
            {"m": Corner()}, clear, "melanoma", tmp_path / str(i), n=12, random_state=seed
        )
        for i, seed in enumerate([0, 0, 1])
    ]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_a_class_that_a_model_does_not_know(clear, tmp_path):
    with pytest.raises(ValueError, match="does not know the class of concern 'bcc'"):
        counterfactual_table({"m": Corner()}, clear, "bcc", tmp_path)
