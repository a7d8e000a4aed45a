"""Every family against the libraries that define it: the plain loops of the benchmark."""

import descriptors
import numpy as np
import pytest
import torch
from agreement import relative_difference

import plain
from features.preparation.lesion_view import PreparedLesion
from plain import CODES, FAMILIES, SUITE, lbp_agreement


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


@pytest.mark.parametrize("sources", [("random_batch",), ("random_batch", "real_batch")])
@pytest.mark.parametrize("name", FAMILIES)
def test_values_are_those_of_the_plain_loop(name, sources, request):
    # Real ones are four: beside the others, or what is usual in a column is not known.
    batches, family = [request.getfixturevalue(source) for source in sources], FAMILIES[name]
    with torch.inference_mode():
        got = np.concatenate([family.descriptor.describe(batch).numpy() for batch in batches])
    expected = np.stack([family.plain(row) for batch in batches for row in rows_of(batch)])
    assert got.shape == expected.shape
    assert family.excess(got, expected) <= 1


def test_a_wrong_value_is_noticed(random_batch):
    family = FAMILIES["color_moments"]
    expected = np.stack([family.plain(row) for row in rows_of(random_batch)])
    assert family.excess(expected * (1 + 1e-3), expected) > 1
    assert family.excess(np.where(expected == expected.max(), np.nan, expected), expected) > 1


def test_a_lone_nan_is_noticed():
    values = np.ones((3, 2))
    holed = np.where([[True, False]] * 3, values, np.nan)
    assert relative_difference(holed, values) == np.inf
    assert relative_difference(holed, holed) == 0


@pytest.mark.parametrize("source", ["random_batch", "real_batch"])
def test_lbp_codes_are_those_of_scikit_image(source, request):
    batch = request.getfixturevalue(source)
    assert 1 - CODES <= lbp_agreement(batch, rows_of(batch)) <= 1


def test_codes_that_differ_are_counted(random_batch, monkeypatch):
    lesions = rows_of(random_batch)
    area = int(lesions[0].mask.sum())
    right = plain.plain_lbp_codes

    def one_wrong(lesion):
        codes = right(lesion)
        if lesion is lesions[0]:
            y, x = np.argwhere(lesion.mask)[0]
            codes[1][y, x] += 1
            codes[2][~lesion.mask] += 1  # skin does not count
        return codes

    kept = lbp_agreement(random_batch, lesions[:1])
    monkeypatch.setattr(plain, "plain_lbp_codes", one_wrong)
    assert lbp_agreement(random_batch, lesions[:1]) == pytest.approx(min(kept, 1 - 1 / area))


def test_the_suite_is_among_the_families():
    assert set(SUITE) <= set(FAMILIES)


@pytest.mark.parametrize(
    ("excess", "memory", "found"),
    [
        (1.0, 1000.0, []),
        (1.1, 10.0, ["beyond the stated tolerance: lbp"]),
        (float("nan"), 10.0, ["beyond the stated tolerance: lbp"]),
        (0.1, 1001.0, ["1001 MB of memory; 1000 are allowed"]),
    ],
)
def test_the_benchmark_fails_beyond_tolerance_or_memory(excess, memory, found):
    result = {"families": {"lbp": {"of_tolerance": excess}}, "memory_mb": memory}
    assert descriptors.complaints(result) == found
