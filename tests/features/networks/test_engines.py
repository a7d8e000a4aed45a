import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from features.devices import torch_threads
from features.networks import engines, runners
from features.networks.embedding import CNNEmbedding
from features.networks.engines import resolve_engine

CPU, GPU = torch.device("cpu"), torch.device("cuda")
OPTIONAL = ("onnxruntime", "openvino")


def needs(engine):
    return pytest.importorskip(engine)


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.integers(0, 256, (5, 3, 8, 8), dtype=np.uint8))
    return coarse.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)


def small(**settings):
    return CNNEmbedding(**({"image_size": 64, "device": "cpu"} | settings))


@pytest.mark.parametrize("engine", OPTIONAL)
def test_engines_give_the_same_rows(engine, frames):
    needs(engine)
    plain = small(engine="eager").describe(frames)
    part = small(engine=engine)
    with torch_threads(1):
        rows = part.describe(frames)
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, plain, rtol=1e-4, atol=1e-4 * float(plain.abs().max()))
    with torch_threads(2):
        torch.testing.assert_close(part.describe(frames), rows, rtol=1e-5, atol=1e-5)


def test_bfloat16_is_close(frames):
    plain = small(engine="eager").describe(frames)
    rows = small(precision="bfloat16").describe(frames)
    assert rows.dtype == torch.float32
    assert not torch.equal(rows, plain)
    assert torch.cosine_similarity(rows, plain).min() > 0.99


def test_float16_needs_a_gpu(frames):
    with pytest.raises(ValueError, match="precision='float16' needs a GPU, got device 'cpu'"):
        small(precision="float16").describe(frames)


def lenet(**settings):
    return CNNEmbedding("lenet", None, device="cpu", random_state=0, **settings)


@pytest.mark.skipif(
    not os.environ.get("DERMFUSION_COMPILE"),
    reason="torch.compile takes a minute: set DERMFUSION_COMPILE=1",
)
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch's own
def test_compiled_rows_are_the_same():
    frames = torch.randint(0, 256, (7, 3, 28, 28), dtype=torch.uint8)
    part, plain = lenet(engine="compile"), lenet(engine="eager").describe(frames)
    with ThreadPoolExecutor(3) as pool:
        several = list(pool.map(part.describe, [frames, frames[:1], frames[:3]]))
    for rows in several:
        torch.testing.assert_close(rows, plain[: len(rows)], rtol=1e-4, atol=1e-5)


def test_compiling_is_done_and_fails_before_any_image_is_read(monkeypatch, frames):
    compiled, shapes = [], []

    def fake(network):
        compiled.append(network)

        def forward(frames):
            shapes.append(tuple(frames.shape))
            return network(frames)

        return forward

    monkeypatch.setattr(torch, "compile", fake)
    part, plain = small(engine="compile", image_size=48), small(engine="eager", image_size=48)
    embedded = part.describe(frames[..., :48, :48])
    # A row among four others is summed in another order than alone or among three.
    expected = plain.describe(frames[..., :48, :48])
    torch.testing.assert_close(embedded, expected, rtol=1e-4, atol=1e-4)
    assert len(compiled) == 1
    # One to compile by, and five frames: the second batch is filled up.
    assert shapes == 3 * [(4, 3, 48, 48)]

    def no_compiler(network):
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", no_compiler)
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler\). Use engine='eager'"):
        small(engine="compile", image_size=56).describe(frames)


@pytest.mark.parametrize("tap", [{"layer": "features"}, {"pooling": "gem"}])
def test_inner_layers_are_not_compiled(tap):
    frames = torch.zeros(1, 3, 28, 28, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match=r"compiles whole networks.* Use engine='eager'"):
        lenet(engine="compile", **tap).describe(frames)


def test_engine_and_precision_are_in_the_fingerprint():
    parts = [small(engine="eager"), small(engine="compile"), small(precision="bfloat16")]
    assert len({part.fingerprint() for part in parts}) == 3
    assert small(engine="auto").fingerprint() == (
        small(engine=resolve_engine("auto", "float32", CPU)).fingerprint()
    )


