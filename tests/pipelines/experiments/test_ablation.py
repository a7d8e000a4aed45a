import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from features import ColorMoments, ImageFeatures, Preparation
from features.reading.sources import decode_mask
from fusion import BlockScaler
from fusion.selection import SCALE_DEPENDENT, SELECTORS, make_selector
from pipelines.evaluation.design.fingerprints import describe
from pipelines.experiments import ablation as module
from pipelines.experiments.ablation import ablate
from pipelines.experiments.gains import score_curve, score_ladder
from pipelines.experiments.ladder import RIVALS, Ladder, Step
from pipelines.experiments.saved_columns import Extracted
from pipelines.experiments.saved_steps import Finished, SavedSteps

BLOCKS = {"color_moments": 4, "lbp": 6, "abcd": 3, "hog": 8, "embedding": 5}
COLUMNS = [f"{block}__{i}" for block, width in BLOCKS.items() for i in range(width)]


@pytest.fixture
def manifest():
    """Two images of each of 45 lesions of three classes, which `abcd__0` and `lbp__0` know of."""
    rng = np.random.default_rng(0)
    lesion = np.repeat(np.arange(45), 2)
    codes = lesion % 3
    table = pd.DataFrame(rng.normal(size=(90, len(COLUMNS))), columns=COLUMNS)
    table["abcd__0"] += 1.5 * codes
    table["lbp__0"] += 1.0 * (codes == 1)
    rows = pd.DataFrame({"image": [f"{i}.png" for i in range(90)]})
    rows["label"] = np.array(["bkl", "mel", "nv"], dtype=object)[codes]
    rows["lesion"] = [f"L{i}" for i in lesion]
    return pd.concat([rows, table], axis=1)


@pytest.fixture
def no_images(monkeypatch):
    """Take the columns that are in the manifest for those of its images."""

    def take(features, manifest, **options):
        return Extracted(manifest, COLUMNS, [], 1.5)

    monkeypatch.setattr(module, "extract_columns", take)


QUICK = {
    "features": "not asked",
    "classifier": LogisticRegression(max_iter=500),
    "n_splits": 3,
    "n_bootstrap": 40,
}


@pytest.fixture
def climb(manifest, no_images):
    def run(directory=None, **options):
        quick = {"selectors": ["boltzmann"], "shares": [], "fusions": []}
        return ablate(manifest, directory, **(QUICK | quick | options))

    return run


class TestLadder:
    def test_rungs_in_the_order_of_the_reference(self):
        ladder = Ladder(COLUMNS, LogisticRegression())
        steps = [*ladder.blocks_alone(), ladder.fused(), ladder.selected("boltzmann", 0.1)]
        assert [(s.name, s.reference, s.n_columns) for s in steps] == [
            ("majority", None, 0),
            ("color", "majority", 4),
            ("texture", "majority", 6),
            ("abcd", "majority", 3),
            ("hog", "majority", 8),
            ("embedding", "majority", 5),
            ("color + texture", "color", 10),
            ("color + texture + abcd", "color + texture", 13),
            ("descriptors", "color + texture + abcd", 21),
            ("fused", "embedding", 26),
            ("boltzmann 10%", "fused", None),
        ]

    def test_blocks_of_ones_own_are_families_of_their_own(self):
        ladder = Ladder(["abcd__0", "dermoscope__0"], LogisticRegression())
        assert [s.name for s in ladder.blocks_alone()][1:] == ["abcd", "dermoscope", "descriptors"]
        assert ladder.fused() is None
        assert ladder.whole() == "descriptors"

    def test_shares_that_round_alike_are_steps_of_their_own(self):
        ladder = Ladder(COLUMNS, LogisticRegression())
        shares = (0.001, 0.004, 0.01, 0.014)
        names = [ladder.selected("boltzmann", share).name for share in shares]
        assert names == ["boltzmann 0.1%", "boltzmann 0.4%", "boltzmann 1%", "boltzmann 1.4%"]

    @pytest.mark.parametrize("share", [0, 1, 10, -0.1])
    def test_shares_that_are_none_are_refused(self, share):
        with pytest.raises(ValueError, match=f"lies between 0 and 1, got {share}"):
            Ladder(COLUMNS, LogisticRegression()).selected("boltzmann", share)

    def test_every_selector_is_a_rung(self):
        assert set(RIVALS) == set(SELECTORS)

    @pytest.mark.parametrize(
        ("method", "arguments"), [("selected", ("luck", 0.1)), ("fusion", ("luck",))]
    )
    def test_unknown_names_are_refused(self, method, arguments):
        with pytest.raises(ValueError, match=r"Unknown .* 'luck'; choose from"):
            getattr(Ladder(COLUMNS, LogisticRegression()), method)(*arguments)


