"""The benchmark of coverage, with fewer trials: bounds are three standard errors wide."""

import numpy as np
from interval_coverage import (
    assumed_coverage,
    bootstrap_coverage,
    draw_images,
    draw_rows,
    fitted_coverage,
    repeated_folds,
)


def test_bootstrap_intervals_hold_the_truth():
    found = bootstrap_coverage(trials=150, n_draws=200, seed=0)
    assert len(found) == 4
    assert all(0.87 <= share <= 1 for share in found.values())


def test_corrected_intervals_hold_the_truth():
    assert 0.91 <= assumed_coverage(trials=400, seed=0) <= 0.985
    assert 0.84 <= fitted_coverage(trials=25, seed=0) <= 1


def test_images_of_a_lesion_resemble_each_other():
    truth, lesion, models = draw_images((50, 30, 20), np.random.default_rng(0))
    assert np.bincount(truth[np.unique(lesion, return_index=True)[1]]).tolist() == [50, 30, 20]
    pairs = np.flatnonzero(lesion[1:] == lesion[:-1])
    logits = np.log(models[0][:, 0])
    assert np.corrcoef(logits[pairs], logits[pairs + 1])[0, 1] > 0.7


def test_folds_part_the_rows():
    _, y = draw_rows(100, np.random.default_rng(0))
    folds = list(repeated_folds(y, np.random.default_rng(0)))
    assert len(folds) == 25
    for first in range(0, 25, 5):
        tested = np.concatenate([test for _, test in folds[first : first + 5]])
        assert sorted(tested) == list(range(100))
