import numpy as np
import pytest

from pipelines.audit.hashing import (
    CROPS,
    RADIUS,
    VIEWS,
    close_pairs,
    hash_picture,
    view_of,
)


def test_views_are_the_eight_symmetries_of_a_square():
    picture = np.arange(16).reshape(4, 4)
    seen = {view_of(picture, view).tobytes() for view in range(len(VIEWS))}
    turns = [np.rot90(side, k) for side in (picture, picture.T) for k in range(4)]
    assert seen == {np.ascontiguousarray(turn).tobytes() for turn in turns}


def test_pairs_are_those_of_a_plain_search():
    rng = np.random.default_rng(0)
    n, n_hashes = 300, len(VIEWS) + len(CROPS)
    hashes = rng.integers(0, 2**63, size=(n, n_hashes, 4), dtype=np.uint64)
    # Near relatives at known places: views of one row differ from crops of another in some bits.
    planted = {(3, 280): (5, 2, 20), (281, 7): (0, 4, 63), (10, 11): (1, 0, 5)}
    for (i, j), (view, crop, n_bits) in planted.items():
        flipped = np.zeros(256, dtype=bool)
        flipped[rng.permutation(np.arange(64, 256))[: n_bits - 5]] = True
        flipped[:5] = True
        words = np.packbits(flipped.reshape(4, 64), axis=1).view(np.uint64)[:, 0]
        hashes[j, len(VIEWS) + crop] = hashes[i, view] ^ words
    found = close_pairs(hashes)
    expected = {(i, j, view, crop, d) for (i, j), (view, crop, d) in planted.items()}
    assert {tuple(row) for row in found.tolist()} == expected


def test_a_pair_comes_once_with_its_smallest_distance():
    hashes = np.zeros((2, len(VIEWS) + len(CROPS), 4), dtype=np.uint64)
    hashes[:, : len(VIEWS)] = 7
    hashes[1, len(VIEWS) + 3] = 7
    assert close_pairs(hashes).tolist() == [[0, 1, 0, 3, 0]]


def test_far_hashes_are_no_pair():
    hashes = np.zeros((2, len(VIEWS) + len(CROPS), 4), dtype=np.uint64)
    hashes[1] = np.uint64(2**64 - 1)
    assert close_pairs(hashes).shape == (0, 5)
    assert RADIUS < 128


@pytest.mark.parametrize("view", range(len(VIEWS)))
def test_a_mirrored_picture_is_close_in_the_view_that_undoes_it(view):
    rng = np.random.default_rng(1)
    picture = np.kron(rng.integers(0, 255, size=(16, 16)), np.ones((4, 4))).astype(np.uint8)
    other = np.ascontiguousarray(view_of(picture, view))
    (pair,) = close_pairs(np.stack([hash_picture(picture), hash_picture(other)]))
    seen = view_of([picture, other][pair[0]], pair[2])
    np.testing.assert_array_equal(seen, [picture, other][pair[1]])
    assert pair[4] == 0


def test_no_pictures_give_no_pairs():
    assert close_pairs(np.empty((0, 14, 4), dtype=np.uint64)).shape == (0, 5)