def test_table_and_curve(climb):
    found = climb(selectors=["random", "boltzmann"], shares=[0.2, 0.5])
    assert found.failed == {}
    ladder = found.ladder.set_index("step")
    assert ladder.loc["majority", "macro_auc"] == 0.5
    assert np.isnan(ladder.loc["majority", "gain"])
    assert ladder.loc["abcd", "macro_auc"] > ladder.loc["hog", "macro_auc"] + 0.1
    gain = ladder.loc["fused", "macro_auc"] - ladder.loc["embedding", "macro_auc"]
    assert ladder.loc["fused", "gain"] == pytest.approx(gain)
    assert (ladder["best_block"] == "abcd").all()
    assert ladder.loc["abcd", "over_best_block"] == 0
    assert ladder.loc["boltzmann 10%", "columns"] == 3
    assert ladder.loc["boltzmann 10%", "stability"] > 0.3
    assert (ladder["extract_seconds"] == 1.5).all()
    # Each selector at 10%, at the two shares, and at all columns.
    assert found.curve.groupby("selector")["share"].apply(list).to_dict() == {
        "boltzmann": [0.1, 0.2, 0.5, 1.0],
        "random": [0.1, 0.2, 0.5, 1.0],
    }
    whole = found.curve[found.curve["share"] == 1.0]
    assert set(whole["macro_auc"]) == {ladder.loc["fused", "macro_auc"]}
    assert (whole["gain"] == 0).all()


def test_shares_that_round_alike_are_not_mixed_up(manifest, no_images, monkeypatch):
    noise = np.random.default_rng(0).normal(size=(90, 1000))
    names = [f"lbp__{i}" for i in range(1000)]
    wide = pd.concat([manifest.drop(columns=COLUMNS), pd.DataFrame(noise, columns=names)], axis=1)
    monkeypatch.setattr(module, "extract_columns", lambda *_, **__: Extracted(wide, names, [], 1.5))
    shares = [0.001, 0.004, 0.01, 0.014]
    quick = QUICK | {"selectors": ["anova_f"], "fusions": [], "n_bootstrap": 10}
    found = ablate(wide, **quick, share=0.004, shares=[*shares, 0.01])
    assert found.failed == {}
    assert found.curve["share"].tolist() == [*shares, 1.0]
    assert found.curve["columns"].tolist() == [1, 4, 10, 14, 1000]


class TestScaleDependentSelectors:
    """Noise in a block of two columns, whose numbers are small, beside a large block."""

    @pytest.fixture
    def small_block(self):
        rng = np.random.default_rng(0)
        y = np.repeat(np.array(["mel", "nv"], dtype=object), 100)
        table = pd.DataFrame(rng.normal(size=(200, 40)), columns=[f"hog__{i}" for i in range(40)])
        table[["hog__3", "hog__7"]] += 2.0 * (y == "mel")[:, None]
        table[["abcd__0", "abcd__1"]] = 0.01 * rng.normal(size=(200, 2))
        return table, y

    @pytest.mark.parametrize("name", sorted(SCALE_DEPENDENT))
    def test_noise_of_a_small_block_is_not_preferred(self, name, small_block):
        table, y = small_block
        noise = {"abcd__0", "abcd__1"}
        # What the order is for: scaled, a small block has the columns of large variance.
        scaled = BlockScaler().set_output(transform="pandas").fit_transform(table)
        assert noise <= set(make_selector(name, 0.25).fit(scaled, y).get_feature_names_out())
        model = Ladder(list(table), LogisticRegression()).selected(name, 0.25).model
        assert [step for step, _ in model.steps][1:4] == ["impute", "select", "scale"]
        table.iloc[0, 0] = np.nan
        kept = set(model.fit(table, y)[:-1].get_feature_names_out())
        assert len(kept) == 11
        assert not noise & kept

    def test_they_are_rungs(self, climb):
        found = climb(selectors=sorted(SCALE_DEPENDENT))
        assert found.failed == {}
        rows = found.ladder[found.ladder["selector"] != ""]
        assert (rows["columns"] == 3).all()
        assert rows["stability"].notna().all()

    def test_the_others_are_scaled_first(self):
        model = Ladder(COLUMNS, LogisticRegression()).selected("anova_f", 0.1).model
        assert [step for step, _ in model.steps][1:4] == ["scale", "impute", "select"]