def installed(monkeypatch, *modules):
    monkeypatch.setattr(engines, "find_spec", lambda module: module in modules or None)


def test_auto_takes_the_fastest_installed(monkeypatch):
    installed(monkeypatch, "onnxruntime", "onnx", "openvino")
    assert resolve_engine("auto", "float32", CPU) == "onnxruntime"
    installed(monkeypatch, "onnxruntime", "openvino")  # without onnx nothing can be exported
    assert resolve_engine("auto", "float32", CPU) == "openvino"
    installed(monkeypatch)
    assert resolve_engine("auto", "float32", CPU) == "eager"


def test_auto_is_pytorch_on_a_gpu_and_in_other_precisions(monkeypatch):
    installed(monkeypatch, "onnxruntime", "onnx", "openvino")
    assert resolve_engine("auto", "float32", GPU) == "eager"
    assert resolve_engine("auto", "bfloat16", CPU) == "eager"
    assert resolve_engine("auto", "float16", GPU) == "eager"


def test_an_engine_that_is_not_installed(monkeypatch):
    installed(monkeypatch, "onnxruntime")
    with pytest.raises(ImportError, match=r"needs onnx: pip install 'dermfusion\[engines\]'"):
        resolve_engine("onnxruntime", "float32", CPU)
    with pytest.raises(ImportError, match="needs openvino: pip install openvino, or"):
        resolve_engine("openvino", "float32", CPU)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (("tensorrt", "float32", CPU), "`engine` must be one of"),
        (("auto", "int8", CPU), "`precision` must be one of"),
        (("auto", "float16", CPU), "precision='float16' needs a GPU"),
        (("onnxruntime", "float32", GPU), "runs on the CPU, got device 'cuda'"),
        (("openvino", "bfloat16", CPU), "computes in float32, got precision='bfloat16'"),
    ],
)
def test_what_does_not_go_together(settings, text):
    with pytest.raises(ValueError, match=text):
        resolve_engine(*settings)


@pytest.mark.parametrize("engine", ["auto", "onnxruntime"])
def test_a_failed_export_names_the_remedy(monkeypatch, frames, engine):
    def broken(*args, **where):
        raise RuntimeError("no such operator")

    installed(monkeypatch, "onnxruntime", "onnx")
    monkeypatch.setattr(runners, "make_runner", broken)
    # Another engine in its place would file its rows under this one's name.
    with pytest.raises(RuntimeError, match=r"no such operator\). Use engine='eager'"):
        CNNEmbedding(image_size=40, device="cpu", engine=engine).describe(frames)


def test_the_engine_is_part_of_the_key_but_not_of_what_columns_mean():
    eager = small(engine="eager")
    half = small(engine="eager", precision="bfloat16")
    assert eager.fingerprint() != half.fingerprint()
    assert eager.definition() == half.definition()


# Adaptive pooling whose windows overlap, and attention that has a fast path of its own.
@pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="needs the extra 'engines'")
@pytest.mark.parametrize(("name", "size"), [("lenet", 32), ("alexnet", 128), ("vit_b_32", 224)])
def test_auto_runs_what_exporters_do_not_know(name, size):
    needs("onnxruntime")
    shared = {"image_size": size, "device": "cpu", "random_state": 0}
    frames = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    part = CNNEmbedding(name, None, **shared)
    assert part.fingerprint().endswith("onnxruntime:float32")
    plain = CNNEmbedding(name, None, engine="eager", **shared).describe(frames)
    assert (part.describe(frames) - plain).abs().max() < 1e-4 * plain.abs().max()


@pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="needs the extra 'engines'")
def test_inner_layers_are_exported_too(frames):
    needs("onnxruntime")
    settings = {"pooling": "gem", "tta": "flips"}
    plain = small(engine="eager", **settings).describe(frames)
    rows = small(engine="onnxruntime", **settings).describe(frames)
    torch.testing.assert_close(rows, plain, rtol=1e-3, atol=1e-4 * float(plain.abs().max()))
