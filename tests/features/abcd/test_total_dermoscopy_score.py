import itertools

import numpy as np
import pytest

from features.abcd.total_dermoscopy_score import dermoscopy_category, total_dermoscopy_score


def test_corners():
    assert total_dermoscopy_score(0, 0, 1, 1) == 1.0
    assert total_dermoscopy_score(2, 8, 6, 5) == pytest.approx(8.9)


def test_every_combination_lies_between_the_corners():
    letters = (range(3), range(9), range(1, 7), range(1, 6))
    scores = [total_dermoscopy_score(*values) for values in itertools.product(*letters)]
    assert len(scores) == 810
    assert min(scores) == 1.0
    assert max(scores) == pytest.approx(8.9)


@pytest.mark.parametrize(
    ("score", "category"),
    [
        (4.7499, "benign"),
        (4.75, "suspicious"),
        (5.45, "suspicious"),
        (5.4501, "highly suspicious"),
    ],
)
def test_category_boundaries(score, category):
    assert dermoscopy_category(score) == category


def test_rounding_errors_do_not_move_a_score_across_a_boundary():
    # 1.3 + 0.4 + 1.5 + 1.5 = 4.7; 2.6 + 0.1 + 1.0 + 1.5 = 5.2; every sum has one decimal.
    for values in itertools.product(range(3), range(9), range(1, 7), range(1, 6)):
        a, b, c, d = values
        tenths = 13 * a + b + 5 * c + 5 * d
        expected = "benign" if tenths < 47.5 else "suspicious" if tenths <= 54.5 else None
        assert dermoscopy_category(total_dermoscopy_score(*values)) == (
            expected or "highly suspicious"
        )


def test_arrays_of_letters():
    scores = total_dermoscopy_score([0, 2], [0, 8], [1, 6], [1, 5])
    np.testing.assert_allclose(scores, [1.0, 8.9])
    with pytest.raises(ValueError, match=r"`c` must lie in \[1, 6\], got 7"):
        total_dermoscopy_score([0, 2], 0, [6, 7], 1)


@pytest.mark.parametrize("letters", [(3, 0, 1, 1), (0, -1, 1, 1), (0, 0, 0, 1), (0, 0, 1, 6)])
def test_letters_out_of_range(letters):
    with pytest.raises(ValueError, match="must lie in"):
        total_dermoscopy_score(*letters)


@pytest.mark.parametrize("score", [np.nan, -3, 0.99, 8.91])
def test_no_category_beyond_the_range(score):
    with pytest.raises(ValueError, match=r"must lie in \[1, 8.9\]"):
        dermoscopy_category(score)


@pytest.mark.parametrize("score", [1.0, 8.9, total_dermoscopy_score(2, 8, 6, 5)])
def test_the_corners_have_a_category(score):
    assert dermoscopy_category(score) in ("benign", "highly suspicious")
