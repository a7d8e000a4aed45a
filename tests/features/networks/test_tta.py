import pytest
import torch

from features.networks.tta import views


@pytest.mark.parametrize(("tta", "n"), [("none", 1), ("flips", 4), ("dihedral", 8)])
def test_views_are_distinct_and_come_back(tta, n):
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8, generator=generator)
    seen = list(views(frames.float(), tta))
    assert len(seen) == n
    assert torch.equal(seen[0], frames.float())
    assert len({tuple(view[0].flatten().tolist()) for view in seen}) == n
