import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from features.reading.files import read_image
from pipelines.evaluation import aggregate_lesions, draw_lesions, make_folds, out_of_fold
from pipelines.evaluation.controls.judging import controls_table, predict_controls
from pipelines.recipes.self_deception import make_controls

FOLDS = 3


def thumbnails(table):
    """Each picture as 8 x 8 pixels of mean colour."""
    rows = []
    for path in table["image"]:
        small = Image.fromarray(read_image(path)).resize((8, 8), Image.Resampling.BOX)
        rows.append(np.asarray(small, dtype=float).ravel())
    return np.array(rows)


class Thumbnails(ClassifierMixin, BaseEstimator):
    """A small model of pictures."""

    def fit(self, X, y):
        logistic = LogisticRegression(C=0.01, max_iter=500)
        self.model_ = make_pipeline(FunctionTransformer(thumbnails), StandardScaler(), logistic)
        self.model_.fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


def checked(model, table, folder, controls, n_draws=200):
    """Run a model and its controls; their table, by name of the control."""
    folds = make_folds(table, FOLDS)
    lesions = aggregate_lesions(out_of_fold({"m": model}, table, folds).predictions)
    made = make_controls({"m": model}, table, folds, folder, controls=controls)
    counts = draw_lesions(lesions["label"].to_numpy(), n_draws, 0)
    return controls_table(predict_controls(made, folds), lesions, counts).set_index("control")


def pictures(folder, n=90, *, patch=False, dark=0):
    """Lesions in the middle of noisy skin; of melanomas darker, or with a patch in the corner."""
    rng = np.random.default_rng(0)
    mask = np.zeros((48, 64), dtype=np.uint8)
    mask[16:32, 22:42] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    rows = []
    for i in range(n):
        image = rng.normal((210, 170, 150), 12, (48, 64, 3)) + rng.normal(0, 8)
        image[mask > 0] -= 60 + rng.normal(0, 8) + dark * (i % 2)
        if patch and i % 2:
            image[:6, :6] = (30, 60, 220)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / f"{i}.png")
        rows.append((str(folder / f"{i}.png"), "melanoma" if i % 2 else "nevus", f"L{i}"))
    table = pd.DataFrame(rows, columns=["image", "label", "lesion"])
    return table.assign(mask=str(folder / "mask.png"))


PICTURED = ["lesion blanked out", "skin border only", "file properties only", "majority"]


def test_a_corner_patch_is_found(tmp_path):
    table = checked(Thumbnails(), pictures(tmp_path, patch=True), tmp_path, PICTURED)
    assert table["flagged"].to_dict() == dict.fromkeys(PICTURED[:3], True) | {"majority": False}
    assert table.loc["skin border only", "share_of_excess"] > 0.9
    assert "rim of the picture alone" in table.loc["skin border only", "reason"]


def test_a_model_of_the_lesion_is_clean(tmp_path):
    names = [*PICTURED[:2], "majority", "shuffled labels"]
    table = checked(Thumbnails(), pictures(tmp_path, dark=40), tmp_path, names)
    assert not table["flagged"].any()
    assert (table.loc[PICTURED[:2], "share_of_excess"] < 0.5).all()
    assert table.loc["majority", "macro_auc"] == 0.5


def test_noise_is_not_flagged(tmp_path):
    table = checked(Thumbnails(), pictures(tmp_path), tmp_path, ["skin border only", "majority"])
    assert not table["flagged"].any()
    assert table["share_of_excess"].isna().all()
    assert "not above chance" in table.loc["majority", "reason"]


def test_a_model_that_knows_no_more_than_the_source_is_flagged(manifest, models, tmp_path):
    source = np.where(manifest["label"] == "melanoma", "a", np.arange(len(manifest)) % 2)
    known = manifest.assign(source=source.astype(str), x0=(source == "a").astype(float))
    table = checked(models["cnn"], known, tmp_path, ["source only"])
    assert table.loc["source only", "flagged"]
    lesion = checked(models["fusion"], manifest.assign(source="x"), tmp_path, ["majority"])
    assert not lesion.loc["majority", "flagged"]


