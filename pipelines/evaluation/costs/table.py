"""What a fitted model costs: time for an image, memory, and room on disk."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from pipelines.intake import image_side

_PROCESS = "pipelines.evaluation.costs.process"
_ONE_CORE = dict.fromkeys(
    ("LOKY_MAX_CPU_COUNT", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
)
_NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}
_COLUMNS = ["model", "item", "ms_per_image", "seconds", "memory_mb", "size_mb", "calls"]


class Costs(NamedTuple):
    """What `measure_costs` returns.

    Attributes
    ----------
    ms : dict of str to float
        Median milliseconds for an image: ``preparation``, ``extraction: <part>`` of each part that
        looks at images, and ``predict``, from the file to the probabilities, which holds these.
    calls : int
        Images behind each median.
    memory_mb : float
        Most memory (resident set) that a process takes which does nothing but load the model and
        predict, Python and libraries included; NaN on Windows, which does not tell.
    size_mb : float
        The model's file as `save_model` writes it, and the weights of frozen networks beside it.
    """

    ms: dict[str, float]
    calls: int
    memory_mb: float
    size_mb: float


def measure_costs(
    model: Any,
    manifest: pd.DataFrame,
    *,
    n_images: int = 32,
    repeats: int = 30,
    max_seconds: float = 45.0,
    random_state: int | None = 0,
) -> Costs:
    """Measure a fitted model in a process of its own, warm and on one thread of the CPU.

    Parameters
    ----------
    model : fitted classifier of images
        A `LesionPipeline`, a `CNNClassifier`, or any that can be pickled and imported elsewhere.
    manifest : DataFrame
        Images to measure with.
    n_images : int, default=32
        Images drawn from the manifest, if it has so many; each is given alone.
    repeats : int, default=30
        Images timed, after two for warming up; drawn images are taken again if there are fewer.
    max_seconds : float, default=45.0
        No image is begun after this time, so that slow models have fewer. At least three are.
    random_state : int or None, default=0
        Seed of the draw.

    Returns
    -------
    Costs
        Times, memory and size. A GPU is not used and no feature store is read: every image is
        decoded and described each time.

    Raises
    ------
    RuntimeError
        If the process fails; with what it said.

    Notes
    -----
    Preparation is the time of the whole extraction less that of its parts: reading, decoding,
    hashing, and making the views. A fine-tuned network's own pass is in ``predict`` alone. Times
    are on the clock, with files in the system's cache; other work on the machine lengthens them.
    """
    rng = check_random_state(random_state)
    drawn = rng.choice(len(manifest), size=min(n_images, len(manifest)), replace=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.joblib"
        # As `save_model` does, or sizes would differ.
        joblib.dump(model, path, compress=3)
        joblib.dump((manifest.iloc[drawn], repeats, max_seconds), path.with_name("task.joblib"))
        _run(folder)
        found = json.loads(path.with_name("costs.json").read_text())
        size = path.stat().st_size + sum(file.stat().st_size for file in _frozen_weights(model))
    return Costs(found["ms"], found["calls"], found["memory_mb"], size / 1e6)


def costs_table(
    models: Mapping[str, Any], manifest: pd.DataFrame, timings: pd.DataFrame, **options: Any
) -> pd.DataFrame:
    """Time and size of fitted models.

    Parameters
    ----------
    models : mapping of str to fitted classifier
        To be measured, one after the other.
    manifest : DataFrame
        Images to measure with.
    timings : DataFrame
        From `out_of_fold`: `model` and `fit_seconds` of each fold.
    **options
        Of `measure_costs`.

    Returns
    -------
    DataFrame
        One row a model and item: `model`, `item` (``fit`` and those of `Costs.ms`),
        `ms_per_image` (NaN for ``fit``), `seconds` (``fit`` only: the mean over folds, in the run
        itself, without what a feature store or joblib's memory gave), `memory_mb` and `size_mb`
        (in the row ``predict``), and `calls`.

    Raises
    ------
    RuntimeError
        If a model fails; names it.
    """
    fits = timings.groupby("model")["fit_seconds"].mean()
    rows = []
    for name, model in models.items():
        try:
            found = measure_costs(model, manifest, **options)
        except RuntimeError as exc:
            raise RuntimeError(f"The costs of model {name!r} were not measured: {exc}") from exc
        fit = float(fits.get(name, np.nan))
        rows.append({"model": name, "item": "fit", "seconds": fit})
        rows += [
            {"model": name, "item": item, "ms_per_image": ms, "calls": found.calls}
            for item, ms in found.ms.items()
        ]
        rows[-1] |= {"memory_mb": found.memory_mb, "size_mb": found.size_mb}
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype({"calls": "Int64"})


def _run(folder: str) -> None:
    """Measure in a new process: no store has rows there, and its memory is the model's alone."""
    done = subprocess.run(
        [sys.executable, "-m", _PROCESS, folder],
        env=os.environ | _ONE_CORE | _NO_GPU,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise RuntimeError(
            f"the process that measures a model failed ({said[0]}). Its class must be importable "
            "from an installed module, and its images readable."
        )


def _frozen_weights(model: Any) -> set[Path]:
    """Files of the weights of frozen networks, which the model's own file does not hold."""
    side = image_side(model)
    parts = {} if side is None else side.image_parts()
    return {path for part, _ in parts.values() for path in getattr(part, "weight_files", list)()}
