import pytest
import torch

from features.networks.pooling import average, generalized_mean, pool

MAPS = torch.rand(2, 5, 4, 3, generator=torch.Generator().manual_seed(0))


def test_generalized_mean_lies_between_mean_and_maximum():
    values = generalized_mean(MAPS)
    assert values.shape == (2, 5)
    assert (values > average(MAPS)).all()
    assert (values < MAPS.amax(dim=(2, 3))).all()


def test_negative_activations_count_as_nothing():
    maps = MAPS - 0.5
    torch.testing.assert_close(generalized_mean(maps), generalized_mean(maps.relu()))
    assert torch.isfinite(generalized_mean(-MAPS)).all()


def test_vectors_stay():
    vectors = MAPS[..., 0, 0]
    assert all(pool(vectors, pooling) is vectors for pooling in ("average", "gem", "none"))


def test_what_cannot_be_pooled():
    with pytest.raises(ValueError, match=r"gives maps of shape \(5, 4, 3\). Use pooling='average'"):
        pool(MAPS, "none")
    with pytest.raises(ValueError, match=r"activations of shape \(4, 3\). Name another `layer`"):
        pool(MAPS[:, 0], "average")
