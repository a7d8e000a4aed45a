"""The process that `pipelines.evaluation.costs.table` measures a model in; runs as a module."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import joblib
import pandas as pd
import torch
from sklearn.base import BaseEstimator

from features import extract
from features.reading.sources import image_sources
from pipelines.intake import image_side

_WARM_UP = 2
_FEWEST = 3
# Nothing is read from a store, and all is done by one thread of the CPU.
_BARE = {"store": None, "device": "cpu", "n_jobs": None}


def main(folder: str) -> None:
    """Measure the model in a folder, and write what was found beside it."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    path = Path(folder)
    model = joblib.load(path / "model.joblib")
    images, repeats, max_seconds = joblib.load(path / "task.joblib")
    strip(model)
    calls = time_calls(model, images, repeats, max_seconds)
    found = {
        "ms": {item: 1e3 * median(call[item] for call in calls) for item in calls[0]},
        "calls": len(calls),
        "memory_mb": peak_memory(),
    }
    (path / "costs.json").write_text(json.dumps(found), encoding="utf-8")


def time_calls(
    model: Any, images: pd.DataFrame, repeats: int, max_seconds: float
) -> list[dict[str, float]]:
    """Time a model on one image after the other.

    Parameters
    ----------
    model : fitted classifier
        Its stores keep nothing.
    images : DataFrame
        Rows of a manifest, taken in turn.
    repeats : int
        Images timed, after those for warming up.
    max_seconds : float
        When to begin no more.

    Returns
    -------
    list of dict of str to float
        Seconds of each item, an image each.
    """
    side = image_side(model)
    if side is not None:
        # Files are in the system's cache from here on: disks are not measured.
        for source in image_sources(images):
            source.digests()
    start = time.perf_counter()
    calls: list[dict[str, float]] = []
    for turn in range(_WARM_UP + repeats):
        late = time.perf_counter() - start > max_seconds
        if late and len(calls) >= _WARM_UP + _FEWEST:
            break
        row = turn % len(images)
        image = images.iloc[row : row + 1]
        seconds = {} if side is None else time_extraction(side, image)
        began = time.perf_counter()
        model.predict_proba(image)
        calls.append(seconds | {"predict": time.perf_counter() - began})
    return calls[_WARM_UP:]


def time_extraction(side: Any, image: pd.DataFrame) -> dict[str, float]:
    """Seconds of preparing an image, and of each part that describes it.

    Parameters
    ----------
    side : ImageFeatures, or other part of a model that looks at images
        Has `image_parts`.
    image : DataFrame of one row
        Of a manifest.

    Returns
    -------
    dict of str to float
        ``preparation``, and ``extraction: <part>`` of each part.
    """
    parts = side.image_parts()
    began = time.perf_counter()
    found = extract(image, parts, store=None)
    whole = time.perf_counter() - began
    described = {f"extraction: {name}": found.seconds[name] for name in parts}
    return {"preparation": whole - sum(described.values()), **described}


def strip(model: Any) -> None:
    """Take stores, other devices and threads from a model, and from the fitted ones inside it."""
    for part in _estimators(model, set()):
        given = part.get_params(deep=False)
        for name in _BARE.keys() & given.keys():
            setattr(part, name, _BARE[name])


def peak_memory() -> float:
    """Most resident memory that this process has had, in MB; NaN where the system cannot tell."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike `getrusage`, which starts from what the parent process had.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _estimators(thing: Any, seen: set[int]) -> Iterator[BaseEstimator]:
    """Find the estimators inside a model, fitted copies included."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, dict):
        inside = list(thing.values())
    elif isinstance(thing, (list, tuple)):
        inside = list(thing)
    elif isinstance(thing, BaseEstimator):
        yield thing
        inside = list(vars(thing).values())
    else:
        return
    for part in inside:
        yield from _estimators(part, seen)


if __name__ == "__main__":
    main(sys.argv[1])