@pytest.mark.parametrize("store", [None, "rows.sqlite"])
def test_every_image_and_mask_is_decoded_once(store, lesions, decoded, tmp_path, monkeypatch):
    masks = []

    def count(content, name, shape):
        masks.append(name)
        return decode_mask(content, name, shape)

    monkeypatch.setattr("features.reading.sources.decode_mask", count)
    features = ImageFeatures(
        [("color_moments", ColorMoments())],
        preparation=Preparation(size=48),
        store=None if store is None else tmp_path / store,
    )
    rows = lesions.iloc[:24]
    quick = QUICK | {"n_splits": 2, "n_bootstrap": 10, "fusions": []}
    found = ablate(rows, **(quick | {"features": features}), selectors=["anova_f"], shares=[0.5])
    assert found.failed == {}
    assert len(decoded) == len(masks) == len(rows) == len(found.folds)
    assert (found.ladder["extract_seconds"] > 0).all()


def test_fusions_and_networks_are_rungs(climb):
    network = DummyClassifier()
    found = climb(
        selectors=[],
        shares=[],
        fusions=["dca", "late_mean", "late_stack"],
        networks={"cnn": network, "late": network},
    )
    assert found.failed == {}
    rows = found.ladder.set_index("step")
    assert list(rows.index[-5:]) == ["dca", "late_mean", "late_stack", "cnn", "late"]
    assert rows.loc["cnn", "reference"] == "fused"
    assert rows.loc["late", "reference"] == "cnn"
    assert 1 <= rows.loc["dca", "columns"] <= 4
    assert np.isnan(rows.loc["cnn", "columns"])
    assert found.curve.empty


def test_a_failing_step_is_listed_and_the_others_go_on(climb, monkeypatch):
    monkeypatch.setitem(sys.modules, "skrebate", None)
    found = climb(selectors=["relieff", "boltzmann"])
    assert "ReliefF needs skrebate: pip install" in found.failed["relieff 10%"]
    assert "boltzmann 10%" in set(found.ladder["step"])


