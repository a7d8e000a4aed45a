import pytest
import torch
from torch import nn

from features.networks.exportable import Exportable


@pytest.mark.parametrize(
    ("side", "size"),
    [((7, 5), (3, 2)), ((8, 6), (5, None)), ((1, 1), 6), ((3, 4), 6), ((12, 12), 6), ((9, 9), 1)],
)
def test_adaptive_pooling_is_the_same(side, size):
    maps = torch.randn(2, 3, *side, generator=torch.Generator().manual_seed(0))
    pooling = nn.AdaptiveAvgPool2d(size)
    expected = pooling(maps)
    with Exportable():
        torch.testing.assert_close(pooling(maps), expected)


def test_precision_stays():
    maps = torch.ones(1, 1, 5, 5, dtype=torch.float64)
    with Exportable():
        assert nn.functional.adaptive_avg_pool2d(maps, 3).dtype == torch.float64
