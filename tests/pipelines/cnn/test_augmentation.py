import copy
import math
import pickle

import numpy as np
import pytest
import torch

from pipelines.cnn.augmentation import Augmentation, standardize
from pipelines.cnn.cutmix import Patch, draw_patch, paste_patches

FILL = (10, 20, 30)
OFF = {"flip": False, "rotation": 0, "crop": 0, "shift": 0, "jitter": 0, "cast": 0}
ALL = Augmentation(noise=4, standardize=True, paste=0.5)


def only(**parts):
    return Augmentation(**(OFF | parts))


def random_frames(n=12, side=16):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=generator)


def ramp(n, side=65):
    """Red is the column, green the row, in pixels, and blue 255: so a pixel tells its origin."""
    columns = torch.arange(side).expand(side, side)
    frame = torch.stack([columns, columns.T, torch.full((side, side), 255)])
    return frame.to(torch.uint8).expand(n, -1, -1, -1)


def change(augmentation, frames, *, epoch=1, seed=0, **settings):
    rows = torch.arange(len(frames))
    return augmentation(frames, rows=rows, epoch=epoch, seed=seed, **settings)


def matrices(augmentation, n=200, side=65):
    """Where new pixels came from, as (n, 2, 3): least squares on those in the middle."""
    moved = change(augmentation, ramp(n, side))
    middle = (side - 1) / 2
    places = (torch.arange(side) - middle).double()
    found = []
    y, x = torch.meshgrid(places, places, indexing="ij")
    inside = torch.maximum(x.abs(), y.abs()) <= side / 8  # never from beyond the frame
    for red, green, _ in moved.double():
        known = torch.stack([x[inside], y[inside], torch.ones(int(inside.sum()))], dim=1)
        wanted = torch.stack([red[inside], green[inside]], dim=1) - middle
        solution = torch.linalg.lstsq(known, wanted).solution
        assert (known @ solution - wanted).abs().max() < 0.05  # one affine map, nothing else
        found.append(solution.T)
    return torch.stack(found)


def test_nothing_on_changes_nothing():
    frames = random_frames()
    assert torch.equal(change(only(), frames), frames.float())


def test_input_is_not_written_to():
    frames = random_frames()
    floats = frames.float()
    for given in (frames, floats):
        change(ALL, given)
        change(only(noise=3), given)
        ALL.prepare(given)
    assert torch.equal(floats, frames.float())
    assert torch.equal(frames, random_frames())


def test_flip_gives_the_four_mirrors_alike():
    frames = random_frames(n=400, side=4)
    moved = change(only(flip=True), frames)
    counts = []
    for axes in ((), (2,), (3,), (2, 3)):
        same = (moved - frames.flip(axes)).abs().amax(dim=(1, 2, 3)) < 1e-2
        counts.append(int(same.sum()))
    assert sum(counts) == 400
    assert min(counts) > 70


def test_rotation_alone_turns_about_the_middle():
    found = matrices(only(rotation=30))
    turns = found[:, :, :2]
    torch.testing.assert_close(
        turns @ turns.mT, torch.eye(2).double().expand(200, 2, 2), atol=1e-3, rtol=0
    )
    torch.testing.assert_close(turns.det(), torch.ones(200).double(), atol=1e-3, rtol=0)
    assert found[:, :, 2].abs().max() < 1e-2
    angles = torch.atan2(turns[:, 1, 0], turns[:, 0, 0]).rad2deg()
    assert angles.abs().max() <= 30.01
    assert angles.min() < -27
    assert angles.max() > 27


def test_a_half_turn_is_within_the_default():
    found = matrices(only(rotation=180))
    angles = torch.atan2(found[:, 1, 0], found[:, 0, 0])
    assert angles.min() < -0.9 * math.pi
    assert angles.max() > 0.9 * math.pi


