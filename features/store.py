"""Rows already extracted, kept in memory or in a crash-safe file."""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

# A row is kept under (source, request): what was looked at, and what was asked of it.
Entry = tuple[str, str, np.ndarray, float]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    request TEXT NOT NULL,
    source TEXT NOT NULL,
    dtype TEXT NOT NULL,
    shape TEXT NOT NULL,
    value BLOB NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (request, source)
) WITHOUT ROWID
"""


class FeatureStore:
    """Extracted rows by content: what was looked at, and how.

    Parameters
    ----------
    path : path-like, optional
        A SQLite file, made if missing. Each batch is one transaction, so that a killed run loses
        at most the batch in hand. Without a path rows live in memory only.
    """

    def __init__(self, path: str | Path | None = None):
        self.path = path
        self._rows: dict[str, dict[str, tuple[np.ndarray, float]]] = defaultdict(dict)
        self._loaded: set[str] = set()
        self._lock = threading.RLock()
        self._file = None if path is None else _open(Path(path))

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.path)!r})" if self.path else "FeatureStore()"

    def missing(self, request: str, sources: Sequence[str]) -> list[int]:
        """Positions in `sources` of the rows that `request` has not been asked of."""
        with self._lock:
            rows = self._load(request)
            return [i for i, source in enumerate(sources) if source not in rows]

    def rows(self, request: str, sources: Sequence[str]) -> list[np.ndarray]:
        """Rows of `request`, in the order of `sources`; KeyError if one is missing."""
        with self._lock:
            rows = self._load(request)
            return [rows[source][0] for source in sources]

    def seconds(self, request: str, sources: Sequence[str]) -> float:
        """Time it took to compute these rows, whenever that was."""
        with self._lock:
            rows = self._load(request)
            return sum(rows[source][1] for source in sources if source in rows)

    def add(self, entries: Iterable[Entry], *, persist: bool = True) -> None:
        """Keep rows; with ``persist=False`` in memory only."""
        entries = list(entries)
        with self._lock:
            for source, request, value, seconds in entries:
                self._rows[request][source] = (value, seconds)
            if self._file is None or not persist:
                return
            with self._file:
                self._file.executemany(
                    "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?)",
                    [_to_record(entry) for entry in entries],
                )

    def _load(self, request: str) -> dict[str, tuple[np.ndarray, float]]:
        """Rows of one request, brought into memory when first asked for."""
        if self._file is not None and request not in self._loaded:
            found = self._file.execute(
                "SELECT source, dtype, shape, value, seconds FROM rows WHERE request = ?",
                (request,),
            )
            for source, dtype, shape, value, seconds in found:
                sides = tuple(int(side) for side in shape.split(",") if side)
                row = np.frombuffer(value, dtype=dtype).reshape(sides)
                self._rows[request].setdefault(source, (row, seconds))
            self._loaded.add(request)
        return self._rows[request]


_OPEN: dict[str, FeatureStore] = {}


def open_store(store: FeatureStore | str | Path | None) -> FeatureStore:
    """Open the store that a parameter names.

    Parameters
    ----------
    store : {"memory", None}, path-like or FeatureStore
        ``"memory"`` is one store for the whole process, so that clones of an estimator share it;
        a path is a SQLite file, opened once a process; None keeps nothing.

    Returns
    -------
    FeatureStore
        Open.
    """
    if isinstance(store, FeatureStore):
        return store
    if store is None:
        return FeatureStore()
    key = "memory" if store == "memory" else str(Path(store).resolve())
    if key not in _OPEN:
        _OPEN[key] = FeatureStore(None if key == "memory" else key)
    return _OPEN[key]


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
    except sqlite3.DatabaseError as exc:
        raise ValueError(
            f"{path} is not a feature store ({exc}). Give another path, or delete the file."
        ) from exc
    return connection


def _to_record(entry: Entry) -> tuple[str, str, str, str, bytes, float]:
    source, request, value, seconds = entry
    shape = ",".join(str(side) for side in value.shape)
    return request, source, value.dtype.str, shape, value.tobytes(), seconds
