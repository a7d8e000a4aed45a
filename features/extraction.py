"""Every image decoded once: threads that read, prepare and describe, and a store that keeps."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from joblib import effective_n_jobs
from tqdm import tqdm

from features.batch import LesionBatch
from features.devices import exact_arithmetic, pick_device, torch_threads
from features.reading.files import ImageError
from features.reading.sources import ImageSource, image_sources
from features.store import Entry, FeatureStore, open_store

BATCH_SIZE = 32
_LEAST = 2
_ROUNDS = 4

Result = TypeVar("Result")
# What is kept of a view is only how long it took.
_NOTHING = np.empty(0, dtype=np.float32)


class View(Protocol):
    """One way of looking at a decoded image: the prepared lesion, or a network's frame."""

    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def reads_masks(self) -> bool: ...  # noqa: D102
    def prepare(  # noqa: D102
        self, image: np.ndarray, mask: np.ndarray | None, mm_per_pixel: float
    ) -> Any: ...
    def collate(self, rows: list[Any]) -> Any: ...  # noqa: D102


class Describer(Protocol):
    """Something that turns batches of a view into numbers."""

    def fingerprint(self) -> str: ...  # noqa: D102
    def describe(self, batch: Any) -> torch.Tensor: ...  # noqa: D102


def request_key(part: Describer, view: View) -> str:
    """Name what a part asks of a view: the key of its rows in a store, and on a model's card."""
    return f"{part.fingerprint()}|{view.fingerprint}"


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
        return request_key(self.part, self.view)


