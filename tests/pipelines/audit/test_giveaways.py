import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.audit.giveaways import NOTABLE, _area, give_aways, guessing_auc

N = 600


@pytest.fixture(scope="module")
def cohort():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 300, N)
    label = np.array(["bkl", "mel", "nv"], dtype=object)[rng.integers(0, 3, 300)]
    return pd.DataFrame({"image": [f"{i}.jpg" for i in range(N)], "label": label[group]}), group


def _files(**columns):
    plain = {"width": 600.0, "height": 450.0, "bytes": 5e4, "jpeg_quality": 90.0, "format": "JPEG"}
    return pd.DataFrame({**plain, **columns}, index=range(N))


@pytest.mark.parametrize("ties", [False, True])
def test_area_is_that_of_scikit_learn(ties):
    rng = np.random.default_rng(2)
    score, positive = rng.normal(size=200), rng.random(200) < 0.3
    score = np.round(score) if ties else score
    weights = np.stack([np.ones(200), rng.integers(0, 4, 200)]).astype(float)
    found = _area(score, positive, weights)
    for area, weight in zip(found, weights, strict=True):
        expected = roc_auc_score(positive, score, sample_weight=weight)
        assert area == pytest.approx(expected)


def test_what_gives_labels_away_is_flagged_and_noise_is_not(cohort):
    manifest, group = cohort
    rng = np.random.default_rng(3)
    melanoma = (manifest["label"] == "mel").to_numpy()
    manifest = manifest.assign(
        source=np.where(melanoma & (rng.random(N) < 0.8), "clinic", "archive"),
        camera=rng.choice(["a", "b", "c"], N),
        lot=rng.random(300)[group],
        note=pd.Series(np.where(melanoma & (rng.random(N) < 0.7), "seen", None), dtype="str"),
        constant="same",
        name=[f"row {i}" for i in range(N)],
        age=np.where(melanoma, 70.0, 40.0),
    )
    table = give_aways(manifest, _files(bytes=rng.normal(5e4, 1e3, N)), group)
    flagged = set(table.loc[table["flagged"], "column"])
    assert flagged == {"source", "note", "note is missing"}
    assert {"camera", "lot", "file: bytes"} <= set(table["column"])
    assert not {"constant", "name", "image", "label"} & set(table["column"])
    assert table.set_index("column").loc["age", "kind"] == "patient"
    assert table.set_index("column").loc["age", "auc"] > 0.7


def test_file_sizes_that_tell_are_flagged(cohort):
    manifest, group = cohort
    noise = np.random.default_rng(4).normal(0, 5e3, N)
    size = np.where(manifest["label"] == "mel", 9e4, 5e4) + noise
    table = give_aways(manifest, _files(bytes=size), group).set_index("column")
    assert table.loc["file: bytes", "flagged"]
    assert table.loc["file: bits per pixel", "flagged"]
    assert "file: width" not in table.index


def test_noise_that_is_one_value_a_group_is_not_flagged(cohort):
    manifest, group = cohort
    labels = manifest["label"].to_numpy()
    lows = []
    for seed in range(20):
        noise = pd.Series(np.random.default_rng(seed).normal(size=300)[group])
        lows.append(guessing_auc(noise, labels, group)[1])
    assert max(lows) < NOTABLE


def test_the_area_of_a_perfect_column_is_one(cohort):
    manifest, group = cohort
    assert guessing_auc(manifest["label"], manifest["label"].to_numpy(), group)[0] == 1


def test_one_class_or_few_groups_cannot_be_guessed(cohort):
    manifest, group = cohort
    column = pd.Series(np.arange(N) % 5)
    assert guessing_auc(column, np.full(N, "nv", dtype=object), group) is None
    labels = manifest["label"].to_numpy()[:4]
    assert guessing_auc(column[:4], labels, np.array([0, 0, 1, 1])) is None
