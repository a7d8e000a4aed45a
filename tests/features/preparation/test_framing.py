import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.draw import disk

from features.preparation.framing import Window, cut, frame_image, lesion_window


def test_a_small_lesion_keeps_its_own_pixels():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (100, 120, 3), dtype=np.uint8)
    mask = np.zeros((100, 120), dtype=bool)
    mask[30:60, 50:90] = True
    window = lesion_window(mask, 224)
    assert window.scale == 1
    canvas = cut(image, window)
    framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
    assert framed.sum() == mask.sum()
    np.testing.assert_array_equal(canvas[framed], image[mask])


@given(size=st.integers(32, 299), height=st.integers(1, 200), width=st.integers(1, 200))
def test_no_lesion_is_enlarged(size, height, width):
    mask = np.zeros((220, 220), dtype=bool)
    mask[10 : 10 + height, 10 : 10 + width] = True
    window = lesion_window(mask, size)
    assert window.scale <= 1
    assert window.side >= 1.5 * max(height, width)


@pytest.mark.parametrize("size", [224, 227, 299])
def test_a_large_lesion_fills_the_canvas_in_true_proportions(size):
    mask = np.zeros((500, 1200), dtype=bool)
    mask[100:400, 300:900] = True
    window = lesion_window(mask, size)
    framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
    rows, columns = np.flatnonzero(framed.any(1)), np.flatnonzero(framed.any(0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert width == pytest.approx(size / 1.5, abs=2)
    assert width / height == pytest.approx(2, rel=0.03)


def test_a_large_lesion_shrinks_without_moving():
    mask = np.zeros((900, 1200), dtype=bool)
    mask[disk((450, 500), 300)] = True
    window = lesion_window(mask, 224)
    framed = cut(mask.astype(np.uint8), window, smooth=False) > 0
    assert framed.sum() == pytest.approx(mask.sum() * window.scale**2, rel=0.01)
    np.testing.assert_allclose(np.argwhere(framed).mean(axis=0), 111.5, atol=0.6)
    smooth = cut((mask * 255).astype(np.uint8), window)
    assert ((smooth > 127) ^ framed).mean() < 0.005


def test_shrinking_averages_whole_blocks():
    image = np.random.default_rng(0).integers(0, 256, (480, 480), dtype=np.uint8)
    mask = np.zeros((480, 480), dtype=bool)
    mask[80:400, 80:400] = True
    window = lesion_window(mask, 240)
    assert window.side == 480
    blocks = image.reshape(240, 2, 240, 2).mean(axis=(1, 3))
    assert np.abs(cut(image, window) - blocks).max() <= 0.5


def test_a_window_beyond_the_image_shows_black():
    image = np.full((60, 80, 3), 200, dtype=np.uint8)
    mask = np.zeros((60, 80), dtype=bool)
    mask[:10, :10] = True
    window = lesion_window(mask, 224)
    rows, columns = window.within(mask.shape)
    assert (rows, columns) == (slice(0, 60), slice(0, 80))
    canvas = cut(image, window)
    assert (canvas == 200).all(axis=2).sum() == 60 * 80
    assert canvas.sum() == 200 * 3 * 60 * 80


def test_the_frame_is_whole_and_in_proportion():
    image = np.full((150, 200, 3), 50, dtype=np.uint8)
    framed = frame_image(image, 64, (128, 120, 110))
    inside = (framed == 50).all(axis=2)
    assert inside[8:56].all()
    assert (framed[~inside] == (128, 120, 110)).all()
    assert inside.sum() == 48 * 64


@given(st.integers(1, 120), st.integers(1, 120), st.integers(1, 60), st.integers(0, 120), st.data())
def test_canvas_pixels_of_the_image_alone_are_told(height, width, size, more, data):
    side = size + more
    top, left = (data.draw(st.integers(1 - side, length - 1)) for length in (height, width))
    window = Window(top, left, side, size)
    drawn = cut(np.full((height, width), 255, dtype=np.uint8), window)
    np.testing.assert_array_equal(window.filled((height, width)), drawn == 255)


def test_a_cut_is_a_copy():
    image = np.zeros((240, 240, 3), dtype=np.uint8)
    cut(image, Window(0, 0, 240, 240))[:] = 1
    assert not image.any()
