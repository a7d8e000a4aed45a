"""A fitted model on disk: one joblib file and a JSON card that it is checked against."""

import hashlib
import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from features import ImagePart, Preparation
from pipelines.intake import image_side

CARD_FORMAT = 1
_PACKAGES = ("dermfusion", "numpy", "scikit-learn", "torch", "torchvision", "xgboost")
# A pickle is promised to load under the versions that wrote it; these break it in practice.
_MUST_MATCH = ("dermfusion", "scikit-learn", "xgboost")


class ArtifactError(ValueError):
    """An artifact that must not be loaded; says why and what to do."""


def save_model(
    model: Any, path: str | Path, manifest: pd.DataFrame, scores: dict[str, float] | None = None
) -> Path:
    """Write a fitted model and its card.

    Parameters
    ----------
    model : fitted classifier
        A `LesionPipeline` or a `CNNClassifier`.
    path : path-like
        The joblib file, ``*.joblib``; the card is written beside it as ``*.json``.
    manifest : DataFrame
        What the model was fitted on; the card keeps its digest, never its rows.
    scores : dict of str to float, optional
        Scores to show on the card.

    Returns
    -------
    Path
        The card.

    Raises
    ------
    ArtifactError
        Another suffix.
    """
    path = check_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, path, compress=3)
    card = {
        "format": CARD_FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": _sha256(path),
        "versions": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
        "classes": [str(label) for label in model.classes_],
        "decision": getattr(last_step(model), "rule", "argmax"),
        **_image_side(model),
        "training": {
            "images": len(manifest),
            "sha256": _manifest_digest(manifest),
            "classes": {str(k): int(v) for k, v in manifest["label"].value_counts().items()},
        },
        "scores": scores or {},
        "notice": "A research tool, not a medical device.",
    }
    card_path = path.with_suffix(".json")
    card_path.write_text(json.dumps(card, indent=2) + "\n")
    return card_path


def check_suffix(path: str | Path) -> Path:
    """Refuse a name that the card could overwrite, or that is no model's."""
    path = Path(path)
    if path.suffix != ".joblib":
        raise ArtifactError(
            f"{path}: expected a name that ends in .joblib, got {path.suffix or 'no suffix'!r}. "
            f"Use {path.with_suffix('.joblib')}; the card goes beside it."
        )
    return path


def load_model(path: str | Path) -> Any:
    """Load a model and check it against its card.

    Bytes and package versions are checked before the file is unpickled; whether the columns are
    still computed as they were, right after. That catches damage and drift, not malice: only load
    files from people you trust.

    Parameters
    ----------
    path : path-like
        The joblib file; its card lies beside it.

    Returns
    -------
    classifier
        The fitted model.

    Raises
    ------
    ArtifactError
        The file or its card is missing, or they do not match each other or this installation.
    """
    path = Path(path)
    card = read_card(path)
    found = _sha256(path)
    if found != card["sha256"]:
        raise ArtifactError(
            f"{path} is not the file its card describes (sha256 {found[:12]}..., expected "
            f"{card['sha256'][:12]}...). It was damaged or changed; fetch or train it again."
        )
    for name in _MUST_MATCH:
        if _series(version(name)) != _series(card["versions"][name]):
            raise ArtifactError(
                f"{path} was written with {name} {card['versions'][name]}, this is {version(name)}."
                f" Install that version (pip install '{name}=={card['versions'][name]}'), or train "
                "again."
            )
    model = joblib.load(path)
    _check_columns(model, card, path)
    return model


def read_card(path: str | Path) -> dict[str, Any]:
    """Read the card that lies beside a model file."""
    path = Path(path)
    card_path = path.with_suffix(".json")
    for needed in (path, card_path):
        if not needed.is_file():
            raise ArtifactError(f"{needed}: no such file; a model is its .joblib and its .json.")
    try:
        card = json.loads(card_path.read_text())
    except ValueError as exc:
        raise ArtifactError(f"{card_path} is not a model card ({exc}).") from exc
    missing = {"format", "sha256", "versions", "columns"} - set(card)
    if missing or card["format"] != CARD_FORMAT:
        raise ArtifactError(
            f"{card_path} is not a model card of format {CARD_FORMAT}"
            + (f": it lacks {sorted(missing)}." if missing else f" but {card['format']!r}.")
        )
    return card


def _image_side(model: Any) -> dict[str, Any]:
    """List what the model asks of images: columns, preparation, definitions."""
    side = image_side(model)
    parts = side.image_parts()
    preparations = [asdict(view) for _, view in parts.values() if isinstance(view, Preparation)]
    names = getattr(side, "get_feature_names_out", list)
    return {
        "columns": list(names()),
        "definitions": {name: _definition(part, view) for name, (part, view) in parts.items()},
        "preparation": preparations[0] if preparations else None,
        "masks": getattr(side, "mask_source_", "none"),
    }


def _definition(part: Any, view: Any) -> str:
    """Name what a part's columns mean; which engine computes them may differ between machines."""
    named = part.definition() if isinstance(part, ImagePart) else part.fingerprint()
    return f"{named}|{view.fingerprint}"


def _check_columns(model: Any, card: dict[str, Any], path: Path) -> None:
    now = _image_side(model)
    for key in ("columns", "definitions"):
        if now[key] == card[key]:
            continue
        changed = sorted(set(map(str, _items(now[key]))) ^ set(map(str, _items(card[key]))))
        raise ArtifactError(
            f"{path}: its {key} are computed otherwise by this installation "
            f"({len(changed)} differ, first: {changed[:3]}). Train it again."
        )


def _items(value: Any) -> list[Any]:
    return list(value.items()) if isinstance(value, dict) else list(value)


def last_step(model: Any) -> Any:
    """Find the step that decides: the last of a pipeline, else the model itself."""
    return model.steps[-1][1] if hasattr(model, "steps") else model


def _series(text: str) -> list[str]:
    """Major and minor number of a version."""
    return text.split(".")[:2]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest_digest(manifest: pd.DataFrame) -> str:
    rows = manifest[["image", "label"]].astype(str).to_csv(index=False)
    return hashlib.sha256(rows.encode()).hexdigest()