def extract(
    X: Any,
    parts: Mapping[str, tuple[Describer, View]],
    *,
    store: FeatureStore | str | Path | None = "memory",
    n_jobs: int | None = None,
    device: str | torch.device = "cpu",
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
        Threads, each taking batches from file to rows; counted as joblib does.
    device : str or torch.device, default="cpu"
        Where lesions are described: "auto", "cpu" or a CUDA GPU; networks have a device of their
        own. The rows of a CPU and of a GPU share a place in the store: they agree to 1e-4, and
        to a pixel in a thousand where rounded colours are counted.
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
    ValueError
        There is no such device, or lesions are not described there.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"`on_error` must be 'raise' or 'skip', got {on_error!r}.")
    requests = {name: _Request(*pair) for name, pair in parts.items()}
    chosen = pick_device(device)
    if chosen.type not in ("cpu", "cuda"):
        raise ValueError(f"Lesions are described on 'cpu' or 'cuda', got device={device!r}.")
    run = _Run(requests, open_store(store), on_error, chosen)
    n_threads = effective_n_jobs(n_jobs)
    sources = run.identify(image_sources(X), n_threads)
    run.compute(sources, n_threads, progress)
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

    def __init__(
        self,
        requests: dict[str, _Request],
        store: FeatureStore,
        on_error: str,
        device: torch.device,
    ):
        self.requests = requests
        self.store = store
        self.on_error = on_error
        self.device = device
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

    def identify(self, sources: list[ImageSource], n_threads: int) -> list[_Identified]:
        """Content keys of all sources; unreadable files fail here."""
        if not any(request.view.reads_masks for request in self.requests.values()):
            sources = [replace(source, mask=None) for source in sources]
        with ThreadPoolExecutor(n_threads) as pool:
            found = list(pool.map(lambda source: self.attempt(source, source.digests), sources))
        return [
            _Identified(source, *keys) for source, keys in zip(sources, found, strict=True) if keys
        ]

    def compute(self, sources: list[_Identified], n_jobs: int, progress: bool) -> None:
        """Fill the store with what it lacks."""
        lacking: dict[int, list[str]] = {}
        for name, request in self.requests.items():
            keys = [item.key(request.view) for item in sources]
            for position in self.store.missing(request.key, keys):
                lacking.setdefault(position, []).append(name)
        # Each thread takes a batch from file to rows, and torch adds no threads of its own: on
        # operations as small as these they wait for each other, on a busy machine for long.
        with (
            torch_threads(1),
            exact_arithmetic(),
            ThreadPoolExecutor(n_jobs) as pool,
            tqdm(
                total=len(lacking),
                desc="extract",
                unit=" images",
                disable=not (progress and lacking),
            ) as bar,
        ):
            for batch, entries in _ahead(
                pool, self._work, _batches(sources, lacking, n_jobs), 2 * n_jobs
            ):
                for persist, some in entries.items():
                    self.store.add(some, persist=persist)
                bar.update(len(batch))

    def _work(self, batch: list[_Identified], names: list[str]) -> dict[bool, list[Entry]]:
        """Take a batch from files to rows: those to persist, and those for memory only."""
        prepared = [self._prepare(item, names) for item in batch]
        good = [(item, rows) for item, rows in zip(batch, prepared, strict=True) if rows]
        entries: dict[bool, list[Entry]] = {True: [], False: []}
        if not good:
            return entries
        by_view: dict[str, list[str]] = {}
        for name in names:
            by_view.setdefault(self.requests[name].view.fingerprint, []).append(name)
        for fingerprint, group in by_view.items():
            view = self.requests[group[0]].view
            keys = [item.key(view) for item, _ in good]
            collated = view.collate([rows[fingerprint][0] for _, rows in good])
            if isinstance(collated, LesionBatch):
                collated = collated.to(self.device)
            for name in group:
                for entry in self._describe(self.requests[name], collated, keys):
                    # Frames and other pictures are kept in memory only: they are soon read again.
                    entries[entry[2].ndim == 1].append(entry)
            entries[True] += [
                (key, fingerprint, _NOTHING, rows[fingerprint][1])
                for key, (_, rows) in zip(keys, good, strict=True)
            ]
        return entries

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
                given = mask if view.reads_masks else None
                row = view.prepare(image, given, item.source.mm_per_pixel)
                prepared[fingerprint] = (row, reading + perf_counter() - start)
            return prepared

        return self.attempt(item.source, work)

    def _describe(self, request: _Request, batch: Any, keys: list[str]) -> list[Entry]:
        """Ask one part of a batch."""
        start = perf_counter()
        with torch.inference_mode():
            values = request.part.describe(batch).cpu().numpy()
        each = (perf_counter() - start) / len(keys)
        return [(key, request.key, value, each) for key, value in zip(keys, values, strict=True)]

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
    sources: list[_Identified], lacking: dict[int, list[str]], n_jobs: int
) -> Iterator[tuple[list[_Identified], list[str]]]:
    """Rows that lack the same parts, in batches."""
    groups: dict[tuple[str, ...], list[_Identified]] = {}
    for position in sorted(lacking):
        groups.setdefault(tuple(lacking[position]), []).append(sources[position])
    n_left = len(lacking)
    for names, items in groups.items():
        start = 0
        while start < len(items):
            # Towards the end batches shrink, or all threads would wait for the one that has the
            # last.
            share = n_left // (_ROUNDS * n_jobs) if n_jobs > 1 else BATCH_SIZE
            batch = items[start : start + max(_LEAST, min(BATCH_SIZE, share))]
            yield batch, list(names)
            start += len(batch)
            n_left -= len(batch)


def _ahead(
    pool: ThreadPoolExecutor,
    work: Callable[[list[_Identified], list[str]], Result],
    tasks: Iterator[tuple[list[_Identified], list[str]]],
    depth: int,
) -> Iterator[tuple[list[_Identified], Result]]:
    """Do tasks in a pool, in order, never more than `depth` ahead of the reader."""
    waiting: deque[tuple[list[_Identified], Future[Result]]] = deque()
    try:
        for batch, names in tasks:
            waiting.append((batch, pool.submit(work, batch, names)))
            if len(waiting) >= depth:
                batch, future = waiting.popleft()
                yield batch, future.result()
        while waiting:
            batch, future = waiting.popleft()
            yield batch, future.result()
    finally:
        for _, future in waiting:
            future.cancel()
