import io

import numpy as np
import pytest
from PIL import Image

from features.reading.files import ImageError, decode_image, decode_mask, read_image

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def encoded(image: Image.Image, fmt: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("fmt", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_are_read_exactly(tmp_path, fmt):
    path = tmp_path / f"image.{fmt.lower()}"
    path.write_bytes(encoded(Image.fromarray(RGB), fmt))
    np.testing.assert_array_equal(read_image(path), RGB)


def test_jpeg_is_close(tmp_path):
    smooth = np.broadcast_to(np.linspace(40, 200, 32, dtype=np.uint8)[:, None, None], (32, 32, 3))
    path = tmp_path / "image.jpg"
    path.write_bytes(encoded(Image.fromarray(smooth), "JPEG", quality=95))
    assert np.abs(read_image(path).astype(int) - smooth).max() <= 6


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 270 degrees
    content = encoded(Image.fromarray(RGB), "PNG", exif=exif)
    np.testing.assert_array_equal(decode_image(content, "x"), np.rot90(RGB, -1))


def test_gray_becomes_rgb():
    image = decode_image(encoded(Image.fromarray(RGB[..., 0])), "x")
    np.testing.assert_array_equal(image, np.repeat(RGB[..., :1], 3, axis=2))


def test_sixteen_bit_gray_is_scaled():
    levels = RNG.integers(0, 65536, (20, 20)).astype(np.uint16)
    image = decode_image(encoded(Image.fromarray(levels)), "x")
    np.testing.assert_array_equal(image[..., 0], np.rint(levels / 257).astype(np.uint8))


def test_transparent_pixels_turn_black_and_opaque_ones_stay():
    alpha = np.full((20, 30, 1), 255, dtype=np.uint8)
    alpha[:10] = 0
    image = decode_image(encoded(Image.fromarray(np.dstack([RGB, alpha]))), "x")
    assert not image[:10].any()
    np.testing.assert_array_equal(image[10:], RGB[10:])


def test_cmyk_is_converted():
    white = Image.new("CMYK", (20, 20), (0, 0, 0, 0))
    image = decode_image(encoded(white, "TIFF"), "x")
    assert image.shape == (20, 20, 3)
    assert (image == 255).all()


def test_float_pixels_are_refused():
    content = encoded(Image.fromarray(np.ones((20, 20), dtype=np.float32)), "TIFF")
    with pytest.raises(ImageError, match="pixels of type 'F'; expected 8 bits"):
        decode_image(content, "x")


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match=r"lost\.png: no such file"):
        read_image(tmp_path / "lost.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello, I am a text file" * 20, "not an image in a known format"),
        (encoded(Image.fromarray(np.tile(RGB, (9, 9, 1))), "JPEG")[:900], "truncated"),
        (encoded(Image.new("RGB", (1, 1), "red")), "1 x 1 pixels, expected at least 16 x 16"),
        (encoded(Image.new("RGB", (64, 64))), "every pixel is black"),
    ],
    ids=["zero bytes", "text", "truncated", "one pixel", "black"],
)
def test_bad_files_say_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=message) as error:
        read_image(path)
    assert "bad.jpg" in str(error.value)


@pytest.mark.parametrize(
    ("ours", "pillows"), [(599, 600), (600, 400), (600, 200)], ids=["ours", "warning", "error"]
)
def test_too_many_pixels(monkeypatch, ours, pillows):
    monkeypatch.setattr("features.reading.files.MAX_PIXELS", ours)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows)
    with pytest.raises(ImageError, match="x: refused, too many pixels"):
        decode_image(encoded(Image.fromarray(RGB)), "x")


def test_mask_of_another_size_is_resized():
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[10:20, 20:40] = 255
    small = decode_mask(encoded(Image.fromarray(mask)), "m", (20, 30))
    expected = np.zeros((20, 30), dtype=bool)
    expected[5:10, 10:20] = True
    np.testing.assert_array_equal(small, expected)


def test_palette_mask_is_read_as_gray_above_zero():
    mask = Image.new("P", (30, 20))
    mask.putpalette([0, 0, 0, 200, 10, 10])
    mask.putpixel((3, 4), 1)
    found = decode_mask(encoded(mask), "m", (20, 30))
    assert found.sum() == 1
    assert found[4, 3]


@pytest.mark.parametrize(("width", "fits"), [(30, True), (31, False)])
def test_mask_aspect_may_be_off_by_two_percent(width, fits):
    mask = Image.new("L", (width * 10, 200), 255)
    if fits:
        assert decode_mask(encoded(mask), "m", (20, 30)).all()
    else:
        with pytest.raises(ImageError, match="expected them within 2 %"):
            decode_mask(encoded(mask), "m", (20, 30))


def test_empty_mask():
    with pytest.raises(ImageError, match="the mask is empty"):
        decode_mask(encoded(Image.new("L", (30, 20))), "m", (20, 30))


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_a_mask_of_small_numbers_is_no_empty_one(kind):
    mask = np.zeros((20, 30), dtype=kind)
    mask[4:8, 5:10] = 0.5 if kind is np.float32 else 1
    found = decode_mask(encoded(Image.fromarray(mask), "TIFF"), "m", (20, 30))
    np.testing.assert_array_equal(found, mask > 0)


@pytest.mark.parametrize("color", [(1, 0, 0), (0, 0, 4)])
def test_a_mask_may_have_any_color(color):
    mask = np.zeros((20, 30, 3), dtype=np.uint8)
    mask[4:8, 5:10] = color
    found = decode_mask(encoded(Image.fromarray(mask)), "m", (20, 30))
    np.testing.assert_array_equal(found, mask.any(axis=2))


def test_what_is_transparent_is_not_the_lesion():
    mask = np.full((20, 30, 4), 255, dtype=np.uint8)
    mask[..., 3] = 0
    mask[4:8, 5:10, 3] = 255
    found = decode_mask(encoded(Image.fromarray(mask)), "m", (20, 30))
    np.testing.assert_array_equal(found, mask[..., 3] > 0)