def test_crop_stays_inside_the_frame():
    moved = change(only(crop=0.5), ramp(200))
    assert moved[:, 2, 1:-1, 1:-1].min() > 254.9
    found = matrices(only(crop=0.5))
    side = found[:, 0, 0]
    torch.testing.assert_close(side, found[:, 1, 1], atol=1e-3, rtol=0)
    assert found[:, 0, 1].abs().max() < 1e-3
    assert 0.5 - 1e-3 < side.min() < 0.53
    assert 0.97 < side.max() < 1 + 1e-3
    off = found[:, :, 2].abs() / 32.5
    assert (off <= 1 - side[:, None] + 1e-3).all()
    assert off.max() > 0.4


def test_shift_moves_by_up_to_its_share_of_the_side():
    found = matrices(only(shift=0.1))
    shifts = found[:, :, 2]
    torch.testing.assert_close(
        found[:, :, :2], torch.eye(2).double().expand(200, 2, 2), atol=1e-3, rtol=0
    )
    assert shifts.abs().max() <= 6.5 + 1e-2
    assert (shifts.amin(dim=0) < -5.8).all()
    assert (shifts.amax(dim=0) > 5.8).all()


def test_all_geometry_is_one_similarity():
    found = matrices(Augmentation(jitter=0, cast=0))
    turns = found[:, :, :2]
    squares = turns @ turns.mT
    scale = squares[:, 0, 0].sqrt()
    torch.testing.assert_close(
        squares / scale.square()[:, None, None],
        torch.eye(2).double().expand(200, 2, 2),
        atol=1e-2,
        rtol=0,
    )
    assert 0.749 < scale.min() < scale.max() < 1.001
    assert {round(value) for value in (turns.det() / scale.square()).tolist()} == {-1, 1}


def test_skin_goes_on_beyond_the_frame():
    skin = torch.tensor([200, 150, 130], dtype=torch.uint8)[:, None, None].expand(20, 3, 16, 16)
    moved = change(only(rotation=180, shift=0.5), skin)
    torch.testing.assert_close(moved, skin.float(), atol=1e-3, rtol=0)


def test_jitter_bounds_brightness():
    frames = torch.full((300, 3, 4, 4), 100, dtype=torch.uint8)
    moved = change(only(jitter=0.2), frames)
    # Of a frame of one grey, contrast and saturation change nothing.
    assert moved.std(dim=(1, 2, 3)).max() < 1e-3
    level = moved.mean(dim=(1, 2, 3))
    assert 79.9 < level.min() < 83
    assert 117 < level.max() < 120.1


def test_jitter_keeps_the_order_of_gray_levels_and_its_middle():
    frames = torch.tensor([80.0, 120.0]).repeat_interleave(8).view(1, 1, 4, 4).expand(300, 3, 4, 4)
    moved = change(only(jitter=0.3), frames)
    spread = (moved[:, 0, -1, -1] - moved[:, 0, 0, 0]) / moved.mean(dim=(1, 2, 3)) * 100
    assert 0.69 * 40 < spread.min() < 0.75 * 40
    assert 1.25 * 40 < spread.max() < 1.31 * 40


def test_jitter_of_colours_keeps_their_luma():
    frames = torch.tensor([140.0, 100.0, 90.0])[:, None, None].expand(300, 3, 4, 4)
    moved = change(only(jitter=0.2), frames)[:, :, 0, 0]
    luma = moved @ torch.tensor([0.299, 0.587, 0.114])
    range_ = (moved[:, 0] - moved[:, 2]) / luma
    plain = 50 / (140 * 0.299 + 100 * 0.587 + 90 * 0.114)
    # Saturation and contrast both act on the distance from the frame's grey: one colour, one grey.
    assert 0.8**2 * plain - 1e-3 < range_.min() < 0.9 * plain
    assert 1.1 * plain < range_.max() < 1.2**2 * plain + 1e-3


def test_cast_gains_each_channel_apart():
    frames = torch.full((300, 3, 4, 4), 100, dtype=torch.uint8)
    moved = change(only(cast=0.06), frames)[:, :, 0, 0]
    assert 93.9 < moved.min() < 94.5
    assert 105.5 < moved.max() < 106.1
    assert np.abs(np.corrcoef(moved.T.numpy()) - np.eye(3)).max() < 0.2