class ReadsLabel(ClassifierMixin, BaseEstimator):
    """Cheats: takes the label of a row from the row."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return (X["label"].to_numpy()[:, None] == self.classes_).astype(float)


def test_shuffled_labels_catch_a_model_that_reads_them(manifest, tmp_path):
    table = checked(ReadsLabel(), manifest, tmp_path, ["shuffled labels"])
    row = table.loc["shuffled labels"]
    assert row["macro_auc"] == 1
    assert row["flagged"]
    assert np.isnan(row["share_of_excess"])


class SelectsOnAllRows(ClassifierMixin, BaseEstimator):
    """Cheats: columns are chosen by the labels of all rows, test rows too."""

    def __init__(self, columns, whole):
        self.columns = columns
        self.whole = whole

    def fit(self, X, y):
        # A row is found again by its image; labels are those of the manifest in use.
        self.select_ = SelectKBest(k=10).fit(self.whole[self.columns], self.whole["label"])
        chosen = self.select_.transform(X[self.columns])
        self.model_ = LogisticRegression().fit(chosen, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(self.select_.transform(X[self.columns]))


def test_shuffled_labels_catch_columns_chosen_outside_the_fold(tmp_path):
    rng = np.random.default_rng(0)
    columns = [f"x{i}" for i in range(400)]
    table = pd.DataFrame(rng.normal(size=(120, 400)), columns=columns)
    table = table.assign(image=[f"{i}.png" for i in range(120)], label=["mel", "nv"] * 60)
    folds = make_folds(table, FOLDS)
    (control,) = make_controls(
        {"m": ReadsLabel()}, table, folds, tmp_path, controls=["shuffled labels"]
    )
    shuffled = control.manifest
    cheat = control._replace(estimator=SelectsOnAllRows(columns, shuffled))
    lesions = aggregate_lesions(out_of_fold({"m": ReadsLabel()}, table, folds).predictions)
    counts = draw_lesions(lesions["label"].to_numpy(), 200, 0)
    row = controls_table(predict_controls([cheat], folds), lesions, counts).iloc[0]
    assert row["flagged"]
    assert row["macro_auc"] > 0.7


def test_a_control_of_its_own_is_held_against_every_model(manifest, models, tmp_path):
    folds = make_folds(manifest, FOLDS)
    found = out_of_fold(models, manifest, folds)
    lesions = aggregate_lesions(found.predictions)
    counts = draw_lesions(lesions.drop_duplicates("lesion")["label"].to_numpy(), 50, 0)
    made = make_controls(models, manifest, folds, tmp_path, controls=["majority"])
    table = controls_table(predict_controls(made, folds), lesions, counts)
    assert table["model"].tolist() == ["fusion", "cnn"]
    assert (table["macro_auc"] == 0.5).all()
    assert (table["share_of_excess"] == 0).all()


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_the_share_of_the_excess(manifest, models, tmp_path, share):
    """A control whose predictions are those of the model, in part."""
    folds = make_folds(manifest, FOLDS)
    lesions = aggregate_lesions(out_of_fold({"m": models["fusion"]}, manifest, folds).predictions)
    counts = draw_lesions(lesions["label"].to_numpy(), 200, 0)
    plain = controls_table(lesions.assign(control="x", model=""), lesions, counts).iloc[0]
    assert plain["share_of_excess"] == 1
    assert plain["flagged"]
    weak = lesions.copy()
    columns = [name for name in weak if name.startswith("p_")]
    blank = np.random.default_rng(0).random(len(weak)) > share
    weak.loc[blank, columns] = 1 / 3
    row = controls_table(weak.assign(control="x", model=""), lesions, counts).iloc[0]
    assert row["flagged"] == (row["share_of_excess"] >= 0.9)
    assert row["share_of_excess"] < 1