def test_all_steps_failing_still_reports(climb, tmp_path):
    class Bad(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            raise ValueError("no")

    found = climb(classifier=Bad(), selectors=[])
    assert list(found.ladder["step"]) == ["majority"]
    assert "- fused: " in found.report(tmp_path).read_text(encoding="utf-8")


def test_a_stopped_run_goes_on(climb, tmp_path, monkeypatch):
    heard = []

    def stop(step):
        heard.append(step)
        if step == "fused":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        climb(tmp_path, progress=stop)
    ran = []
    once = module.out_of_fold

    def count(models, *arguments, **options):
        ran.extend(models)
        return once(models, *arguments, **options)

    monkeypatch.setattr(module, "out_of_fold", count)
    resumed = climb(tmp_path)
    assert ran[0] == "fused"
    assert not set(ran) & set(heard[:-1])
    ran.clear()
    again = climb(tmp_path)
    assert ran == []
    pd.testing.assert_frame_equal(again.ladder, resumed.ladder)
    # Another classifier is another experiment: nothing but the majority is taken over.
    climb(tmp_path, classifier=LogisticRegression(C=0.1), selectors=[])
    assert "majority" not in ran
    assert {"color", "fused"} <= set(ran)


def test_one_ranking_serves_every_share(climb, tmp_path):
    climb(tmp_path, shares=[0.2, 0.5])
    # One a fold.
    assert len(list((tmp_path / "rankings").rglob("output.pkl"))) == 3


def test_same_seed_same_ladder(climb):
    first, again = (climb(selectors=[]).ladder.drop(columns="seconds") for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_report(climb, tmp_path):
    page = climb(shares=[0.5]).report(tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    assert "| boltzmann 10% | fused | 3 |" in text
    assert "![What each step adds](ladder.svg)" in text
    assert "![Macro AUC by share of columns](curve.svg)" in text
    assert "the best block alone" in text
    assert "| Kept | Over boltzmann |" in text
    assert "- At 10% of the columns boltzmann keeps" in text
    svg = (page.parent / "ladder.svg").read_text(encoding="utf-8")
    assert "vs embedding, 26 columns" in svg
    assert "10%" in (page.parent / "curve.svg").read_text(encoding="utf-8")
    assert len(pd.read_csv(page.parent / "folds.csv")) == 90
    facts = json.loads((page.parent / "run.json").read_text(encoding="utf-8"))
    assert facts["columns"] == 26
    assert facts["failed"] == {}


def make_predictions(right):
    """Two classes, two lesions of each; `right` is the probability of the true class."""
    labels = np.array(["mel", "mel", "nv", "nv"], dtype=object)
    p_mel = np.where(labels == "mel", right, 1 - np.asarray(right))
    return pd.DataFrame(
        {
            "model": "m",
            "repeat": 0,
            "row": range(4),
            "image": list("abcd"),
            "label": labels,
            "lesion": list("abcd"),
            "fold": [0, 1, 0, 1],
            "p_mel": p_mel,
            "p_nv": 1 - p_mel,
        }
    )


def test_known_gain():
    finished = {
        "coin": Finished(make_predictions([0.5] * 4), 1.0, 0),
        "sure": Finished(make_predictions([0.9] * 4), 2.0, 3, [[0, 1], [0, 1]]),
    }
    steps = [Step("coin", None, None), Step("sure", "coin", None, selector="l1", share=0.5)]
    table = score_ladder(steps, finished, 4, n_bootstrap=10).set_index("step")
    assert table.loc["sure", ["gain", "gain_low", "gain_high"]].tolist() == [0.5, 0.5, 0.5]
    assert table.loc["sure", "stability"] == 1.0
    curve = score_curve(steps, finished, "coin", 4, n_bootstrap=10)
    assert curve["macro_auc"].tolist() == [1.0, 0.5]


def test_saved_steps_know_their_data_and_model(tmp_path):
    step = Finished(make_predictions([0.9] * 4), 2.0, 3, [[0, 1], [2]])
    SavedSteps(tmp_path, "data").save("a step, 10%", "model", step)
    loaded = SavedSteps(tmp_path, "data").load("a step, 10%", "model")
    pd.testing.assert_frame_equal(loaded.predictions, step.predictions)
    assert (loaded.seconds, loaded.n_columns, loaded.supports) == (2.0, 3, [[0, 1], [2]])
    assert SavedSteps(tmp_path, "other data").load("a step, 10%", "model") is None
    assert SavedSteps(tmp_path, "data").load("a step, 10%", "another model") is None
    assert SavedSteps(tmp_path, "data").load("another step", "model") is None
    assert SavedSteps(None, "data").load("a step, 10%", "model") is None


def test_a_network_that_cannot_be_had_costs_no_other_step(monkeypatch):
    def fingerprint(model, manifest):
        if model == "lost":
            raise FileNotFoundError("no network")
        return "fingerprint"

    done = Finished(make_predictions([0.9] * 4), 1.0)
    monkeypatch.setattr(module, "model_fingerprint", fingerprint)
    monkeypatch.setattr(module._Runner, "_run", lambda *_: done)
    nothing = Extracted(pd.DataFrame(), [], [], 0.0)
    runner = module._Runner(nothing, np.zeros(0, dtype=int), SavedSteps(None, "data"))
    steps = [Step("gone", None, "lost"), Step("there", None, "model")]
    assert runner.run(steps, None, 0, None) == ({"there": done}, {"gone": "no network"})


def test_a_step_that_was_half_written_is_not_there(tmp_path, monkeypatch):
    step = Finished(make_predictions([0.9] * 4), 2.0)
    SavedSteps(tmp_path, "data").save("a step", "earlier model", step)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: pytest.fail("killed here"))
        with pytest.raises(pytest.fail.Exception):
            SavedSteps(tmp_path, "data").save("a step", "model", step)
    assert SavedSteps(tmp_path, "data").load("a step", "model") is None


def test_description_looks_into_nested_estimators():
    first, second = (Ladder(COLUMNS, LogisticRegression(C=c)).fused().model for c in (1.0, 2.0))
    assert describe(first) != describe(second)
    assert describe(first) == describe(Ladder(COLUMNS, LogisticRegression(C=1.0)).fused().model)
