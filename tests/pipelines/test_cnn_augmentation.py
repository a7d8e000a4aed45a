import math

import pytest
import torch

from pipelines.cnn.augmentation import Changes, apply_changes, draw_changes

FILL = (10, 20, 30)


@pytest.fixture
def frames():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 3, 16, 16), dtype=torch.uint8, generator=generator)


def changes(matrix=((1, 0, 0), (0, 1, 0)), gain=1.0, contrast=1.0, saturation=1.0):
    return Changes(
        torch.tensor(matrix, dtype=torch.float32).repeat(3, 1, 1),
        torch.full((3, 3), gain),
        torch.full((3,), contrast),
        torch.full((3,), saturation),
    )


def test_no_change(frames):
    torch.testing.assert_close(
        apply_changes(frames, changes(), FILL), frames.float(), atol=1e-3, rtol=0
    )


def test_quarter_turn(frames):
    turned = apply_changes(frames, changes(matrix=((0, -1, 0), (1, 0, 0))), FILL)
    torch.testing.assert_close(turned, frames.rot90(1, (2, 3)).float(), atol=1e-2, rtol=0)


def test_mirror(frames):
    mirrored = apply_changes(frames, changes(matrix=((-1, 0, 0), (0, 1, 0))), FILL)
    torch.testing.assert_close(mirrored, frames.flip(3).float(), atol=1e-2, rtol=0)


def test_fill_comes_from_beyond_the_frame(frames):
    moved = apply_changes(frames, changes(matrix=((1, 0, 9), (0, 1, 0))), FILL)
    expected = torch.tensor(FILL, dtype=torch.float32)[:, None, None].expand_as(moved)
    torch.testing.assert_close(moved, expected)


def test_colour(frames):
    gray = apply_changes(frames, changes(saturation=0.0), FILL)
    torch.testing.assert_close(gray[:, 0], gray[:, 2])
    flat = apply_changes(frames, changes(saturation=0.0, contrast=0.0), FILL)
    assert flat.flatten(1).std(dim=1).max() < 1e-3
    bright = apply_changes(frames, changes(gain=1.5), FILL)
    torch.testing.assert_close(bright, (frames * 1.5).clamp(max=255), atol=1e-2, rtol=0)


def test_draws_come_from_the_generator_alone():
    state = torch.get_rng_state()
    first = draw_changes(50, torch.Generator().manual_seed(1))
    again = draw_changes(50, torch.Generator().manual_seed(1))
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_draws_are_similarities_within_bounds():
    matrices, gains, contrast, saturation = draw_changes(200, torch.Generator().manual_seed(0))
    turns = matrices[:, :, :2]
    squares = turns @ turns.transpose(1, 2)
    scale = squares[:, 0, 0].sqrt()
    eye = torch.eye(2).expand(200, 2, 2)
    torch.testing.assert_close(squares / scale.square()[:, None, None], eye, atol=1e-4, rtol=0)
    assert scale.log().abs().max() <= 0.25 + 1e-5
    assert {round(value) for value in (turns.det() / scale.square()).tolist()} == {-1, 1}
    angles = torch.atan2(matrices[:, 1, 0], matrices[:, 1, 1])
    assert angles.min() < -0.9 * math.pi
    assert angles.max() > 0.9 * math.pi
    for factor in (contrast, saturation):
        assert ((factor - 1).abs() <= 0.2).all()
    assert ((gains - 1).abs() <= 1.2 * 1.06 - 1 + 1e-5).all()
