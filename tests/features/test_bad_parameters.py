"""Parameters that make no sense are refused at the door, by name."""

import math
import re

import numpy as np
import pytest
import torch

from features import (
    HOG,
    LBP,
    ColorHistogram,
    DetailBands,
    JointColorHistogram,
    Preparation,
    color_quantiles,
    lesion_window,
    segment_lesion,
)
from features.texture.hog import upright_patches

SCALES_OF_LBP = "`scales` must be one or more pairs (points, radius) of ints"
SCALES_OF_BANDS = "`scales` must be one or more finite numbers > 0, increasing"
THREE_BINS = "`bins` must be three ints >= 1"

DESCRIPTORS = [
    *(
        (HOG, name, value, f"`{name}` must be an int >= 1")
        for name in ("cell_size", "orientations", "size", "block_size")
        for value in (0, -1, 8.5, None)
    ),
    *(
        (LBP, "scales", value, SCALES_OF_LBP)
        for value in ((), 8, (8, 1), ((8, 1.5),), ((8, 0),), ((0, 1),), ((254, 1),), ((8, 1, 1),))
    ),
    *(
        (ColorHistogram, "bins", value, THREE_BINS)
        for value in (8, (16, 8), (16, 8, 8, 8), (0, 8, 8), (8, -1, 8), (8, 8, 1.5))
    ),
    *(
        (JointColorHistogram, "bins", value, "`bins` must be an int >= 1")
        for value in (0, -2, 2.5, (4, 4, 4))
    ),
    *(
        (DetailBands, "scales", value, SCALES_OF_BANDS)
        for value in ((), 2, (0,), (-1.0,), (2, 1), (1, 1), (math.inf,), (math.nan,), ("a",))
    ),
]

SETTINGS = [
    ("mask", "none", "`mask` must be one of ('given', 'segment', 'auto')"),
    ("hair", True, "`hair` must be one of ('blackhat', 'dullrazor', None)"),
    ("segmentation", "unet", "`segmentation` must be one of ('candidates', 'otsu', 'hybrid')"),
    *(("size", value, "`size` must be an int >= 32") for value in (8, 224.5, "large")),
    *(
        ("margin", value, "`margin` must be a finite number >= 0")
        for value in (-1, -0.01, math.inf, math.nan, "wide")
    ),
    *(
        ("artefacts", value, "`artefacts` must be a tuple of names in")
        for value in (("glare",), ["ruler"], "ruler")
    ),
]

WHOLE = np.ones((8, 8), dtype=bool)
PLANES = torch.zeros(1, 3, 8, 8), torch.ones(1, 8, 8, dtype=torch.bool)
FUNCTIONS = {
    "method": (
        lambda: segment_lesion(np.zeros((8, 8, 3), dtype=np.uint8), WHOLE, method="unet"),
        "`method` must be one of ('candidates', 'otsu', 'hybrid'), got 'unet'",
    ),
    "margin": (
        lambda: lesion_window(WHOLE, 64, margin=-1),
        "`margin` must be a finite number >= 0, got -1",
    ),
    "size": (lambda: lesion_window(WHOLE, 0), "`size` must be an int >= 1, got 0"),
    "mask": (lambda: lesion_window(~WHOLE, 64), "the mask is empty; expected values above 0"),
    "patches": (
        lambda: upright_patches(PLANES[0][:, 0], PLANES[1], PLANES[1], size=0),
        "`size` must be an int >= 1, got 0",
    ),
    "percents": (
        lambda: color_quantiles(*PLANES, percents=(50, 101)),
        "`percents` must lie in [0, 100], got (50, 101)",
    ),
}


@pytest.mark.parametrize(("descriptor", "name", "value", "message"), DESCRIPTORS)
def test_descriptors(descriptor, name, value, message, random_batch):
    bad = descriptor(**{name: value})
    whole = re.escape(message) + ".*" + re.escape(f"got {value!r}.")
    with pytest.raises(ValueError, match=whole):
        bad.describe(random_batch)
    # `fit` asks for the columns before any image is described.
    with pytest.raises(ValueError, match=whole):
        bad.feature_names()


@pytest.mark.parametrize(("name", "value", "message"), SETTINGS)
def test_preparation(name, value, message):
    whole = re.escape(message) + ".*" + re.escape(f"got {value!r}.")
    with pytest.raises(ValueError, match=whole):
        Preparation(**{name: value})


@pytest.mark.parametrize(("call", "message"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
