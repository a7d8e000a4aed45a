"""Settings that mean nothing are refused before an image is read."""

import math

import numpy as np
import pytest

from pipelines.cnn import Augmentation, CNNClassifier
from pipelines.cnn.settings import as_sizes, check_settings, check_weighted_classes


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        *(("max_epochs", value, "an int >= 1") for value in (0, -1, 2.5, "3", True, None)),
        *(("batch_size", value, "an int >= 1") for value in (0, 8.0)),
        *(("patience", value, "an int >= 1") for value in (0, None)),
        *(
            ("learning_rate", value, "a finite number above 0")
            for value in (0, -1e-3, math.nan, math.inf, "1e-3")
        ),
        *(("lower_rate", value, r"in \[0, 1\]") for value in (-0.1, 1.5, math.nan)),
        *(("weight_decay", value, "a finite number >= 0") for value in (-0.1, None)),
        *(("focal_gamma", value, "a finite number >= 0") for value in (-1, math.nan)),
        *(("averaging", value, r"a number in \[0, 1\)") for value in (-0.1, 1, 1.5)),
        *(("label_smoothing", value, r"a number in \[0, 1\)") for value in (-0.1, 1)),
        *(
            ("image_size", value, "an int >= 1 or a sequence of some")
            for value in (0, -32, 32.0, (), "32", None, (32, 0), (32, 48.5), True)
        ),
        *(("predict_size", value, "an int >= 1 or a sequence") for value in (0, (), "64")),
        *(("augment", value, "an Augmentation, True or False") for value in (None, "all", 1)),
        *(("class_weight", value, "a dict, 'balanced' or None") for value in ("auto", [1, 2])),
        *(
            ("class_weight", value, "a dict of finite numbers >= 0")
            for value in ({"mole": -1}, {"mole": math.inf}, {"mole": "2"})
        ),
    ],
)
def test_refused(make, images, labels, name, value, wanted):
    with pytest.raises(ValueError, match=f"`{name}` must be .*{wanted}.*, got "):
        make(**{name: value}).fit(images, labels)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"image_size": (96, 128), "max_epochs": np.int64(2)},
        {"image_size": np.array([96, 128]), "predict_size": [128, np.int64(160)]},
        {"averaging": 0, "lower_rate": 0, "label_smoothing": 0, "focal_gamma": 0},
        {"lower_rate": 1, "learning_rate": 1, "weight_decay": 0, "augment": Augmentation()},
        {"class_weight": {"mole": 0, "skin": np.float32(2)}},
        {"class_weight": "balanced", "batch_size": 1, "max_epochs": 1, "patience": 1},
    ],
)
def test_accepted(changes):
    check_settings(CNNClassifier(**changes).get_params(deep=False))


def test_each_size_needs_an_epoch(make, images, labels):
    with pytest.raises(ValueError, match="`image_size` has 3 sizes, but there are only 2 epochs"):
        make(image_size=(24, 28, 32), max_epochs=2).fit(images, labels)


def test_weights_of_strange_classes_are_refused(make, images, labels):
    with pytest.raises(ValueError, match=r"weights of \['nevus', 'wart'\].*\['mole', 'skin'\]"):
        make(class_weight={"mole": 2, "wart": 1, "nevus": 1}).fit(images, labels)
    check_weighted_classes({np.int64(7): 2}, np.array([3, 7]))
    check_weighted_classes("balanced", ["mole"])
    # As `y` does: "7" is no label of numbers.
    with pytest.raises(ValueError, match=r"weights of \['7'\]"):
        check_weighted_classes({"7": 2}, np.array([3, 7]))


def test_sizes_as_tuples():
    assert as_sizes(None) == ()
    assert as_sizes(np.int64(32)) == as_sizes([32]) == (32,)


def test_nothing_is_read_before(make, labels):
    with pytest.raises(ValueError, match="`batch_size`"):
        make(batch_size=0).fit([f"missing{i}.png" for i in range(len(labels))], labels)
