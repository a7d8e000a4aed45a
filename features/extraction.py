"""Every image decoded once: the loop that reads ahead, prepares, describes and keeps."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from joblib import effective_n_jobs
from tqdm import tqdm

from features.images import ImageSource, image_sources
from features.reading import ImageError
from features.store import FeatureStore, open_store

BATCH_SIZE = 64


class View(Protocol):
    """One way of looking at a decoded image: the prepared lesion, or a network's frame."""

    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def reads_masks(self) -> bool: ...  # noqa: D102
    def prepare(self, image: np.ndarray, mask: np.ndarray | None) -> Any: ...  # noqa: D102
    def collate(self, rows: list[Any]) -> Any: ...  # noqa: D102


class Describer(Protocol):
    """Something that turns batches of a view into numbers."""

    def fingerprint(self) -> str: ...  # noqa: D102
    def describe(self, batch: Any) -> torch.Tensor: ...  # noqa: D102


class Failure(NamedTuple):
    """A row that could not be used, and why."""

    row: int
    image: str
    error: str


@dataclass
class Extraction:
    """What came out of one pass over the images.

    Parameters
    ----------
    values : dict of str to ndarray of shape (n_kept, ...)
        Rows by part, in the order of the input.
    kept : ndarray of shape (n_kept,), int
        Positions of the rows that could be used: all of them, unless rows were skipped.
    failures : list of Failure
        Rows that were skipped.
    seconds : dict of str to float
        Work behind the rows, by part, and by view (under the view's fingerprint) for decoding
        and preparing. Rows that came from a store count with the seconds they once took.
    """

    values: dict[str, np.ndarray]
    kept: np.ndarray
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Request:
    """One part's question, and the name under which its answers are kept."""

    part: Describer
    view: View

    @property
    def key(self) -> str:
        return f"{self.part.fingerprint()}|{self.view.fingerprint}"


