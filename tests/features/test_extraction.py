import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from features import ColorMoments, ImageFeatures, extraction
from features.batch import LesionBatch
from features.descriptor import Descriptor, ImagePart
from features.extraction import extract
from features.networks.frame import Frames, FrameView
from features.preparation.lesion_view import Preparation
from features.reading.files import ImageError
from features.reading.sources import image_sources
from features.store import FeatureStore, open_store


class MeanColor(Descriptor):
    block = "mean"

    def __init__(self, power=1):
        self.power = power

    def feature_names(self):
        return ("red", "green", "blue")

    def describe(self, batch):
        weight = batch.mask.unsqueeze(1).float()
        mean = (batch.pixels * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))
        return mean**self.power


class Brightness(ImagePart):
    block = "brightness"

    def view(self, preparation):
        return FrameView(32)

    def feature_names(self):
        return ("mean",)

    def describe(self, frames):
        return frames.float().mean(dim=(1, 2, 3))[:, None]


def stored(path):
    """Number of rows in a store's file, by request."""
    query = "SELECT request, COUNT(*) FROM rows GROUP BY request"
    return dict(FeatureStore(path)._file.execute(query))


def requests(**parts):
    return {name: (part, Preparation(size=64)) for name, part in parts.items()}


def test_each_image_is_decoded_once_for_all_parts_and_views(lesions, decoded):
    parts = requests(one=MeanColor(), two=MeanColor(power=2))
    parts["frames"] = (Frames(), FrameView(32))
    parts["small"] = (MeanColor(), Preparation(size=48))
    out = extract(lesions, parts, store=FeatureStore())
    assert len(decoded) == len(lesions)
    assert out.values["frames"].shape == (len(lesions), 3, 32, 32)
    assert out.values["frames"].dtype == np.uint8
    np.testing.assert_allclose(out.values["two"], out.values["one"] ** 2, rtol=1e-6)


def test_a_store_answers_without_decoding_and_misses_what_changed(lesions, decoded):
    store = FeatureStore()
    first = extract(lesions, requests(mean=MeanColor()), store=store)
    decoded.clear()
    again = extract(lesions.iloc[::-1], requests(mean=MeanColor()), store=store)
    assert not decoded
    np.testing.assert_array_equal(again.values["mean"], first.values["mean"][::-1])
    extract(lesions, requests(mean=MeanColor(power=2)), store=store)
    assert len(decoded) == len(lesions)


def test_a_changed_mask_is_another_row(lesions, decoded):
    store, rows = FeatureStore(), lesions.iloc[:1]
    with_mask = extract(rows, requests(mean=MeanColor()), store=store).values["mean"]
    without = extract(rows.drop(columns="mask"), requests(mean=MeanColor()), store=store)
    assert len(decoded) == 2
    assert not np.array_equal(with_mask, without.values["mean"])


def test_the_same_row_whatever_its_batch_and_threads(lesions, monkeypatch):
    together = extract(lesions, requests(mean=MeanColor()), store=None, n_jobs=2).values["mean"]
    monkeypatch.setattr(extraction, "BATCH_SIZE", 7)
    apart = extract(lesions, requests(mean=MeanColor()), store=None).values["mean"]
    np.testing.assert_array_equal(together, apart)


def test_lesions_are_described_on_the_device_asked_for(lesions, monkeypatch):
    visited = []
    original = LesionBatch.to

    def to(batch, device):
        visited.append(device)
        return original(batch, device)

    monkeypatch.setattr(LesionBatch, "to", to)
    union = ImageFeatures([("color", ColorMoments())], store=None, device="cpu")
    assert union.fit_transform(lesions.iloc[:2]).shape[0] == 2
    assert visited == [torch.device("cpu")]
    with pytest.raises(ValueError, match="Unknown device 'gpu'"):
        union.set_params(device="gpu").transform(lesions.iloc[:2])
    with pytest.raises(ValueError, match="described on 'cpu' or 'cuda', got device='meta'"):
        union.set_params(device="meta").transform(lesions.iloc[:2])


def test_paths_pixels_and_manifest_agree(lesions):
    rows = lesions.iloc[:5].drop(columns="mask")
    pixels = np.stack([source.read_image() for source in image_sources(rows)])
    a, b, c = (
        extract(X, requests(mean=MeanColor()), store=None).values["mean"]
        for X in (rows, rows["image"].tolist(), pixels)
    )
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a, c)


