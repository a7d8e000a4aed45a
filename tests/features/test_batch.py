import torch

from features import ColorMoments, LesionBatch
from features.batch import RING_GAP


def test_a_copy_on_a_device_holds_the_same_lesions(random_batch):
    assert random_batch.lab.shape[1] == 3  # a plane that is already derived is not carried along
    copy = random_batch.to("cpu")
    assert isinstance(copy, LesionBatch)
    assert "lab" not in vars(copy)
    assert torch.equal(ColorMoments().describe(copy), ColorMoments().describe(random_batch))
    assert random_batch.to("meta").mask.device.type == "meta"


def test_the_ring_keeps_its_distance(make_batch):
    mask = torch.zeros(1, 64, 64, dtype=torch.bool)
    mask[0, 24:40, 24:40] = True
    batch = make_batch(torch.zeros(1, 3, 64, 64, dtype=torch.uint8), mask)
    rows = batch.skin[0, :, 32].nonzero().ravel().tolist()
    assert rows[0] == 20  # a ring two pixels wide, the narrowest
    assert max(row for row in rows if row < 24) == 24 - RING_GAP - 1
    assert not (batch.skin & mask).any()
