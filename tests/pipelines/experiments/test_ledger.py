import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fusion import BlockScaler, BoltzmannSelector
from pipelines.experiments import SINS, ledger, ledger_of_table
from pipelines.recipes import make_fusion_classifier


def make_model(select="passthrough"):
    return Pipeline(
        [("scale", StandardScaler()), ("select", select), ("classify", LogisticRegression())]
    )


@pytest.fixture
def table():
    """Two images of each of 60 lesions, of which one in three is a melanoma."""
    rng = np.random.default_rng(0)
    lesions = np.repeat(np.arange(60), 2)
    y = np.where(lesions % 3 == 0, "melanoma", "nevus")
    X = rng.normal(size=(60, 30))[lesions] + 0.3 * rng.normal(size=(120, 30))
    X[:, 0] += y == "melanoma"
    return X, y, lesions


def test_every_sin_has_an_entry_with_intervals(table):
    found = ledger_of_table(*table, n_bootstrap=50, n_tries=2, n_splits=3)
    entries = found.entries.set_index("sin")
    assert list(entries.index) == [name for name in SINS if name != "network"]
    assert found.left_out == {}
    for score in ("honest", "sinful", "difference"):
        assert (entries[f"{score}_low"] <= entries[f"{score}_high"]).all()
    assert np.allclose(entries["difference"], entries["sinful"] - entries["honest"])
    assert entries.loc["threshold", "metric"] == "balanced accuracy of melanoma"
    # A threshold chosen on the test lesions cannot do worse than any other there.
    assert entries.loc["threshold", "difference"] >= 0
    assert entries.loc["images", "difference"] > 0


def test_same_seed_same_ledger(table):
    first, again = (
        ledger_of_table(*table, sins=["oversampling"], n_bootstrap=20).entries for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.drop(columns="seconds"), again.drop(columns="seconds"))


def test_sins_without_room_are_left_out_with_a_reason(table):
    X, _, _ = table
    y = np.tile(["melanoma", "nevus"], 60)
    found = ledger_of_table(X, y, None, make_model(), n_bootstrap=10, n_tries=1, n_splits=3)
    assert found.left_out == {
        "images": "no two images share a lesion or a patient",
        "selection": "the model selects no columns",
        "oversampling": "all classes are equally frequent",
    }
    assert list(found.entries["sin"]) == ["scaling", "threshold", "best"]


def test_many_tries_keep_no_more_than_they_have(table):
    model = make_model(BoltzmannSelector(k=20))
    found = ledger_of_table(*table, model=model, sins=["best"], n_tries=2, n_bootstrap=10)
    assert found.left_out == {}


def test_network_needs_one(table):
    found = ledger_of_table(*table, sins=["network"], n_bootstrap=10)
    assert found.left_out == {"network": "no network was given"}
    assert found.entries.empty


def test_names_carry_blocks_to_the_steps(table):
    X, y, lesions = table
    names = [f"{'lbp' if i < 20 else 'hog'}__{i}" for i in range(30)]
    model = make_model(BoltzmannSelector(k=5)).set_params(scale=BlockScaler(weights={"hog": 0.0}))
    named = pd.DataFrame(X, columns=names)
    found = ledger_of_table(named, y, lesions, model, sins=["selection", "scaling"], n_bootstrap=10)
    assert found.left_out == {}
    with pytest.raises(RuntimeError, match="No column belongs to block"):
        ledger_of_table(X, y, lesions, model, sins=["scaling"])


def test_three_classes_without_a_class_of_concern_are_averaged(table):
    X, _, lesions = table
    y = np.array(["a", "b", "c"])[lesions % 3]
    found = ledger_of_table(X, y, lesions, sins=["threshold"], n_bootstrap=10)
    assert found.entries.loc[0, "metric"] == "balanced accuracy"


def test_unknown_sin_is_refused(table):
    with pytest.raises(ValueError, match="Unknown sin 'pride'; expected some of images, selection"):
        ledger_of_table(*table, sins=["pride"])


def test_model_without_the_three_steps_is_refused(table):
    with pytest.raises(ValueError, match=r"steps 'scale', 'select', 'classify' in this order, got"):
        ledger_of_table(*table, model=LogisticRegression())


def test_report_holds_picture_table_and_what_was_left_out(table, tmp_path):
    X, y, _ = table
    found = ledger_of_table(X, y, sins=["images", "selection"], n_bootstrap=20)
    page = found.report(tmp_path / "ledger")
    text = page.read_text(encoding="utf-8")
    assert "![What each sin would have added](ledger.svg)" in text
    assert "- images: no two images share a lesion or a patient" in text
    assert "**Not grouped:**" in text
    svg = (page.parent / "ledger.svg").read_text(encoding="utf-8")
    assert "Selection before the split" in svg
    rows = pd.read_csv(page.parent / "ledger.csv")
    assert rows.loc[0, "sinful"] == pytest.approx(found.entries.loc[0, "sinful"])
    facts = json.loads((page.parent / "run.json").read_text(encoding="utf-8"))
    assert facts["columns"] == 30
    assert facts["images"] == 120


def test_images_are_read_once_and_sinned_upon(lesions):
    model = make_fusion_classifier(backbone=None, k=40, classifier=LogisticRegression(max_iter=500))
    model.set_params(features__parts=[p for p in model.image_step.parts if p[0] == "color_moments"])
    model.set_params(select__k=5)
    heard = []
    found = ledger(
        lesions, model, sins=["selection"], n_splits=3, n_bootstrap=10, progress=heard.append
    )
    assert heard == ["selection"]
    assert found.settings["synthetic"]
    assert 0 < found.entries.loc[0, "honest"] < 1
