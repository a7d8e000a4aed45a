import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2gray, rgb2hsv, rgb2lab, rgb2ycbcr

from features.color_spaces import (
    gray_plane,
    hsv_planes,
    hsv_tensors,
    lab_planes,
    lab_tensors,
    ycbcr_planes,
)
from features.regions import gray_levels

STEPS = np.append(np.arange(0, 256, 16), 255).astype(np.uint8)
# Largest difference from scikit-image, which computes in double precision.
LIMITS = {rgb2lab: 2e-4, rgb2hsv: 1e-7, rgb2ycbcr: 5e-5}


def cube():
    """Every 16th colour of the RGB cube, (1, 3, 289, 17)."""
    corners = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"))
    return torch.from_numpy(corners.reshape(1, 3, -1, len(STEPS)))


def noise():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 3, 70, 90), np.uint8))


def dark():
    """Where CIELAB is linear, and just above."""
    return torch.from_numpy(np.random.default_rng(0).integers(0, 40, (1, 3, 64, 64), np.uint8))


@pytest.fixture(params=["cube", "noise", "dark", "real"])
def pixels(request):
    if request.param == "real":
        return request.getfixturevalue("real_batch").pixels
    return {"cube": cube, "noise": noise, "dark": dark}[request.param]()


def channels_last(planes):
    return planes.movedim(1, -1).numpy()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(lab_planes, rgb2lab), (hsv_planes, rgb2hsv), (ycbcr_planes, rgb2ycbcr)],
)
def test_agrees_with_skimage(ours, theirs, pixels):
    expected = theirs(channels_last(pixels))
    np.testing.assert_allclose(channels_last(ours(pixels)), expected, rtol=0, atol=LIMITS[theirs])


def test_gray_agrees_with_skimage(pixels):
    expected = rgb2gray(channels_last(pixels))
    np.testing.assert_allclose(gray_plane(pixels).numpy(), expected, rtol=0, atol=2e-7)


@pytest.mark.parametrize(
    ("on_cpu", "anywhere", "atol"), [(lab_planes, lab_tensors, 2e-4), (hsv_planes, hsv_tensors, 0)]
)
def test_both_implementations_agree(on_cpu, anywhere, atol, pixels):
    torch.testing.assert_close(on_cpu(pixels), anywhere(pixels), rtol=0, atol=atol)


def test_known_colours():
    swatches = torch.tensor([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 255]])
    pixels = swatches.T[None].to(torch.uint8)
    lab = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2], [91.11, -48.09, -14.13]]
    hsv = [[0, 0, 1], [0, 0, 0], [0, 1, 1], [0.5, 1, 1]]
    ycbcr = [[235, 128, 128], [16, 128, 128], [81.481, 90.203, 240], [169.519, 165.797, 16]]
    np.testing.assert_allclose(lab_planes(pixels)[0].T, lab, atol=0.02)
    np.testing.assert_allclose(hsv_planes(pixels)[0].T, hsv, atol=1e-6)
    np.testing.assert_allclose(ycbcr_planes(pixels)[0].T, ycbcr, atol=1e-3)
    np.testing.assert_allclose(gray_plane(pixels)[0], [1, 0, 0.2125, 0.7875], atol=1e-6)


@pytest.mark.parametrize("convert", [gray_plane, lab_planes, hsv_planes, ycbcr_planes])
def test_odd_shapes(convert):
    assert convert(torch.zeros(0, 3, 4, 4, dtype=torch.uint8)).shape[0] == 0
    assert convert(torch.zeros(2, 3, 0, dtype=torch.uint8)).numel() == 0
    assert torch.isfinite(convert(torch.zeros(1, 3, 1, 1, dtype=torch.uint8))).all()
    few = noise()[:1, :, 0, :5]
    for count in range(1, 5):  # OpenCV takes some small arrays for single colours
        alone = convert(few[:, :, :count])
        torch.testing.assert_close(alone, convert(few)[..., :count], rtol=1e-6, atol=2e-4)
    turned = noise().transpose(2, 3)
    torch.testing.assert_close(convert(turned), convert(turned.contiguous()), rtol=0, atol=0)


@pytest.mark.parametrize("levels", [256, 32, 6])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_gray_levels_are_those_of_8_bit_gray(levels, seed):
    colors = np.random.default_rng(seed).integers(0, 256, (1, 3, 300, 400), np.uint8)
    # In whole numbers, where halves go up without fail; scikit-image's floats decide either way.
    tenths = np.tensordot(np.array([2125, 7154, 721]), colors[0].astype(int), 1)
    eight_bit = (tenths + 5000) // 10_000
    ours = gray_levels(gray_plane(torch.from_numpy(colors)), levels)[0].numpy()
    np.testing.assert_array_equal(ours, eight_bit * levels // 256)
    theirs = np.rint(rgb2gray(np.moveaxis(colors[0], 0, -1)) * 255).astype(int)
    certain = tenths % 10_000 != 5000
    np.testing.assert_array_equal(theirs[certain], eight_bit[certain])


def test_gray_levels_ask_for_a_sensible_number():
    with pytest.raises(ValueError, match="`levels` must lie in"):
        gray_levels(torch.zeros(2, 2), 257)


def test_white_is_that_of_d65():
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).reshape(1, 3, 1, 1)
    lab = lab_planes(red).ravel().numpy()
    np.testing.assert_allclose(lab, [53.24, 80.09, 67.20], atol=0.01)
    # As tables of the printing trade have it, under D50.
    assert np.linalg.norm(lab - [54.29, 80.81, 69.89]) > 2