def extract(
    X: Any,
    parts: Mapping[str, tuple[Describer, View]],
    *,
    store: FeatureStore | str | Path | None = "memory",
    n_jobs: int | None = None,
    on_error: Literal["raise", "skip"] = "raise",
    progress: bool = False,
) -> Extraction:
    """Describe images, decoding each at most once.

    Parameters
    ----------
    X : manifest, sequence of paths, or uint8 array of shape (n, height, width, 3)
        Images.
    parts : mapping of name to (part, view)
        What to compute and from which view. Equal views are prepared once.
    store : FeatureStore, {"memory", None} or path-like, default="memory"
        Where rows are kept; those already there are not computed again.
    n_jobs : int, optional
        Threads that read and prepare, as joblib counts them.
    on_error : {"raise", "skip"}, default="raise"
        Whether a row that cannot be read stops the run or is listed in `failures`.
    progress : bool, default=False
        Show images per second on standard error.

    Returns
    -------
    Extraction
        Rows by part.

    Raises
    ------
    ImageError
        The first row that cannot be used, by row and file, unless rows are skipped.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"`on_error` must be 'raise' or 'skip', got {on_error!r}.")
    run = _Run({name: _Request(*pair) for name, pair in parts.items()}, open_store(store), on_error)
    sources = run.identify(image_sources(X))
    run.compute(sources, effective_n_jobs(n_jobs), progress)
    return run.collect(sources)


class _Identified(NamedTuple):
    """A source with its content keys, without and with its mask."""

    source: ImageSource
    plain: str
    masked: str

    def key(self, view: View) -> str:
        return self.masked if view.reads_masks else self.plain


class _Run:
    """State of one call of `extract`."""

    def __init__(self, requests: dict[str, _Request], store: FeatureStore, on_error: str):
        self.requests = requests
        self.store = store
        self.on_error = on_error
        self.failures: dict[int, Failure] = {}

    def attempt(self, source: ImageSource, work: Callable[[], Any]) -> Any:
        """Do `work`, or note the row as failed and return None."""
        try:
            return work()
        except ImageError as exc:
            text = str(exc) if str(exc).startswith("row ") else f"{source.name}: {exc}"
            if self.on_error == "raise":
                raise ImageError(text) from exc
            self.failures[source.row] = Failure(source.row, str(source.image), text)
            return None

    def identify(self, sources: list[ImageSource]) -> list[_Identified]:
        """Content keys of all sources; unreadable files fail here."""
        masks = any(request.view.reads_masks for request in self.requests.values())

        def keys(source: ImageSource) -> _Identified:
            plain = source.digest(with_mask=False)
            return _Identified(source, plain, source.digest(with_mask=True) if masks else plain)

        found = [self.attempt(source, partial(keys, source)) for source in sources]
        return [item for item in found if item is not None]

    def compute(self, sources: list[_Identified], n_jobs: int, progress: bool) -> None:
        """Fill the store with what it lacks."""
        lacking: dict[int, list[str]] = {}
        for name, request in self.requests.items():
            keys = [item.key(request.view) for item in sources]
            for position in self.store.missing(request.key, keys):
                lacking.setdefault(position, []).append(name)
        todo = _batches(sources, lacking)
        total = len(lacking)
        with (
            ThreadPoolExecutor(n_jobs) as pool,
            tqdm(total=total, desc="extract", unit=" images", disable=not progress) as bar,
        ):
            for batch, names, futures in _read_ahead(pool, todo, self._prepare):
                self._describe(batch, names, [future.result() for future in futures])
                bar.update(len(batch))

    def _prepare(self, item: _Identified, names: Sequence[str]) -> dict[str, Any] | None:
        """Decode one image once and prepare every view that is asked of it, timing each."""
        views = {self.requests[name].view.fingerprint: self.requests[name].view for name in names}

        def work() -> dict[str, Any]:
            start = perf_counter()
            image = item.source.read_image()
            mask = None
            if any(view.reads_masks for view in views.values()):
                mask = item.source.read_mask(image.shape[:2])
            reading = perf_counter() - start
            prepared = {}
            for fingerprint, view in views.items():
                start = perf_counter()
                row = view.prepare(image, mask if view.reads_masks else None)
                prepared[fingerprint] = (row, reading + perf_counter() - start)
            return prepared

        return self.attempt(item.source, work)

    def _describe(
        self, batch: list[_Identified], names: Sequence[str], prepared: list[dict[str, Any] | None]
    ) -> None:
        """Describe a batch, view by view, and keep its rows."""
        good = [(item, rows) for item, rows in zip(batch, prepared, strict=True) if rows]
        if not good:
            return
        by_view: dict[str, list[str]] = {}
        for name in names:
            by_view.setdefault(self.requests[name].view.fingerprint, []).append(name)
        for fingerprint, group in by_view.items():
            view = self.requests[group[0]].view
            keys = [item.key(view) for item, _ in good]
            reading = [rows[fingerprint][1] for _, rows in good]
            collated = view.collate([rows[fingerprint][0] for _, rows in good])
            for name in group:
                self._describe_part(self.requests[name], collated, keys, reading)

    def _describe_part(
        self, request: _Request, batch: Any, keys: list[str], reading: list[float]
    ) -> None:
        start = perf_counter()
        with torch.inference_mode():
            values = request.part.describe(batch).cpu().numpy()
        each = (perf_counter() - start) / len(keys)
        self.store.add(
            [(key, request.key, value, each) for key, value in zip(keys, values, strict=True)],
            persist=values.ndim == 2,  # frames are kept in memory only: they are soon read again
        )
        empty = np.empty(0, dtype=np.float32)
        self.store.add(
            [(k, request.view.fingerprint, empty, s) for k, s in zip(keys, reading, strict=True)],
            persist=values.ndim == 2,
        )

    def collect(self, sources: list[_Identified]) -> Extraction:
        """Rows of every part, in the order of the input."""
        good = [item for item in sources if item.source.row not in self.failures]
        values, seconds = {}, {}
        for name, request in self.requests.items():
            keys = [item.key(request.view) for item in good]
            rows = self.store.rows(request.key, keys)
            values[name] = np.stack(rows) if rows else np.empty((0, 0), dtype=np.float32)
            seconds[name] = self.store.seconds(request.key, keys)
            reading = self.store.seconds(request.view.fingerprint, keys)
            seconds[request.view.fingerprint] = reading
        kept = np.array([item.source.row for item in good], dtype=int)
        return Extraction(values, kept, sorted(self.failures.values()), seconds)


def _batches(
    sources: list[_Identified], lacking: dict[int, list[str]]
) -> Iterator[tuple[list[_Identified], list[str]]]:
    """Rows that lack the same parts, in batches."""
    groups: dict[tuple[str, ...], list[_Identified]] = {}
    for position in sorted(lacking):
        groups.setdefault(tuple(lacking[position]), []).append(sources[position])
    for names, items in groups.items():
        for start in range(0, len(items), BATCH_SIZE):
            yield items[start : start + BATCH_SIZE], list(names)


def _read_ahead(
    pool: ThreadPoolExecutor,
    batches: Iterator[tuple[list[_Identified], list[str]]],
    prepare: Callable[[_Identified, Sequence[str]], Any],
) -> Iterator[tuple[list[_Identified], list[str], list[Future]]]:
    """Yield each batch while the next one is already being read."""
    waiting = None
    for batch, names in batches:
        futures = [pool.submit(prepare, item, names) for item in batch]
        if waiting is not None:
            yield waiting
        waiting = (batch, names, futures)
    if waiting is not None:
        yield waiting
