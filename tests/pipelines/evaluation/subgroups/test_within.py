import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from features import ColorMoments
from features.synthetic import LesionStyle, draw_lesion
from pipelines import make_fusion_classifier
from pipelines.evaluation import aggregate_lesions, draw_lesions, make_folds, out_of_fold
from pipelines.evaluation.subgroups.within import within_tables

N = 400


def scored(label, source, scores, model="m", **facts):
    """Binary predictions per lesion, and the facts of their images."""
    names = [f"L{i}" for i in range(len(label))]
    lesions = pd.DataFrame({"model": model, "lesion": names, "label": label, "fold": 0})
    lesions = lesions.assign(p_mel=scores, p_nv=1 - np.asarray(scores))
    return lesions, pd.DataFrame({"lesion": names, "source": source, **facts})


def draws(lesions, n=200):
    return draw_lesions(lesions.drop_duplicates("lesion")["label"].to_numpy(), n, 0)


@pytest.fixture
def confounded():
    """Source goes with the label, and scores know the source alone."""
    rng = np.random.default_rng(0)
    label = np.repeat(["mel", "nv"], N // 2)
    source = np.where(rng.random(N) < np.where(label == "mel", 0.93, 0.07), "a", "b")
    scores = 0.6 * (source == "a") + 0.4 * rng.random(N)
    return scored(label, source, scores)


def pick(table, value, score="positive_auc"):
    return table[(table["value"] == value) & (table["score"] == score)].iloc[0]


def test_scores_within_sources_are_those_of_scikit_learn(confounded):
    lesions, facts = confounded
    table = within_tables(lesions, facts, draws(lesions), "mel").within
    truth, scores, source = lesions["label"] == "mel", lesions["p_mel"], facts["source"]
    areas, cases = [], []
    for name in ("a", "b"):
        rows = (source == name).to_numpy()
        areas.append(roc_auc_score(truth[rows], scores[rows]))
        cases.append(truth[rows].sum())
        found = pick(table, name)
        assert found["auc"] == pytest.approx(areas[-1])
        assert (found["n"], found["n_positive"]) == (rows.sum(), cases[-1])
    assert pick(table, "within source")["auc"] == pytest.approx(np.average(areas, weights=cases))
    assert pick(table, "all sources")["auc"] == pytest.approx(roc_auc_score(truth, scores))


def test_a_model_of_the_source_is_flagged(confounded):
    lesions, facts = confounded
    gap = within_tables(lesions, facts, draws(lesions), "mel").gaps.iloc[0]
    assert gap["flagged"]
    assert gap["pooled"] > 0.9
    assert gap["within_low"] < 0.5 < gap["within_high"]
    assert gap["gap"] == pytest.approx(gap["pooled"] - gap["within"])
    assert "Part of the score is the source" in gap["reason"]


def test_a_model_of_the_lesion_is_not_flagged(confounded):
    lesions, facts = confounded
    noise = np.random.default_rng(1).normal(size=N)
    scores = 1 / (1 + np.exp(-2 * (lesions["label"] == "mel") - noise))
    lesions = lesions.assign(p_mel=scores, p_nv=1 - scores)
    gap = within_tables(lesions, facts, draws(lesions), "mel").gaps.iloc[0]
    assert not gap["flagged"]
    assert gap["within"] > 0.85


def test_a_source_that_is_the_label_cannot_be_told_from_it(confounded):
    lesions, facts = confounded
    facts = facts.assign(source=lesions["label"])
    found = within_tables(lesions, facts, draws(lesions), "mel")
    assert found.gaps["flagged"].tolist() == [True]
    assert np.isnan(found.gaps["within"]).all()
    assert "no source has 5 lesions of the class and 5 others" in found.gaps["reason"][0]


def test_few_lesions_conclude_nothing(confounded):
    lesions, facts = confounded
    rows = np.r_[0:10, N // 2 : N // 2 + 10]
    lesions, facts = lesions.iloc[rows], facts.iloc[rows].assign(source=["a", "b"] * 10)
    found = within_tables(lesions, facts, draws(lesions), "mel")
    assert not found.within.query("value == 'a' or value == 'b'")["enough"].any()
    assert not found.gaps["flagged"].any()
    assert "nothing is concluded" in found.gaps["reason"][0]


def test_histology_is_a_stratum(confounded):
    lesions, facts = confounded
    proven = np.arange(N) % 2 == 0
    words = np.where(proven, "histo", "follow_up")
    only = facts.drop(columns="source")
    table = within_tables(lesions, only.assign(dx_type=words), draws(lesions), "mel").within
    assert set(table["column"]) == {"dx_type"}
    expected = roc_auc_score(lesions["label"][proven] == "mel", lesions["p_mel"][proven])
    assert pick(table, "histo")["auc"] == pytest.approx(expected)


def test_absent_classes_are_left_out_of_a_macro_auc():
    rng = np.random.default_rng(0)
    label = np.array(["bcc", "mel", "nv"] * 60)
    source = np.where(label == "bcc", "b", np.where(np.arange(180) % 2, "a", "b"))
    values = rng.dirichlet(np.ones(3), 180)
    lesions, facts = scored(label, source, values[:, 1])
    lesions = lesions.assign(p_bcc=values[:, 0], p_mel=values[:, 1], p_nv=values[:, 2])
    table = within_tables(lesions, facts, draws(lesions), "mel").within
    assert pick(table, "a", "macro_auc")["classes"] == "mel, nv"
    rows = source == "a"
    expected = [roc_auc_score(label[rows] == c, lesions[f"p_{c}"][rows]) for c in ("mel", "nv")]
    assert pick(table, "a", "macro_auc")["auc"] == pytest.approx(np.mean(expected))


def test_nothing_to_compare_gives_empty_tables(confounded):
    lesions, facts = confounded
    for known in (facts.drop(columns="source"), facts.assign(source="one")):
        found = within_tables(lesions, known, draws(lesions), "mel")
        assert found.within.empty
        assert found.gaps.empty


def test_repeats_are_averaged_and_models_kept_apart(confounded):
    lesions, facts = confounded
    second = lesions.assign(repeat=1, p_mel=lesions["p_mel"].to_numpy()[::-1])
    first = lesions.assign(repeat=0)
    alone = [
        within_tables(run, facts, draws(lesions), "mel").within["auc"] for run in (first, second)
    ]
    both = pd.concat([first, second, first.assign(model="other")])
    table = within_tables(both, facts, draws(lesions), "mel").within
    np.testing.assert_allclose(table.query("model == 'm'")["auc"], np.mean(alone, axis=0))
    np.testing.assert_allclose(table.query("model == 'other'")["auc"], alone[0])


def test_models_of_other_sources_are_not_pooled(confounded):
    """Each source on a scale of its own, as models that were trained on the others may have it."""
    lesions, facts = confounded
    every = within_tables(lesions, facts, draws(lesions), "mel")
    apart = within_tables(lesions, facts, draws(lesions), "mel", pooled=False)
    assert apart.gaps.empty
    kept = every.within[every.within["value"] != "all sources"].reset_index(drop=True)
    pd.testing.assert_frame_equal(apart.within, kept)


def test_without_a_class_of_concern_its_lesions_are_not_counted(confounded):
    lesions, facts = confounded
    table = within_tables(lesions, facts, draws(lesions)).within
    assert table["n_positive"].isna().all()
    assert set(table["score"]) == {"macro_auc"}


@pytest.fixture(scope="module")
def tinted(tmp_path_factory):
    """Pictures of one kind of lesion; a device that tints goes with the diagnosis."""
    folder = tmp_path_factory.mktemp("tinted")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(280):
        label = "melanoma" if i % 2 else "nevus"
        source = "clinic a" if rng.random() < (0.95 if i % 2 else 0.05) else "clinic b"
        image, mask = draw_lesion(LesionStyle(), size=(48, 64), random_state=i)
        if source == "clinic a":
            image = (image * [1.0, 0.88, 0.8]).astype(np.uint8)
        for name, pixels in {"": image, "_mask": mask.astype(np.uint8) * 255}.items():
            Image.fromarray(pixels).save(folder / f"{i}{name}.png")
        paths = (str(folder / f"{i}.png"), str(folder / f"{i}_mask.png"))
        rows.append((*paths, label, f"L{i}", source))
    return pd.DataFrame(rows, columns=["image", "mask", "label", "lesion", "source"])


def test_a_planted_device_tint_is_flagged(tinted):
    model = make_fusion_classifier(
        backbone=None,
        descriptors=[("color_moments", ColorMoments())],
        classifier=LogisticRegression(C=0.1, max_iter=1000),
        k=1.0,
    )
    predictions = out_of_fold({"color": model}, tinted, make_folds(tinted, 3)).predictions
    lesions = aggregate_lesions(predictions)
    gap = within_tables(lesions, tinted, draws(lesions), "melanoma").gaps.iloc[0]
    assert gap["pooled"] > 0.9
    assert abs(gap["within"] - 0.5) < 0.15
    assert gap["flagged"]
