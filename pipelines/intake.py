"""All images read once, for all models together; those that cannot be used are listed."""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone

from features import Failure, ImageFeatures, QualityFlags, extract, pick_device
from features.extraction import request_key
from pipelines.events import Event

_LOGGER = logging.getLogger(__name__)


@dataclass
class Intake:
    """What reading all images found.

    Parameters
    ----------
    kept : ndarray of shape (n_kept,), int
        Positions of the rows that every model can use.
    failures : list of Failure
        The other rows, and why.
    seconds : dict of str to float
        Work behind each model's rows: decoding, preparing and describing, in thread-seconds.
    quality : DataFrame of shape (n_kept, 5) or (n_kept, 0)
        Flags of the lesion views; no columns where no model looks at one.
    """

    kept: np.ndarray
    failures: list[Failure]
    seconds: dict[str, float]
    quality: pd.DataFrame

    def save(self, directory: Path, data: str) -> None:
        """Write what was found, under the digest of the data that it is of."""
        directory.mkdir(parents=True, exist_ok=True)
        self.quality.to_parquet(directory / "quality.parquet")
        facts = {
            "data": data,
            "kept": self.kept.tolist(),
            "failures": [failure._asdict() for failure in self.failures],
            "seconds": self.seconds,
        }
        (directory / "intake.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, data: str) -> "Intake | None":
        """Read what was found; None where nothing was saved, or it is of other data."""
        if not (directory / "intake.json").is_file():
            return None
        facts = json.loads((directory / "intake.json").read_text(encoding="utf-8"))
        if facts["data"] != data:
            return None
        return cls(
            kept=np.array(facts["kept"], dtype=int),
            failures=[Failure(**failure) for failure in facts["failures"]],
            seconds=facts["seconds"],
            quality=pd.read_parquet(directory / "quality.parquet"),
        )


def take_in(
    models: Mapping[str, Any],
    manifest: pd.DataFrame,
    *,
    on_error: Literal["raise", "skip"] = "raise",
    n_jobs: int | None = None,
    progress: bool = False,
) -> Intake:
    """Read every image once for all models, so that they find its rows in their store.

    Parameters
    ----------
    models : mapping of str to classifier
        Fitted or not. Those without an `image_side` are left alone.
    manifest : DataFrame
        One row an image.
    on_error : {"raise", "skip"}, default="raise"
        Whether an image that cannot be used stops the run or is listed.
    n_jobs : int, optional
        Threads that read and prepare.
    progress : bool, default=False
        Show images per second.

    Returns
    -------
    Intake
        Rows that can be used, rows that cannot, and what reading cost.
    """
    found_sides = {name: image_side(model) for name, model in models.items()}
    sides = {name: side for name, side in found_sides.items() if side is not None}
    asked = {name: _fitted(side, manifest).image_parts() for name, side in sides.items()}
    failures: dict[int, Failure] = {}
    seconds: dict[tuple[Any, Any, str], float] = {}
    flags = None
    start = time.perf_counter()
    places = _places(sides)
    for place in set(places.values()):
        parts = _distinct(asked[name] for name in sides if places[name] == place)
        found = extract(
            manifest,
            parts,
            store=place[0],
            device=place[1],
            n_jobs=n_jobs,
            on_error=on_error,
            progress=progress,
        )
        failures |= {failure.row: failure for failure in found.failures}
        seconds |= {(*place, key): value for key, value in found.seconds.items()}
        quality = [key for key, (part, _) in parts.items() if isinstance(part, QualityFlags)]
        if quality:
            flags = pd.DataFrame(found.values[quality[0]], index=found.kept)
    kept = np.setdiff1d(np.arange(len(manifest)), list(failures))
    if sides:
        elapsed = time.perf_counter() - start
        counts = {"images": len(kept), "left_out": len(failures)}
        _LOGGER.info(Event("images read", models=list(sides), seconds=elapsed, **counts))
    return Intake(
        kept=kept,
        failures=sorted(failures.values()),
        seconds={
            name: sum(seconds[*place, key] for key in _keys(asked[name]))
            for name, place in places.items()
        },
        quality=_name_flags(flags, kept),
    )


def image_side(model: Any) -> Any:
    """Find the part of a model that looks at images, below any meta-estimator.

    Parameters
    ----------
    model : classifier
        A `LesionPipeline`, a `CNNClassifier`, or one wrapped in a meta-estimator.

    Returns
    -------
    ImageFeatures, CrossFittedLogits, SplitFitEmbedding, CNNClassifier or None
        Has `image_parts` and `store`; None for a model that reads its images in its own way.
    """
    if hasattr(model, "image_step"):
        return image_side(model.image_step)
    if hasattr(model, "image_parts"):
        return model
    for name in ("best_estimator_", "estimator_", "estimator"):
        if hasattr(model, name):
            return image_side(getattr(model, name))
    return None


def _places(sides: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Store of each side, and the device on which its lesions are described.

    A side that looks at none goes with another of its store, so that images are decoded once.
    """
    devices: dict[str, str] = {}
    for name, side in sides.items():
        features = side if isinstance(side, ImageFeatures) else getattr(side, "features", None)
        if features is not None:  # networks have a device of their own
            devices[name] = str(pick_device(features.device))
    usual = {sides[name].store: device for name, device in devices.items()}
    return {
        name: (side.store, devices.get(name, usual.get(side.store, "cpu")))
        for name, side in sides.items()
    }


def _fitted(side: Any, manifest: pd.DataFrame) -> Any:
    """Settle where lesion masks come from, as a fit on the whole manifest would, or refuse."""
    if not hasattr(side, "settle_masks"):
        return side
    if not hasattr(side, "mask_source_"):
        return clone(side).settle_masks(manifest)
    side.check_masks(manifest)
    return side


def _distinct(groups: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Parts of several models, each question once."""
    return {request_key(*pair): pair for parts in groups for pair in parts.values()}


def _keys(parts: Mapping[str, Any]) -> set[str]:
    """Names under which the cost of these parts and of their views is kept."""
    pairs = parts.values()
    return {request_key(*pair) for pair in pairs} | {view.fingerprint for _, view in pairs}


def _name_flags(flags: pd.DataFrame | None, kept: np.ndarray) -> pd.DataFrame:
    if flags is None:
        return pd.DataFrame(index=range(len(kept)))
    flags.columns = list(QualityFlags().feature_names())
    return flags.loc[kept].reset_index(drop=True)
