import logging

import pytest
import torch
from torch import nn

from pipelines.cnn import prediction
from pipelines.cnn.augmentation import Augmentation
from pipelines.cnn.prediction import Predictor, mean_over_views

CPU = torch.device("cpu")


@pytest.fixture
def frames():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (10, 3, 8, 8), dtype=torch.uint8, generator=generator)


def mean(frames, network, sizes=(8,), tta="none"):
    return mean_over_views(frames, network, Augmentation(), sizes=sizes, tta=tta, device=CPU)


def test_average_does_not_depend_on_the_side_up(frames):
    def corner(batch):
        return batch[:, :, 0, 0]

    upright = mean(frames, corner, tta="dihedral")
    turned = mean(frames.rot90(1, (2, 3)).flip(3).contiguous(), corner, tta="dihedral")
    torch.testing.assert_close(upright, turned)
    assert upright.shape == (10, 3)
    assert not torch.allclose(upright, mean(frames, corner))


def test_several_sizes(frames):
    sides = mean(frames, lambda batch: torch.full((len(batch), 1), batch.shape[-1]), (8, 6, 4))
    assert sides.flatten().tolist() == [6.0] * 10


def test_out_of_memory_halves_the_batch(frames, caplog):
    taken = []

    def network(batch):
        if len(batch) > 3:
            raise torch.OutOfMemoryError
        taken.append(len(batch))
        return batch.mean(dim=(2, 3))

    with caplog.at_level(logging.WARNING):
        found = mean(frames, network)
    assert taken == [2] * 5
    assert caplog.messages == [
        f"Out of memory: going on with batches of {n} images." for n in (5, 2)
    ]
    torch.testing.assert_close(found, mean(frames, lambda batch: batch.mean(dim=(2, 3))))


def test_out_of_memory_with_one_frame_is_an_error(frames):
    def never(batch):
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        mean(frames, never)


@pytest.fixture
def network():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten()).eval()


def test_engines_agree_and_are_made_once_a_size(network, monkeypatch):
    pytest.importorskip("onnxruntime")
    made = []

    def note(*args, **settings):
        made.append(settings["size"])
        return make_runner(*args, **settings)

    make_runner = prediction.make_runner
    monkeypatch.setattr(prediction, "make_runner", note)
    by_onnx, eager = (Predictor(network, engine, CPU) for engine in ("onnxruntime", "eager"))
    for size in (10, 14, 10):
        frames = torch.rand(3, 3, size, size) * 255
        torch.testing.assert_close(by_onnx(frames), eager(frames), rtol=1e-4, atol=1e-3)
    assert sorted(made) == [10, 10, 14, 14]


class Unheard(nn.Module):
    """Ends in a function that ONNX does not have."""

    def forward(self, rows):
        return torch.special.bessel_j0(rows)


def test_pytorch_runs_what_cannot_be_exported(network, capfd):
    pytest.importorskip("onnxruntime")
    frames = torch.rand(2, 3, 8, 8)
    unheard = nn.Sequential(network, Unheard()).eval()
    expected = Predictor(unheard, "eager", CPU)(frames)
    assert torch.equal(Predictor(unheard, "auto", CPU)(frames), expected)
    with pytest.raises(RuntimeError, match=r"(?s)handed to onnxruntime .* Use engine='eager'"):
        Predictor(unheard, "onnxruntime", CPU)(frames)
    assert "graph" not in capfd.readouterr().out


def test_an_unknown_engine(network):
    with pytest.raises(ValueError, match="`engine` must be one of"):
        Predictor(network, "tensorrt", CPU)
