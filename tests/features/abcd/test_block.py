from dataclasses import replace

import numpy as np
import torch

from features import ABCD, LesionStyle, draw_lesion, total_dermoscopy_score

_RANGES = {"asymmetry": (0, 2), "border": (0, 8), "color": (1, 6), "structure": (1, 5)}


def table(batch):
    values = ABCD().describe(batch).numpy()
    return {name: values[:, i] for i, name in enumerate(ABCD().feature_names())}


def test_scores_stay_in_their_ranges(real_batch, random_batch, odd_batch):
    for batch in (real_batch, random_batch, odd_batch):
        values = table(batch)
        for name, (low, high) in _RANGES.items():
            score = values[f"{name}_score"]
            assert ((score >= low) & (score <= high) & (score == np.rint(score))).all()


def test_the_last_column_weighs_the_letters(real_batch):
    values = table(real_batch)
    letters = (values[f"{name}_score"] for name in _RANGES)
    np.testing.assert_allclose(values["tds_proxy"], total_dermoscopy_score(*letters), rtol=1e-6)


def test_millimetres_are_unknown_without_a_calibration(real_batch):
    names, nullable = ABCD().feature_names(), ABCD().nullable_names()
    unknown = ABCD().describe(real_batch).isnan().all(dim=0)
    assert [name for name, is_nan in zip(names, unknown, strict=True) if is_nan] == nullable
    calibrated = replace(real_batch, mm_per_pixel=torch.full((len(real_batch),), 0.01))
    assert ABCD().describe(calibrated).isfinite().all()


def test_letters_follow_the_drawing(make_batch):
    plain = LesionStyle(asymmetry=0, border_blur=0.06, colors=("light brown",), network=0)
    wild = LesionStyle(
        asymmetry=0.2,
        border_blur=0.005,
        colors=("light brown", "dark brown", "black", "blue-gray"),
        network=0,
    )
    images, masks = zip(
        *(draw_lesion(style, size=(224, 224), random_state=0) for style in (plain, wild)),
        strict=True,
    )
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    values = table(make_batch(pixels, np.stack(masks)))
    for name in ("asymmetry_shape_least", "border_abruptness_mean", "color_score", "tds_proxy"):
        low, high = values[name]
        assert low < high, name
    np.testing.assert_allclose(values["diameter_equivalent_of_width"], 0.5, atol=0.03)


def test_a_change_outside_lesion_and_valid_skin_moves_nothing(random_batch, make_batch):
    valid = torch.zeros_like(random_batch.valid)
    valid[:, 5:-5, 5:-5] = True
    rng = torch.Generator().manual_seed(0)
    noise = torch.randint(256, random_batch.pixels.shape, dtype=torch.uint8, generator=rng)
    pixels = torch.where(valid[:, None], random_batch.pixels, noise)
    mask = random_batch.mask & valid
    before = ABCD().describe(make_batch(random_batch.pixels, mask, valid))
    after = ABCD().describe(make_batch(pixels, mask, valid))
    torch.testing.assert_close(after, before, equal_nan=True)
