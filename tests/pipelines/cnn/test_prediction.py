import pytest
import torch

from pipelines.cnn.augmentation import Augmentation
from pipelines.cnn.prediction import mean_over_views

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
