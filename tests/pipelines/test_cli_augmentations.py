from dataclasses import fields, replace

import pytest
import torch
from matplotlib.image import imread
from PIL import Image

from pipelines.cli import augmentations, main
from pipelines.cli.augmentations import draw_strips, make_strips
from pipelines.cnn.augmentation import Augmentation

NAMES = [
    "original",
    "flip",
    "random crop",
    "rotation",
    "shift",
    "colour jitter",
    "colour cast",
    "noise",
    "standardisation",
    "paste (CutMix)",
    "all together",
]
EVERYTHING = Augmentation(noise=10, standardize=True, paste=1)


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=generator)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "lesion.png"
    picture = torch.arange(60 * 80 * 3).remainder(251).byte().view(60, 80, 3)
    Image.fromarray(picture.numpy()).save(path)
    return path


def call(*words):
    return main(["augmentations", *map(str, words)])


def test_every_part_has_a_row_and_an_option(pair):
    strips = list(make_strips(pair, EVERYTHING, n=3, seed=0))
    assert [strip.name for strip in strips] == NAMES
    assert set(augmentations._PARTS) == {field.name for field in fields(Augmentation)}


def test_parts_that_are_off_have_no_row(pair):
    strips = make_strips(pair, Augmentation(flip=False, shift=0), n=2, seed=0)
    left_out = {"flip", "shift", "noise", "standardisation", "paste (CutMix)"}
    assert [strip.name for strip in strips] == [name for name in NAMES if name not in left_out]


def test_a_row_shows_its_part_alone(pair):
    strips = {strip.name: strip for strip in make_strips(pair, EVERYTHING, n=4, seed=3)}
    original = pair[0].float()
    assert torch.equal(strips["original"].frames, pair.float())
    mirrors = torch.stack([original.flip(axes) for axes in ((), (1,), (2,), (1, 2))])
    for frame in strips["flip"].frames:
        assert (frame - mirrors).abs().amax(dim=(1, 2, 3)).min() < 1e-2
    share = strips["paste (CutMix)"].frames.eq(original).float().mean(dim=(1, 2, 3))
    for kept, caption in zip(share.tolist(), strips["paste (CutMix)"].captions, strict=True):
        pasted = float(caption.removesuffix("% pasted")) / 100 if caption else 0
        assert 1 - kept == pytest.approx(pasted, abs=0.02)
    for strip in strips.values():
        assert strip.frames.min() >= 0
        assert strip.frames.max() <= 255
        assert len(strip.frames) == len(strip.captions)


def test_the_seed_decides(pair):
    first, again, other = (
        list(make_strips(pair, EVERYTHING, n=2, seed=seed))[-1].frames for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_labels_say_how_strong_a_part_is(pair):
    augmentation = replace(EVERYTHING, crop=0.4, rotation=30)
    strengths = {
        strip.name: strip.strength for strip in make_strips(pair, augmentation, n=1, seed=0)
    }
    assert strengths["random crop"].startswith("at least 60%")
    assert strengths["rotation"] == "up to ±30°"


def test_frames_do_not_overlap(pair):
    figure = draw_strips(list(make_strips(pair, EVERYTHING, n=3, seed=0)))
    boxes = [axes.get_position() for axes in figure.axes]
    assert len(boxes) == 2 + 2 + 9 * 3
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in boxes)
    for i, box in enumerate(boxes):
        assert sum(box.overlaps(other) for other in boxes[i:]) == 1


def test_picture_of_one_image(image, tmp_path, capsys):
    out = tmp_path / "new" / "grid.png"
    assert call(image, "--out", out, "--size", 32, "--draws", 3, "--framing", "square") == 0
    assert imread(out).shape[0] > 1000
    assert str(out) in capsys.readouterr().out


def test_picture_depends_on_the_options(image, tmp_path):
    sizes = []
    for i, words in enumerate(([], ["--no-flip"], ["--noise", 0, "--paste", 0, "--shift", 0])):
        out = tmp_path / f"{i}.png"
        assert call(image, image, "--out", out, "--size", 32, "--draws", 2, *words) == 0
        sizes.append(imread(out).shape[0])
    full, one_less, three_less = sizes
    assert full - three_less == pytest.approx(3 * (full - one_less), abs=3)
    assert full > one_less


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rotation", 200], "`rotation` must be a number in [0, 180]"),
        (["--seed", -1], "`seed` and `epoch` must not be negative, got -1 and 1"),
    ],
)
def test_wrong_values_are_one_sentence(image, tmp_path, capsys, words, message):
    assert call(image, "--out", tmp_path / "x.png", *words) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_missing_image_is_named(tmp_path, capsys):
    assert call(tmp_path / "no.jpg", "--out", tmp_path / "x.png") == 1
    assert "no.jpg: no such file" in capsys.readouterr().err


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as stop:
        call("--help")
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    for field in fields(Augmentation):
        assert f"--{field.name}" in text
