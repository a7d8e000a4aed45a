import pytest
import torch

from features import normalize
from features.networks.normalization import mean_and_std

PIXEL = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("unit", [0, 0.2, 1]),
        ("symmetric", [-1, -0.6, 1]),
        ("imagenet", [-0.485 / 0.229, -0.256 / 0.224, 0.594 / 0.225]),
        (((0.0, 0.1, 0.5), (1.0, 0.1, 0.25)), [0, 1, 2]),
    ],
)
def test_known_answers(scheme, expected):
    scaled = normalize(PIXEL, scheme)
    assert scaled.dtype == torch.float32
    torch.testing.assert_close(scaled.flatten(), torch.tensor(expected, dtype=torch.float32))


def test_the_frames_stay_as_they_were():
    frames = PIXEL.clone()
    normalize(frames, "unit")
    assert torch.equal(frames, PIXEL)


def test_unknown_scheme():
    with pytest.raises(ValueError, match=r"one of \('imagenet', .* got 'minmax'"):
        normalize(PIXEL, "minmax")


@pytest.mark.parametrize("scheme", [0.5, (0.5, 0.5), ((0, 0, 0), (1, 1, 0)), ((0, 0), (1, 1)), ()])
def test_numbers_that_normalise_nothing(scheme):
    with pytest.raises(ValueError, match=r"\(mean, std\), three numbers each and std positive"):
        mean_and_std(scheme)
