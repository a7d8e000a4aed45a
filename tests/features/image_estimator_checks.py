"""Our own suite for image estimators: scikit-learn's stops at inputs that are no tables."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone


def check_clone_keeps_parameters(estimator, lesions):
    twin = clone(estimator)
    assert repr(twin) == repr(estimator)
    assert twin.get_params().keys() == estimator.get_params().keys()


def check_pickle_gives_the_same_rows(estimator, lesions):
    fitted = clone(estimator).fit(lesions)
    rows = fitted.transform(lesions)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(lesions), rows)


def check_rows_keep_their_order(estimator, lesions):
    fitted = clone(estimator).fit(lesions)
    order = np.random.default_rng(0).permutation(len(lesions))
    np.testing.assert_allclose(
        fitted.transform(lesions.iloc[order]), fitted.transform(lesions)[order], **TOLERANCE
    )


def check_rows_do_not_depend_on_their_batch(estimator, lesions):
    fitted = clone(estimator).fit(lesions)
    alone = np.vstack([fitted.transform(lesions.iloc[[i]]) for i in range(4)])
    np.testing.assert_allclose(fitted.transform(lesions)[:4], alone, **TOLERANCE)


def check_names_match_columns(estimator, lesions):
    fitted = clone(estimator).fit(lesions)
    names = fitted.get_feature_names_out()
    assert len(names) == fitted.transform(lesions.iloc[:2]).shape[1]
    assert len(set(names)) == len(names)
    assert all(name.count("__") >= 1 for name in names)


def check_same_seed_same_output(estimator, lesions):
    a, b = (clone(estimator).fit(lesions).transform(lesions) for _ in range(2))
    np.testing.assert_array_equal(a, b)


def check_set_output(estimator, lesions):
    table = clone(estimator).set_output(transform="pandas").fit_transform(lesions)
    assert list(table.columns) == list(estimator.get_feature_names_out())
    assert table.index.equals(lesions.index)


def check_finite_float32_but_for_nullable_columns(estimator, lesions):
    fitted = clone(estimator).fit(lesions)
    rows = fitted.transform(lesions)
    nullable = np.isin(fitted.get_feature_names_out(), fitted.get_nullable_names_out())
    assert rows.dtype == np.float32
    assert np.isfinite(rows[:, ~nullable]).all()
    assert not np.isinf(rows).any()


def check_labels_do_not_enter(estimator, lesions):
    rows = clone(estimator).fit(lesions, lesions["label"]).transform(lesions)
    shuffled = lesions.assign(label=lesions["label"].to_numpy()[::-1])
    again = clone(estimator).fit(shuffled, shuffled["label"])
    np.testing.assert_array_equal(again.transform(shuffled), rows)
    np.testing.assert_array_equal(again.transform(lesions.drop(columns="label")), rows)


def check_bad_input_is_refused(estimator, lesions):
    for bad in (np.zeros((2, 8, 8, 3)), "image.png", lesions.drop(columns="image")):
        with pytest.raises(ValueError, match=r"Expected|column 'image'"):
            clone(estimator).fit(bad).transform(bad)


# Convolutions of another batch size may add in another order.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}

IMAGE_CHECKS = [check for name, check in sorted(globals().items()) if name.startswith("check_")]
