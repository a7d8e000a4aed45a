import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import draw_lesions

CLASSES = ("bkl", "mel", "nv")
SIZES = (60, 40, 200)


def predict(lesions, name, signal, repeat=0, seed=0):
    """Made-up probabilities of a model for lesions with `lesion`, `label` and `fold`."""
    rng = np.random.default_rng([seed, repeat])
    truth = pd.Index(CLASSES).get_indexer(lesions["label"])
    logits = signal * np.eye(3)[truth] + rng.normal(size=(len(lesions), 3)) + np.log(SIZES)
    values = np.exp(logits)
    values /= values.sum(axis=1, keepdims=True)
    names = np.array(CLASSES, dtype=object)
    prior = np.array(SIZES) / sum(SIZES)
    return lesions.assign(
        model=name,
        repeat=repeat,
        **{f"p_{label}": values[:, place] for place, label in enumerate(CLASSES)},
        argmax=names[values.argmax(axis=1)],
        prior_corrected=names[(values / prior).argmax(axis=1)],
    )


@pytest.fixture
def cases():
    """300 lesions of three classes in five folds."""
    rng = np.random.default_rng(0)
    label = rng.permutation(np.repeat(CLASSES, SIZES)).astype(object)
    fold = rng.integers(5, size=len(label))
    return pd.DataFrame({"lesion": [f"L{i}" for i in range(len(label))], "label": label}).assign(
        fold=fold
    )


@pytest.fixture
def lesions(cases):
    """Predictions per lesion of a good and a poor model."""
    models = [predict(cases, "good", 2.5, seed=1), predict(cases, "poor", 1.0, seed=2)]
    return pd.concat(models, ignore_index=True)


@pytest.fixture
def repeated(cases):
    """Three repeats of one model."""
    runs = [predict(cases, "good", 2.0, repeat=repeat) for repeat in range(3)]
    return pd.concat(runs, ignore_index=True)


@pytest.fixture
def counts(cases):
    return draw_lesions(cases["label"].to_numpy(), 300, 0)


@pytest.fixture
def sources(manifest):
    """Three sources; one holds no keratosis, and some rows name none."""
    lesion = manifest["lesion"].str[1:].astype(int)
    names = np.array(["x", "y", "z"], dtype=object)[lesion % 3]
    keratosis = (manifest["label"] == "keratosis").to_numpy()
    names[keratosis & (names == "z")] = None
    return manifest.assign(source=names)
