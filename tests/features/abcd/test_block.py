import numpy as np
import torch

from features import ABCD, LesionStyle, draw_lesion


def table(batch):
    values = ABCD().describe(batch).numpy()
    return {name: values[:, i] for i, name in enumerate(ABCD().feature_names())}


def test_scores_stay_in_their_ranges(real_batch, random_batch, odd_batch):
    for batch in (real_batch, random_batch, odd_batch):
        values = table(batch)
        for name, low, high in (("asymmetry", 0, 2), ("border", 0, 8), ("color", 1, 6)):
            score = values[f"{name}_score"]
            assert ((score >= low) & (score <= high) & (score == np.rint(score))).all()


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
    for name in ("asymmetry_shape_least", "border_abruptness_mean", "color_score", "color_l_std"):
        low, high = values[name]
        assert low < high, name
    np.testing.assert_allclose(values["diameter_equivalent_of_width"], 0.5, atol=0.03)


def test_a_change_outside_lesion_and_valid_skin_moves_nothing(random_batch, make_batch):
    valid = torch.zeros_like(random_batch.valid)
    valid[:, 5:-5, 5:-5] = True
    noise = torch.randint(0, 256, random_batch.pixels.shape, dtype=torch.uint8)
    pixels = torch.where(valid[:, None], random_batch.pixels, noise)
    mask = random_batch.mask & valid
    before = ABCD().describe(make_batch(random_batch.pixels, mask, valid))
    torch.testing.assert_close(ABCD().describe(make_batch(pixels, mask, valid)), before)
