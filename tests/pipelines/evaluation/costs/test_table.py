import resource

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from features import CNNEmbedding, ColorMoments, ImageFeatures, SkinContrast
from pipelines.artifacts import save_model
from pipelines.cnn import CNNClassifier, CrossFittedLogits
from pipelines.data import make_lesions
from pipelines.evaluation.costs import table as costs
from pipelines.evaluation.costs.process import peak_memory, strip, time_calls
from pipelines.evaluation.costs.table import Costs, costs_table, measure_costs
from pipelines.pipeline import LesionPipeline

PARTS = [("moments", ColorMoments()), ("skin", SkinContrast())]
ITEMS = [
    "preparation",
    "extraction: moments",
    "extraction: skin",
    "extraction: quality",
    "predict",
]


def make_network():
    return CNNClassifier(
        "lenet",
        weights=None,
        image_size=32,
        max_epochs=1,
        augment=False,
        engine="eager",
        random_state=0,
    )


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    root = tmp_path_factory.mktemp("lesions")
    return make_lesions(30, random_state=0, root=root, size=(90, 120))


@pytest.fixture(scope="module")
def descriptors(manifest):
    model = LesionPipeline(
        [("features", ImageFeatures(PARTS)), ("classify", LogisticRegression(max_iter=5000))]
    )
    return model.fit(manifest, manifest["label"])


@pytest.fixture(scope="module")
def measured(descriptors, manifest):
    return measure_costs(descriptors, manifest, n_images=4, repeats=6)


def test_every_item_is_measured(measured):
    assert list(measured.ms) == ITEMS
    assert all(0 < value < 10_000 for value in measured.ms.values())
    assert measured.calls == 6


def test_memory_is_that_of_a_whole_process(measured):
    # Python with torch takes some 300 MB; this process is not counted.
    assert 100 < measured.memory_mb < 3000


def test_size_is_that_of_the_saved_file(measured, descriptors, manifest, tmp_path):
    path = tmp_path / "model.joblib"
    save_model(descriptors, path, manifest)
    assert measured.size_mb == pytest.approx(path.stat().st_size / 1e6, rel=0.02)


def test_weights_of_frozen_networks_count():
    embedding = CNNEmbedding("efficientnet_lite0")
    model = LesionPipeline(
        [("features", ImageFeatures([("deep", embedding), ("again", embedding), *PARTS]))]
    )
    files = costs._frozen_weights(model)
    assert sum(path.stat().st_size for path in files) == pytest.approx(18.8e6, rel=0.01)
    assert costs._frozen_weights(make_network()) == set()
    assert CNNEmbedding("lenet", weights=None, random_state=0).weight_files() == []


def test_a_process_that_fails_says_why(monkeypatch, descriptors, manifest):
    monkeypatch.setattr(costs, "_PROCESS", "no_such_module_here")
    timings = pd.DataFrame({"model": ["broken"], "fit_seconds": [1.0]})
    with pytest.raises(RuntimeError, match=r"'broken' were not measured: .*no_such_module_here"):
        costs_table({"broken": descriptors}, manifest, timings)


def test_table_has_fits_of_the_run_and_measured_times(monkeypatch):
    asked = []

    def measure(model, manifest, **options):
        asked.append((model, options))
        return Costs({"preparation": 7.0, "extraction: hog": 2.0, "predict": 10.0}, 30, 500.0, 1.5)

    monkeypatch.setattr(costs, "measure_costs", measure)
    timings = pd.DataFrame({"model": ["a", "a", "b"], "fit_seconds": [1.0, 3.0, 5.0]})
    table = costs_table({"a": "model a", "c": "model c"}, pd.DataFrame(), timings, repeats=30)
    assert asked == [("model a", {"repeats": 30}), ("model c", {"repeats": 30})]
    assert list(table) == [
        "model",
        "item",
        "ms_per_image",
        "seconds",
        "memory_mb",
        "size_mb",
        "calls",
    ]
    nan = np.nan
    expected = [
        ("a", "fit", nan, 2.0, nan, nan, pd.NA),
        ("a", "preparation", 7.0, nan, nan, nan, 30),
        ("a", "extraction: hog", 2.0, nan, nan, nan, 30),
        ("a", "predict", 10.0, nan, 500.0, 1.5, 30),
    ]
    wanted = pd.DataFrame(expected, columns=list(table)).astype({"calls": "Int64"})
    pd.testing.assert_frame_equal(table.iloc[:4], wanted)
    assert table.loc[4, ["model", "item"]].tolist() == ["c", "fit"]
    assert np.isnan(table.loc[4, "seconds"])


def test_every_call_reads_its_image_again(descriptors, manifest, decoded):
    before = descriptors.predict_proba(manifest.iloc[:3])
    assert decoded == []
    model = LesionPipeline(descriptors.steps)
    model.set_params(features=ImageFeatures(PARTS).fit(manifest))
    strip(model)
    calls = time_calls(model, manifest.iloc[:3], repeats=4, max_seconds=60)
    # Six images with those for warming up, each for the parts and for the prediction.
    assert len(calls) == 4
    assert len(decoded) == 12
    np.testing.assert_array_equal(model.predict_proba(manifest.iloc[:3]), before)


def test_slow_models_are_given_fewer_images(descriptors, manifest):
    assert len(time_calls(descriptors, manifest, repeats=30, max_seconds=0)) == 3
    assert len(time_calls(descriptors, manifest, repeats=2, max_seconds=0)) == 2


def test_networks_and_models_of_tables_are_measured_too(manifest):
    images = manifest.iloc[:2]
    network = make_network().fit(manifest, manifest["label"])
    (call,) = time_calls(network, images, repeats=1, max_seconds=60)
    assert list(call) == ["preparation", "extraction: frames", "predict"]

    class TableModel:
        def predict_proba(self, X):
            return np.ones((len(X), 1))

    (call,) = time_calls(TableModel(), images, repeats=1, max_seconds=60)
    assert list(call) == ["predict"]


def test_stripping_reaches_what_is_fitted_inside(manifest):
    network = make_network().set_params(store="memory", device="auto")
    features = ImageFeatures(PARTS, store="memory", n_jobs=2)
    logits = CrossFittedLogits(network, features, n_splits=2)
    model = LesionPipeline([("features", logits)])
    logits.networks_ = [make_network(), make_network()]
    logits.features_ = ImageFeatures(PARTS, n_jobs=2)
    strip(model)
    for part in (network, features, *logits.networks_, logits.features_):
        assert part.store is None
        assert part.device == "cpu"
    assert features.n_jobs is None
    assert logits.features_.n_jobs is None


def test_peak_memory_is_that_of_the_system():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    assert peak_memory() == pytest.approx(peak, rel=0.05)
