"""Settings of a fine-tuned network, refused at the door where they mean nothing."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from features.devices import pick_device
from features.networks.central_square import CentralSquare
from features.networks.engines import ENGINES, PRECISIONS
from features.networks.frame import FrameView
from features.networks.tta import VIEWS
from pipelines.cnn.augmentation import Augmentation

TRANSFERS = ("all", "head", "scratch")
IMBALANCES = ("none", "class_weight", "sampling", "focal")
FRAMINGS = {"whole": FrameView, "square": CentralSquare}

_CHOICES: dict[str, Collection[str]] = {
    "transfer": TRANSFERS,
    "imbalance": IMBALANCES,
    "framing": FRAMINGS,
    "tta": VIEWS,
    "precision": PRECISIONS,
    "engine": ENGINES,
}
_FROM_1: tuple[type, Callable[[Any], bool], str] = (Integral, lambda x: x >= 1, "an int >= 1")
_FROM_0: tuple[type, Callable[[Any], bool], str] = (
    Real,
    lambda x: 0 <= x < math.inf,
    "a finite number >= 0",
)
_BELOW_1: tuple[type, Callable[[Any], bool], str] = (
    Real,
    lambda x: 0 <= x < 1,
    "a number in [0, 1)",
)
_NUMBERS: dict[str, tuple[type, Callable[[Any], bool], str]] = {
    "max_epochs": _FROM_1,
    "batch_size": _FROM_1,
    "patience": _FROM_1,
    "learning_rate": (Real, lambda x: 0 < x < math.inf, "a finite number above 0"),
    "lower_rate": (Real, lambda x: 0 <= x <= 1, "a share of `learning_rate` in [0, 1]"),
    "weight_decay": _FROM_0,
    "averaging": _BELOW_1,
    "focal_gamma": _FROM_0,
    "label_smoothing": _BELOW_1,
}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that mean nothing.

    Parameters
    ----------
    settings : mapping
        Those of `CNNClassifier`, by name.

    Raises
    ------
    ValueError
        Naming the setting, what it may be and what it was.
    """
    for name, known in _CHOICES.items():
        if settings[name] not in known:
            raise _refusal(name, f"one of {', '.join(known)}", settings[name])
    if settings["precision"] == "float16" and pick_device(settings["device"]).type == "cpu":
        raise ValueError("precision='float16' needs a GPU; use 'float32' or 'bfloat16'.")
    for name, (kind, allowed, wanted) in _NUMBERS.items():
        if not (_is_number(settings[name], kind) and allowed(settings[name])):
            raise _refusal(name, wanted, settings[name])
    _check_sizes(settings)
    if not isinstance(settings["augment"], (bool, np.bool_, Augmentation)):
        raise _refusal("augment", "an Augmentation, True or False", settings["augment"])
    _check_weights(settings["class_weight"])


def check_weighted_classes(class_weight: Any, classes: Collection[Any]) -> None:
    """Refuse weights of classes that there are not.

    Parameters
    ----------
    class_weight : mapping, str or None
        As in `CNNClassifier`.
    classes : collection
        Those that the network is trained on.

    Raises
    ------
    ValueError
        Naming the strange ones.
    """
    if isinstance(class_weight, Mapping) and (strange := set(class_weight) - set(classes)):
        raise ValueError(
            f"`class_weight` has weights of {sorted(strange, key=str)}, but the labels are "
            f"{np.asarray(classes).tolist()}: name each class as `y` does."
        )


def as_sizes(sizes: int | Sequence[int] | None) -> tuple[int, ...]:
    """One or several sides as a tuple; None has none."""
    if sizes is None:
        return ()
    return (int(sizes),) if isinstance(sizes, Integral) else tuple(sizes)  # type: ignore[arg-type]


def _check_sizes(settings: Mapping[str, Any]) -> None:
    for name in ("image_size", "predict_size"):
        given = settings[name]
        if given is None and name == "predict_size":
            continue
        several = [given] if _is_number(given, Integral) else given
        listed = isinstance(several, (Sequence, np.ndarray)) and len(several) > 0
        if not (listed and all(_is_number(size, Integral) and size >= 1 for size in several)):
            raise _refusal(name, "an int >= 1 or a sequence of some", given)
    n_sizes, n_epochs = len(as_sizes(settings["image_size"])), settings["max_epochs"]
    if n_sizes > n_epochs:
        raise ValueError(
            f"`image_size` has {n_sizes} sizes, but there are only {n_epochs} epochs: raise "
            "`max_epochs` or name fewer sizes, for each needs an epoch."
        )


def _check_weights(given: Any) -> None:
    if given is None or (isinstance(given, str) and given == "balanced"):
        return
    if not isinstance(given, Mapping):
        raise _refusal("class_weight", "a dict, 'balanced' or None", given)
    for weight in given.values():
        if not (_is_number(weight, Real) and 0 <= weight < math.inf):
            raise _refusal("class_weight", "a dict of finite numbers >= 0", given)


def _is_number(value: Any, kind: type) -> bool:
    # True is a number to Python, but no rate or size that anyone means.
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))


def _refusal(name: str, wanted: str, got: Any) -> ValueError:
    return ValueError(f"`{name}` must be {wanted}, got {got!r}.")
