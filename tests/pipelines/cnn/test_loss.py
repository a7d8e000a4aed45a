import pytest
import torch
from torch.nn import functional

from pipelines.cnn.loss import ClassificationLoss


@pytest.fixture
def logits():
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def codes():
    return torch.arange(12) % 4


def test_is_torchs_cross_entropy(logits, codes):
    expected = functional.cross_entropy(logits, codes)
    torch.testing.assert_close(ClassificationLoss()(logits, codes), expected)
    one_hot = functional.one_hot(codes, 4).float()
    torch.testing.assert_close(ClassificationLoss()(logits, one_hot), expected)


def test_weights_are_torchs(logits, codes):
    weight = torch.tensor([0.5, 1.0, 2.0, 4.0])
    expected = functional.cross_entropy(logits, codes, weight=weight)
    torch.testing.assert_close(ClassificationLoss(weight)(logits, codes), expected)


def test_smoothing_is_torchs(logits, codes):
    expected = functional.cross_entropy(logits, codes, label_smoothing=0.1)
    torch.testing.assert_close(ClassificationLoss(smoothing=0.1)(logits, codes), expected)


def test_focal_loss_by_its_formula(logits, codes):
    p = logits.softmax(dim=1)[torch.arange(12), codes]
    expected = (-((1 - p) ** 2) * p.log()).mean()
    torch.testing.assert_close(ClassificationLoss(gamma=2.0)(logits, codes), expected)


def test_mixed_targets_are_mixed_losses(logits, codes):
    one, other = functional.one_hot(codes, 4).float(), functional.one_hot(codes.flip(0), 4).float()
    loss = ClassificationLoss()
    mixed = loss(logits, 0.3 * one + 0.7 * other)
    torch.testing.assert_close(mixed, 0.3 * loss(logits, one) + 0.7 * loss(logits, other))


def test_right_answers_cost_nothing():
    sure = torch.eye(3) * 100
    for gamma in (0.0, 2.0):
        assert ClassificationLoss(gamma=gamma)(sure, torch.arange(3)) < 1e-6
