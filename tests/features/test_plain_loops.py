"""Every family against the libraries that define it: the plain loops of the benchmark."""

import numpy as np
import pytest
import torch

from features.preparation.lesion_view import PreparedLesion
from plain import FAMILIES, SUITE


def rows_of(batch):
    """One `PreparedLesion` a row."""
    return [
        PreparedLesion(
            pixels=batch.pixels[i].permute(1, 2, 0).numpy(),
            original=batch.original[i].permute(1, 2, 0).numpy(),
            mask=batch.mask[i].numpy(),
            valid=batch.valid[i].numpy(),
            scale=float(batch.scale[i]),
            shape=tuple(int(side) for side in batch.shape[i]),
            mm_per_pixel=float(batch.mm_per_pixel[i]),
            quality=tuple(batch.quality[i].tolist()),
        )
        for i in range(len(batch))
    ]


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
@pytest.mark.parametrize("name", FAMILIES)
def test_values_are_those_of_the_plain_loop(name, source, request):
    batch, family = request.getfixturevalue(source), FAMILIES[name]
    with torch.inference_mode():
        got = family.descriptor.describe(batch).numpy()
    expected = np.stack([family.plain(row) for row in rows_of(batch)])
    assert got.shape == expected.shape
    assert family.excess(got, expected) <= 1


def test_a_wrong_value_is_noticed(random_batch):
    family = FAMILIES["color_moments"]
    expected = np.stack([family.plain(row) for row in rows_of(random_batch)])
    assert family.excess(expected * (1 + 1e-3), expected) > 1
    assert family.excess(np.where(expected == expected.max(), np.nan, expected), expected) > 1


def test_the_suite_is_among_the_families():
    assert set(SUITE) <= set(FAMILIES)