def test_noise_has_its_standard_deviation():
    frames = torch.full((4, 3, 64, 64), 128, dtype=torch.uint8)
    noise = change(only(noise=5), frames) - 128
    assert noise.std(dim=(1, 2, 3)).sub(5).abs().max() < 0.2
    assert noise.mean(dim=(1, 2, 3)).abs().max() < 0.3
    assert abs(np.corrcoef(noise.flatten(1).numpy())[0, 1]) < 0.05


def test_values_stay_in_range():
    extreme = Augmentation(jitter=1, cast=1, noise=100, standardize=True)
    moved = change(extreme, random_frames())
    assert moved.dtype == torch.float32
    assert moved.min() >= 0
    assert moved.max() <= 255


def test_standardized_frames_have_the_standard_mean_and_spread():
    frames = (random_frames(side=32) // 8 + 60).to(torch.uint8)
    ready = only(standardize=True).prepare(frames)
    torch.testing.assert_close(ready.mean(dim=(2, 3)), torch.full((12, 3), 127.5))
    spread = ready.flatten(2).std(dim=2, correction=0)
    torch.testing.assert_close(spread, torch.full((12, 3), 31.875))


def test_standardized_frames_do_not_depend_on_the_lamp():
    frames = (random_frames(side=32) // 4 + 30).float()
    lamp = torch.tensor([1.3, 1.0, 0.8])[:, None, None]
    torch.testing.assert_close(standardize(frames * lamp), standardize(frames), atol=1e-3, rtol=0)


def test_standardized_frame_of_one_colour_is_gray():
    flat = torch.tensor([200, 3, 90], dtype=torch.uint8)[:, None, None].expand(1, 3, 8, 8)
    assert only(standardize=True).prepare(flat).eq(127.5).all()


def test_standardized_outlier_is_clipped():
    frames = torch.full((1, 3, 32, 32), 150, dtype=torch.uint8)
    frames[..., 0, 0] = 0
    ready = standardize(frames)
    assert ready[..., 0, 0].eq(0).all()
    assert (ready[..., 1:, 1:] - 128.5).abs().max() < 0.01


@pytest.mark.parametrize("augmentation", [Augmentation(), ALL, only(), only(standardize=True)])
@pytest.mark.parametrize("size", [None, 8, 16, 24])
def test_size(augmentation, size):
    frames = random_frames()
    for found in (change(augmentation, frames, size=size), augmentation.prepare(frames, size)):
        assert found.shape == (12, 3, size or 16, size or 16)
        assert found.dtype == torch.float32


def test_without_chance_training_frames_are_the_prepared_ones():
    frames = random_frames(side=40)
    for plain in (only(), only(standardize=True)):
        assert torch.equal(change(plain, frames, size=16), plain.prepare(frames, 16))


def test_shrinking_averages():
    stripes = torch.tensor([0, 255], dtype=torch.uint8).repeat(64).expand(1, 3, 128, 128)
    for augmentation in (only(), only(rotation=20)):
        moved = change(augmentation, stripes, size=16)[..., 4:-4, 4:-4]
        assert (moved - 127.5).abs().max() < 8


@pytest.mark.parametrize("augmentation", [Augmentation(), ALL])
def test_a_row_is_the_same_in_any_batch_and_order(augmentation):
    frames, rows = random_frames(), torch.arange(100, 112)
    drawn = {"epoch": 3, "seed": 5}
    whole = augmentation(frames, rows=rows, **drawn)
    order = torch.tensor([7, 2, 9])
    torch.testing.assert_close(
        augmentation(frames[order], rows=rows[order], **drawn), whole[order], atol=1e-3, rtol=0
    )
    torch.testing.assert_close(
        augmentation(frames[4:5], rows=rows[4:5], **drawn), whole[4:5], atol=1e-3, rtol=0
    )


def test_seed_epoch_and_row_each_change_the_draw():
    frame = random_frames(n=1).expand(2, -1, -1, -1)
    rows = torch.tensor([0, 1])
    base = ALL(frame, rows=rows, epoch=1, seed=0)
    others = [
        base[1:],
        ALL(frame, rows=rows, epoch=2, seed=0)[:1],
        ALL(frame, rows=rows, epoch=1, seed=1)[:1],
    ]
    for other in others:
        assert (other - base[:1]).abs().mean() > 5


def test_a_repeat_changes_the_draw_and_a_first_time_does_not():
    frames = random_frames(n=1).expand(3, -1, -1, -1)
    rows = torch.tensor([7, 7, 7])
    drawn = {"rows": rows, "epoch": 1, "seed": 5}
    first, again, third = ALL(frames, **drawn, repeats=torch.tensor([0, 1, 2]))
    torch.testing.assert_close(first, ALL(frames, **drawn)[0], atol=1e-3, rtol=0)
    for one, other in ((first, again), (first, third), (again, third)):
        assert (one - other).abs().mean() > 5
    boxes, _ = Augmentation(paste=1.0).mix(
        torch.arange(3.0)[:, None, None, None].expand(3, 3, 16, 16),
        torch.eye(3),
        **drawn,
        repeats=torch.tensor([0, 1, 2]),
    )
    assert not torch.equal(boxes[0] == 0, boxes[1] == 1)


def test_only_paste_looks_beyond_the_row():
    frames, rows = random_frames(), torch.arange(12)
    drawn = {"epoch": 1, "seed": 0}
    for paste in (0.0, 1.0):
        augmentation = Augmentation(paste=paste)
        pair = [
            augmentation.mix(frames[part].float(), torch.eye(12)[part], rows=rows[part], **drawn)[0]
            for part in (slice(0, 2), slice(0, 12))
        ]
        assert torch.equal(pair[0], pair[1][:2]) is (paste == 0)


def test_global_generator_is_neither_read_nor_moved():
    state = torch.get_rng_state()
    first = change(ALL, random_frames())
    targets = torch.eye(12)
    mixed, _ = ALL.mix(first, targets, rows=torch.arange(12), epoch=1, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.random.fork_rng():
        torch.manual_seed(99)
        again = change(ALL, random_frames())
        assert torch.equal(again, first)
        assert torch.equal(
            ALL.mix(again, targets, rows=torch.arange(12), epoch=1, seed=0)[0], mixed
        )


def test_switching_a_part_off_leaves_the_draws_of_the_others():
    plain, noisy = (
        change(Augmentation(), random_frames()),
        change(Augmentation(noise=1), random_frames()),
    )
    assert (plain - noisy).abs().max() < 7
    turns, cropped = (matrices(only(rotation=180, crop=crop), n=20)[:, :, :2] for crop in (0, 0.3))
    side = cropped.det().sqrt()[:, None, None]
    assert side.min() < 0.8
    torch.testing.assert_close(cropped / side, turns, atol=1e-2, rtol=0)


def test_mix_returns_what_came_in_without_paste():
    frames, targets = torch.rand(3, 3, 4, 4), torch.eye(3)
    found = Augmentation().mix(frames, targets, rows=torch.arange(3), epoch=1, seed=0)
    assert found[0] is frames
    assert found[1] is targets


def test_mix_weighs_targets_by_the_pixels():
    n, side = 40, 10
    frames = torch.arange(n).float()[:, None, None, None].expand(n, 3, side, side).clone()
    mixed, targets = Augmentation(paste=1.0).mix(
        frames, torch.eye(n), rows=torch.arange(n), epoch=1, seed=0
    )
    assert torch.equal(frames[:, 0, 0, 0], torch.arange(n).float())
    shares = torch.stack([(mixed[:, 0] == i).float().mean(dim=(1, 2)) for i in range(n)], dim=1)
    torch.testing.assert_close(targets, shares)
    assert torch.equal(mixed[:, 0], mixed[:, 2])
    assert (targets > 0).sum(dim=1).max() == 2
    assert (
        0.2 < 1 - targets.diag().mean() < 0.45
    )  # half of the area asked for, less what hangs over


def test_mix_pastes_into_the_share_of_rows_asked_for():
    n = 400
    frames = torch.arange(n).float()[:, None, None, None].expand(n, 3, 32, 32)
    _, targets = Augmentation(paste=0.3).mix(
        frames, torch.eye(n), rows=torch.arange(n), epoch=1, seed=0
    )
    touched = (targets.diag() < 1).float().mean()
    assert 0.2 < touched < 0.36


def test_mix_places_its_boxes_by_row_not_by_batch():
    frames, targets = torch.zeros(6, 3, 20, 20), torch.eye(6)
    frames[3:] = 1
    rows = torch.tensor([10, 20, 30, 40, 50, 60])
    drawn = {"epoch": 2, "seed": 7}
    augmentation = Augmentation(paste=1.0)
    for row in rows[:3].tolist():
        pair = torch.tensor([row, 99])
        both = torch.stack([torch.zeros(3, 20, 20), torch.ones(3, 20, 20)])
        alone, _ = augmentation.mix(both, torch.eye(2), rows=pair, **drawn)
        swapped, _ = augmentation.mix(both.flip(0), torch.eye(2), rows=pair.flip(0), **drawn)
        assert torch.equal(alone, swapped.flip(0))
    again = augmentation.mix(frames, targets, rows=rows, **drawn)
    for one, other in zip(
        again, augmentation.mix(frames, targets, rows=rows, **drawn), strict=True
    ):
        assert torch.equal(one, other)


def test_mix_leaves_a_batch_of_one():
    frames, targets = torch.rand(1, 3, 4, 4), torch.ones(1, 1)
    mixed, same = Augmentation(paste=1.0).mix(
        frames, targets, rows=torch.tensor([0]), epoch=1, seed=0
    )
    assert torch.equal(mixed, frames)
    assert torch.equal(same, targets)


def test_partner_is_any_other_row():
    patches = [draw_patch(2, 5, 8, 1.0, np.random.default_rng(i)) for i in range(200)]
    assert {patch.partner for patch in patches} == {0, 1, 3, 4}


def test_patches_come_from_frames_as_they_came_in():
    frames = torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 3, 4, 4)
    patches = [Patch(1, 0, 4, 0, 4), Patch(0, 0, 2, 0, 4)]
    mixed, targets = paste_patches(frames, torch.eye(2), patches)
    assert mixed[0].eq(1).all()
    assert mixed[1, :, :2].eq(0).all()
    assert mixed[1, :, 2:].eq(1).all()
    assert targets.tolist() == [[0, 1], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [
        ("rotation", 181, "180"),
        ("crop", 1.0, "0.9"),
        ("crop", -0.1, "0.9"),
        ("shift", 2, "1"),
        ("jitter", "much", "1"),
        ("jitter", True, "1"),
        ("cast", math.nan, "1"),
        ("noise", -1, "255"),
        ("paste", 1.5, "1"),
        ("paste", None, "1"),
    ],
)
def test_values_out_of_range_are_refused(name, value, most):
    with pytest.raises(ValueError, match=rf"`{name}` must be a number in \[0, {most}\].*got"):
        Augmentation(**{name: value})


@pytest.mark.parametrize("name", ["flip", "standardize"])
def test_switches_are_true_or_false(name):
    with pytest.raises(ValueError, match=f"`{name}` must be True or False, got 'yes'"):
        Augmentation(**{name: "yes"})


def test_false_turns_a_part_off():
    off = dict.fromkeys(OFF, False)
    assert Augmentation(**off) == only()


def test_frames_must_be_square_and_numbered():
    wide = torch.zeros(1, 3, 4, 6, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"square RGB .* got \(1, 3, 4, 6\)"):
        change(Augmentation(), wide)
    with pytest.raises(ValueError, match=r"square RGB"):
        Augmentation().prepare(wide)
    with pytest.raises(ValueError, match="got -1 and 1"):
        change(Augmentation(), random_frames(), seed=-1)
    with pytest.raises(ValueError, match="2 rows, 12 frames"):
        Augmentation()(random_frames(), rows=torch.arange(2), epoch=1, seed=0)


def test_it_can_be_compared_copied_and_pickled():
    assert pickle.loads(pickle.dumps(ALL)) == ALL == copy.deepcopy(ALL)
    assert Augmentation() != ALL
