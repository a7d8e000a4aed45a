"""Images kept inside one file: HDF5, as ISIC 2024 comes, or .npz, as DermaMNIST comes."""

import importlib
import io
import os
import threading
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

# Between the file and the image in it: "train-image.hdf5::ISIC_0015670", or
# "dermamnist.npz::train_images/17" for a row of an array.
SEPARATOR = "::"

# Arrays are large: two threads must not unpack the same one.
_unpacking = threading.Lock()


def split_member(path: str | Path) -> tuple[str, str] | None:
    """Take the name of an image inside a container apart; None for an ordinary file.

    Examples
    --------
    >>> split_member("data/train-image.hdf5::ISIC_0015670")
    ('data/train-image.hdf5', 'ISIC_0015670')
    >>> split_member("data/ISIC_0015670.jpg") is None
    True
    """
    container, separator, member = str(path).rpartition(SEPARATOR)
    return (container, member) if separator and container and member else None


def read_member(container: str, member: str) -> bytes:
    """Read the bytes of one image in a container.

    Parameters
    ----------
    container : str
        An .npz file, or HDF5 of any suffix.
    member : str
        In HDF5 the name of a value that holds an image file; in .npz an array and the row of it,
        such as "train_images/17". An array is unpacked whole, once a process, and stays in memory.

    Returns
    -------
    bytes
        Of the image file; of an array's row in NumPy's own format.

    Raises
    ------
    FileNotFoundError
        There is no such container, or no such member in it.
    OSError
        The container cannot be read.
    ImportError
        It is HDF5, and h5py is not installed.
    """
    if _is_npz(container):
        return _row_bytes(container, member)
    members = _open_hdf5(*_version(container))
    if member not in members:
        raise FileNotFoundError(member)
    # Bytes come as an opaque value, a string or numbers, by how they were written.
    return np.asarray(members[member][()]).tobytes()


def member_names(container: str | Path) -> set[str]:
    """List the images that a container holds, in an .npz file the rows of all arrays."""
    container = str(container)
    if _is_npz(container):
        shapes = array_shapes(container)
        return {f"{name}/{row}" for name, shape in shapes.items() for row in range(shape[0])}
    names: list[bytes] = []
    # h5py's own list of keys takes three times as long, which tells with 400,000 of them.
    _open_hdf5(*_version(container)).id.links.iterate(names.append)
    return {name.decode() for name in names}


def array_shapes(container: str | Path) -> dict[str, tuple[int, ...]]:
    """Tell the shapes of the arrays in an .npz file without unpacking them.

    Raises
    ------
    OSError
        The file is not an .npz file.
    """
    try:
        with zipfile.ZipFile(container) as archive:
            return {name.removesuffix(".npy"): _shape(archive, name) for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError) as exc:
        raise OSError(f"not an .npz file that can be read, {exc}") from exc


def _shape(archive, name):
    with archive.open(name) as file:
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        return read[np.lib.format.read_magic(file)](file)[0]


def _is_npz(container):
    return container.lower().endswith(".npz")


def _row_bytes(container, member):
    array, _, row = member.rpartition("/")
    if member not in _members_of_npz(*_version(container)):
        raise FileNotFoundError(member)
    with _unpacking:
        images = _unpack(*_version(container), array)
    content = io.BytesIO()
    np.save(content, images[int(row)])
    return content.getvalue()


def _version(container):
    """Tell a file from an earlier one of its name, and from the same one opened by a parent."""
    status = os.stat(container)
    return container, os.getpid(), status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4)
def _members_of_npz(container, process, changed, size):
    return frozenset(member_names(container))


@lru_cache(maxsize=3)
def _unpack(container, process, changed, size, array):
    try:
        with np.load(container, allow_pickle=False) as file:
            return file[array]
    except (zipfile.BadZipFile, ValueError) as exc:
        raise OSError(f"array {array} cannot be read, {exc}") from exc


@lru_cache(maxsize=4)
def _open_hdf5(container: str, process: int, changed: int, size: int) -> Any:
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as exc:
        raise ImportError(
            f"{container}: images in an HDF5 file need h5py: pip install 'dermfusion[isic2024]'."
        ) from exc
    return h5py.File(container, "r")