def test_a_bad_row_raises_by_row_and_file(lesions, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    rows = lesions.iloc[:4].copy()
    rows.iloc[2, rows.columns.get_loc("image")] = str(bad)
    with pytest.raises(ImageError, match=r"row 2, .*bad\.jpg: not an image"):
        extract(rows, requests(mean=MeanColor()), store=None)


def test_bad_rows_are_skipped_and_listed_when_asked(lesions, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    rows = lesions.iloc[:6].copy()
    column = rows.columns.get_loc("image")
    rows.iloc[2, column] = rows.iloc[3, column] = str(bad)
    rows.iloc[5, column] = str(tmp_path / "lost.png")
    out = extract(rows, requests(mean=MeanColor()), store=None, on_error="skip")
    assert out.kept.tolist() == [0, 1, 4]
    assert [failure.row for failure in out.failures] == [2, 3, 5]
    assert "no such file" in out.failures[-1].error
    good = extract(rows.iloc[[0, 1, 4]], requests(mean=MeanColor()), store=None)
    np.testing.assert_array_equal(out.values["mean"], good.values["mean"])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("one/path.png", "Expected a manifest"),
        (np.zeros((2, 8, 8, 3)), "RGB pixels as uint8"),
        ([1, 2], "Row 0: expected the path of an image, got 1"),
    ],
)
def test_other_inputs_are_refused(X, message):
    with pytest.raises(ValueError, match=message):
        image_sources(X)


def test_unknown_on_error(lesions):
    with pytest.raises(ValueError, match="`on_error` must be 'raise' or 'skip', got 'drop'"):
        extract(lesions, requests(mean=MeanColor()), on_error="drop")


def test_rows_survive_in_a_file(lesions, decoded, tmp_path):
    path = tmp_path / "rows.sqlite"
    first = extract(lesions, requests(mean=MeanColor()), store=FeatureStore(path))
    decoded.clear()
    again = extract(lesions, requests(mean=MeanColor()), store=FeatureStore(path))
    assert not decoded
    np.testing.assert_array_equal(first.values["mean"], again.values["mean"])
    assert again.seconds == pytest.approx(first.seconds)


def test_frames_stay_out_of_the_file(lesions, tmp_path):
    path = tmp_path / "rows.sqlite"
    extract(lesions, {"frames": (Frames(), FrameView(32))}, store=FeatureStore(path))
    assert stored(path) == {FrameView(32).fingerprint: len(lesions)}  # only how long they took


def test_rows_of_a_view_are_filed_though_its_frames_are_not(lesions, tmp_path):
    path, view = tmp_path / "rows.sqlite", FrameView(32)
    parts = {"brightness": (Brightness(), view), "frames": (Frames(), view)}
    extract(lesions, parts, store=FeatureStore(path))
    kept = (f"{Brightness().fingerprint()}|{view.fingerprint}", view.fingerprint)
    assert stored(path) == dict.fromkeys(kept, len(lesions))


def test_parts_compute_exactly_in_all_threads(lesions):
    seen = []

    class Watching(Brightness):
        def describe(self, frames):
            cudnn = torch.backends.cudnn
            seen.append((cudnn.enabled, cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32))
            return super().describe(frames)

    extract(lesions, {"watching": (Watching(), FrameView(32))}, store=None, n_jobs=2)
    assert set(seen) == {(True, True, False, False)}


def test_a_killed_run_takes_up_where_it_was(lesions, tmp_path):
    """The store keeps every batch that was finished before ``kill -9``."""
    script = tmp_path / "run.py"
    table, path = tmp_path / "lesions.pkl", tmp_path / "rows.sqlite"
    lesions.to_pickle(table)
    script.write_text(
        textwrap.dedent(f"""
        import os, signal
        import pandas as pd
        from features import ColorMoments, extraction
        from features.preparation.lesion_view import Preparation

        extraction.BATCH_SIZE = 5

        class Dying(ColorMoments):
            calls = 0
            def fingerprint(self):
                return "moments"
            def describe(self, batch):
                Dying.calls += 1
                if Dying.calls == 4:
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().describe(batch)

        parts = {{"moments": (Dying(), Preparation(size=64))}}
        extraction.extract(pd.read_pickle({str(table)!r}), parts, store={str(path)!r})
        """)
    )
    run = subprocess.run([sys.executable, script], env=os.environ | {"PYTHONPATH": os.getcwd()})
    assert run.returncode == -signal.SIGKILL
    rows = FeatureStore(path)
    key = f"moments|{Preparation(size=64).fingerprint}"
    keys = [source.digests()[1] for source in image_sources(lesions)]
    assert len(rows.missing(key, keys)) == len(lesions) - 15


def test_stores_are_shared_by_name(tmp_path):
    path = tmp_path / "rows.sqlite"
    assert open_store("memory") is open_store("memory")
    assert open_store(path) is open_store(str(path))
    assert open_store(None) is not open_store(None)


def test_a_file_that_is_no_store(tmp_path):
    path = tmp_path / "notes.sqlite"
    path.write_text("these are my notes, not a database" * 50)
    with pytest.raises(ValueError, match=r"notes\.sqlite is not a feature store"):
        FeatureStore(path)


def test_seconds_are_counted_for_parts_and_views(lesions):
    out = extract(lesions, requests(mean=MeanColor()), store=None)
    assert set(out.seconds) == {"mean", Preparation(size=64).fingerprint}
    assert all(value > 0 for value in out.seconds.values())


def test_describing_keeps_no_graph(lesions):
    class Learned(MeanColor):
        def describe(self, batch):
            weight = torch.ones(1, requires_grad=True)
            return super().describe(batch) * weight

    assert extract(lesions, requests(mean=Learned()), store=None).values["mean"].shape[1] == 3
