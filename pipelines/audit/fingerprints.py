"""What an audit keeps of each file: its digest, a small grey picture, hashes, and plain facts."""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from features.reading.files import FORMATS, ImageError, decode_image, read_bytes
from features.store import Entry, FeatureStore, open_store
from pipelines.audit.file_facts import FACTS, file_facts
from pipelines.audit.hashing import N_HASHES, N_WORDS, hash_picture

__all__ = ["SIDE", "Fingerprints", "take_fingerprints", "thumbnail"]

SIDE = 64
_BATCH = 64

_FACTS, _HASHES, _PICTURE = (f"audit:{name}:1" for name in ("facts", "hashes", f"grey{SIDE}"))


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Fingerprints of the rows that could be read.

    Parameters
    ----------
    rows : ndarray of shape (n,), int64
        Positions in the manifest.
    digests : list of n str
        sha256 of each file.
    pictures : ndarray of shape (n, 64, 64), uint8
        Grey, squashed to a square, so that two copies compare whatever their proportions.
    hashes : ndarray of shape (n, 14, 4), uint64
        As `hash_picture` gives them.
    facts : ndarray of shape (n, len(FACTS)), float64
        As `file_facts` gives them.
    failures : dict of int to str
        Rows that could not be read, and why.
    """

    rows: NDArray[np.int64]
    digests: list[str]
    pictures: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    facts: NDArray[np.float64]
    failures: dict[int, str]


def take_fingerprints(
    paths: Sequence[str | Path],
    *,
    store: FeatureStore | str | Path | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Fingerprints:
    """Fingerprint image files; what the store has of a file's bytes is not computed again.

    Parameters
    ----------
    paths : sequence of path-like
        Image files.
    store : FeatureStore, {"memory", None} or path-like, optional
        As `features.store.open_store` takes it. About 4.6 KB an image.
    n_jobs : int, optional
        Threads, counted as joblib does.
    progress : bool, default=False
        Show images per second on standard error.

    Returns
    -------
    Fingerprints
        Of the files that could be read; the others are in `failures`.
    """
    kept = open_store(store)
    batches = [range(s, min(s + _BATCH, len(paths))) for s in range(0, len(paths), _BATCH)]
    digests: dict[int, str] = {}
    failures: dict[int, str] = {}
    with (
        ThreadPoolExecutor(effective_n_jobs(n_jobs)) as pool,
        tqdm(total=len(paths), desc="fingerprints", unit=" images", disable=not progress) as bar,
    ):
        for batch, (found, failed, entries) in zip(
            batches, pool.map(lambda batch: _work(batch, paths, kept), batches), strict=True
        ):
            kept.add(entries)
            digests |= found
            failures |= failed
            bar.update(len(batch))
    rows = sorted(digests)
    ordered = [digests[row] for row in rows]
    return Fingerprints(
        rows=np.array(rows, dtype=np.int64),
        digests=ordered,
        pictures=_stack(kept.rows(_PICTURE, ordered), np.uint8).reshape(-1, SIDE, SIDE),
        hashes=_stack(kept.rows(_HASHES, ordered), np.uint64).reshape(len(rows), N_HASHES, N_WORDS),
        facts=_stack(kept.rows(_FACTS, ordered), np.float64).reshape(-1, len(FACTS)),
        failures=failures,
    )


def thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    """Shrink a picture to a grey square of 64 x 64 pixels, proportions not kept."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def _work(
    batch: range, paths: Sequence[str | Path], store: FeatureStore
) -> tuple[dict[int, str], dict[int, str], list[Entry]]:
    """Digests and failures of some rows, and what the store lacks of them."""
    digests, failures, entries = {}, {}, []
    for row in batch:
        try:
            content = read_bytes(paths[row])
            digest = hashlib.sha256(content).hexdigest()
            # Facts are kept last: where they are, so is the rest.
            if store.missing(_FACTS, [digest]):
                entries += _describe(content, digest, paths[row])
            digests[row] = digest
        except ImageError as exc:
            failures[row] = str(exc)
    return digests, failures, entries


def _describe(content: bytes, digest: str, path: str | Path) -> list[Entry]:
    picture = thumbnail(_decode_small(content, path))
    facts = file_facts(content)
    return [
        (digest, _PICTURE, picture.ravel(), 0.0),
        (digest, _HASHES, hash_picture(picture).ravel(), 0.0),
        (digest, _FACTS, facts, 0.0),
    ]


def _decode_small(content: bytes, path: str | Path) -> Image.Image:
    """Decode an image; a JPEG only as finely as its small picture needs."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.format == "JPEG":
                image.draft("RGB", (2 * SIDE, 2 * SIDE))
                image.load()
                return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        pass  # The full decoder below says what is wrong.
    return Image.fromarray(decode_image(content, path))


def _stack(rows: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.stack(rows) if rows else np.empty((0, 0), dtype=dtype)
