"""Image files to RGB uint8, whatever they were saved as."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from features.reading.containers import read_member, split_member

# Below this no descriptor has anything to measure: one HOG cell, one hair kernel.
MIN_SIDE = 16
MASK_ASPECT_TOLERANCE = 0.02
# Pillow's own default, from which on it warns; a warning stops nothing.
MAX_PIXELS = 1024**3 // 12
FORMATS = ("JPEG", "PNG", "BMP", "TIFF")

# How bytes of an array in NumPy's format begin.
_NUMPY = b"\x93NUMPY"
_EIGHT_BIT = {"RGB", "L", "P", "1", "RGBA", "LA", "PA", "CMYK", "YCbCr"}
_SIXTEEN_BIT = {"I;16", "I;16L", "I;16B"}


class ImageError(ValueError):
    """An image or a mask that cannot be used; says what was found and the way out."""


def read_image(path: str | Path) -> np.ndarray:
    """Read one image file.

    EXIF orientation is applied, palettes and grey become RGB, 16-bit grey is scaled to 8 bits,
    CMYK is converted, and transparent pixels turn black, which the field of view leaves out.

    Parameters
    ----------
    path : path-like
        A JPEG, PNG, BMP or TIFF file; of several pages the first. An image inside a container is
        called "file.hdf5::name" or "file.npz::array/row".

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        RGB.

    Raises
    ------
    ImageError
        Missing, empty, truncated or unreadable file, unknown format or pixel type, or an image
        smaller than 16 pixels a side.
    """
    return decode_image(read_bytes(path), path)


def read_bytes(path: str | Path) -> bytes:
    """Read a file's bytes, or say in one sentence why that failed."""
    inside = split_member(path)
    try:
        content = read_member(*inside) if inside else Path(path).read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file. Check the manifest's paths.") from None
    except OSError as exc:
        raise ImageError(f"{path}: cannot be read ({exc.strerror or exc}).") from exc
    if not content:
        raise ImageError(f"{path}: the file is empty (0 bytes). Fetch it again.")
    return content


def decode_image(content: bytes, name: object) -> np.ndarray:
    """Decode the bytes of one image file; `name` is what errors call it."""
    pixels = np.array(_to_rgb(_decode(content, name), name))
    if min(pixels.shape[:2]) < MIN_SIDE:
        height, width = pixels.shape[:2]
        raise ImageError(
            f"{name}: the image is {width} x {height} pixels, expected at least "
            f"{MIN_SIDE} x {MIN_SIDE}."
        )
    if not pixels.any():
        raise ImageError(f"{name}: every pixel is black; there is nothing to measure.")
    return pixels


def decode_mask(content: bytes, name: object, shape: tuple[int, int]) -> np.ndarray:
    """Decode a lesion mask and fit it to its image.

    Parameters
    ----------
    content : bytes
        The mask file.
    name : object
        What errors call it.
    shape : tuple of (height, width)
        Of the image, in pixels. A mask of another size is resized (nearest neighbour).

    Returns
    -------
    ndarray of shape (height, width), bool
        True on the lesion: wherever a value of the file is above 0, and not transparent.

    Raises
    ------
    ImageError
        Unreadable, empty, or of an aspect ratio more than 2 % off the image's.
    """
    marked = _marked(_decode(content, name))
    height, width = shape
    aspect, expected = marked.width / marked.height, width / height
    if abs(aspect / expected - 1) > MASK_ASPECT_TOLERANCE:
        raise ImageError(
            f"{name}: the mask is {marked.width} x {marked.height} (aspect {aspect:.3f}), its "
            f"image {width} x {height} (aspect {expected:.3f}); expected them within 2 %. "
            "Is it the mask of another image, or was it cropped?"
        )
    if marked.size != (width, height):
        marked = marked.resize((width, height), Image.Resampling.NEAREST)
    mask = np.array(marked) > 0
    if not mask.any():
        raise ImageError(f"{name}: the mask is empty; expected values above 0 on the lesion.")
    return mask


def _decode(content: bytes, name: object) -> Image.Image:
    try:
        if content.startswith(_NUMPY):
            return Image.fromarray(np.load(io.BytesIO(content), allow_pickle=False))
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise Image.DecompressionBombError(
                f"{image.width} x {image.height}, expected at most {MAX_PIXELS} in all"
            )
        image.load()
        return ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise ImageError(
            f"{name}: not an image in a known format (its first bytes are {content[:8]!r}); "
            f"expected {', '.join(FORMATS)}."
        ) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as exc:
        raise ImageError(f"{name}: refused, too many pixels ({exc}).") from None
    except (OSError, SyntaxError, ValueError, TypeError, EOFError) as exc:
        raise ImageError(f"{name}: damaged or truncated ({exc}). Fetch it again.") from exc


def _marked(image: Image.Image) -> Image.Image:
    """Where a mask is above 0, in whatever numbers: not all of them survive 8 bits of grey."""
    if image.mode in ("I", "F") or image.mode in _SIXTEEN_BIT:
        return Image.fromarray((np.array(image) > 0).view(np.uint8))
    bands = np.array(_over_black(image).convert("RGB"))
    return Image.fromarray((bands.max(axis=2) > 0).view(np.uint8))


def _over_black(image: Image.Image) -> Image.Image:
    """Let what is transparent be black."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)


def _to_rgb(image: Image.Image, name: object) -> Image.Image:
    if image.mode in _SIXTEEN_BIT:
        levels = np.array(image).astype(np.uint16) / 257
        return Image.fromarray(levels.round().astype(np.uint8)).convert("RGB")
    if image.mode not in _EIGHT_BIT:
        raise ImageError(
            f"{name}: pixels of type {image.mode!r}; expected 8 bits a channel, or 16-bit grey. "
            "Convert it first."
        )
    return _over_black(image).convert("RGB")
