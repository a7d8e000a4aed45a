"""Fetch data sets, by the clients that their publishers offer."""

import importlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.request import getproxies

from pipelines.data.readers import DATASETS, get_dataset

__all__ = ["fetch_dataset"]

_HOSTS = {"isic-cli": "api.isic-archive.com", "medmnist": "zenodo.org"}
_EXTRAS = {"isic-cli": "isic", "medmnist": "medmnist"}
# Seconds.
_PATIENCE = 5
_DERMAMNIST_SIZES = (28, 64, 128, 224)


def fetch_dataset(
    name: str,
    root: str | Path,
    *,
    collections: Sequence[int] = (),
    search: str = "",
    limit: int | None = None,
    size: int = 28,
) -> Path:
    """Fetch a data set by an existing client of its publisher's, where there is one.

    Parameters
    ----------
    name : {"isic_archive", "dermamnist"}
        The data set.
    root : path-like
        Folder to write to; made if need be. Read it with `load_dataset(name, root)`.
    collections : sequence of int
        Of the ISIC Archive, by number (`isic collection list`).
    search : str
        Of the ISIC Archive, such as 'diagnosis_3:"Nevus" AND sex:male'.
    limit : int, default=None
        Most images of the ISIC Archive.
    size : {28, 64, 128, 224}, default=28
        Of DermaMNIST's images, in pixels.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ValueError
        If no client offers the data set; the message says where to get it.
    ImportError
        If the client is not installed.
    ConnectionError
        If there is no network.
    """
    dataset = get_dataset(name)
    if not dataset.client:
        offered = ", ".join(sorted(row.name for row in DATASETS.values() if row.client))
        place = f"Get it yourself: {dataset.url}" if dataset.url else dataset.layout
        raise ValueError(
            f"No client of its publisher's offers {dataset.title}; one does {offered}. {place}"
        )
    if dataset.name == "dermamnist" and size not in _DERMAMNIST_SIZES:
        raise ValueError(f"`size` must be one of {_DERMAMNIST_SIZES}, got {size!r}.")
    require_network(_HOSTS[dataset.client])
    folder = Path(root).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if dataset.client == "medmnist":
        _fetch_dermamnist(folder, size)
    else:
        _fetch_isic(folder, collections, search, limit)
    return folder


def require_network(host: str) -> None:
    """Raise a ConnectionError in one sentence if a host cannot be reached in a few seconds."""
    # Behind a proxy only the client itself can tell.
    if getproxies().get("https") or getproxies().get("all"):
        return
    try:
        socket.create_connection((host, 443), timeout=_PATIENCE).close()
    except OSError as exc:
        raise ConnectionError(
            f"{host} cannot be reached ({exc}): without a network, fetch the data set elsewhere "
            "and copy its folder here."
        ) from exc


def _fetch_dermamnist(folder, size):
    try:
        medmnist = importlib.import_module("medmnist")
    except ImportError as exc:
        raise _not_installed("medmnist") from exc
    try:
        medmnist.DermaMNIST(split="train", download=True, root=str(folder), size=size)
    except RuntimeError as exc:
        raise ConnectionError(f"medmnist could not fetch DermaMNIST: {exc}") from exc


def _fetch_isic(folder, collections, search, limit):
    beside = Path(sys.executable).with_name("isic")
    client = str(beside) if beside.is_file() else shutil.which("isic")
    if client is None:
        raise _not_installed("isic-cli")
    command = [client, "image", "download"]
    if collections:
        command += ["--collections", ",".join(map(str, collections))]
    if search:
        command += ["--search", search]
    if limit is not None:
        command += ["--limit", str(limit)]
    done = subprocess.run([*command, str(folder)], check=False)
    if done.returncode:
        raise ConnectionError(
            f"isic-cli could not fetch the images (exit status {done.returncode}); what it said "
            "stands above."
        )


def _not_installed(client):
    return ImportError(f"Fetching it needs {client}: pip install 'dermfusion[{_EXTRAS[client]}]'.")
