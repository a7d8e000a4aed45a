import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import UglyDuckling
from fusion.other_lesions import differences_to_others, rank_among_others, relate


@pytest.mark.filterwarnings("ignore:No `patients`:UserWarning")
@parametrize_with_checks([UglyDuckling(), UglyDuckling(columns=False)])
def test_sklearn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def cohort():
    """Forty patients with one to six lesions, some photographed twice."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(40), rng.integers(1, 7, 40))
    rows = np.repeat(np.arange(len(patient)), rng.integers(1, 3, len(patient)))
    names = ["abcd__area", "abcd__border", "hog__0", "hog__1", "hog__2"]
    table = pd.DataFrame(rng.normal(size=(len(rows), 5)) * 9 + 4, columns=names)
    return table, patient[rows], rows


def frame(table, patients=None, lesions=None, **parameters):
    duckling = UglyDuckling(**parameters).set_output(transform="pandas")
    return duckling.fit_transform(table, patients=patients, lesions=lesions)


def test_by_hand():
    # Patient a: 1, 2 and 6; others' means 4, 3.5 and 1.5.
    table = pd.DataFrame({"abcd__area": [1.0, 2.0, 6.0, 3.0], "hog__0": [0.0, 0.0, 0.0, 0.0]})
    spread = np.std([1, 2, 6, 3])
    found = frame(table, ["a", "a", "a", "b"])
    expected = np.array([1 - 4, 2 - 3.5, 6 - 1.5, 0]) / spread
    assert_allclose(found["duckling__abcd__area"], expected)
    assert_allclose(found["duckling__distance_abcd"], np.abs(expected))
    assert_allclose(found["duckling__distance"], np.abs(expected) / np.sqrt(2))
    assert_array_equal(found["duckling__distance_hog"], 0)
    assert_array_equal(found["duckling__rank"], [0, -1, 1, 0])
    assert_array_equal(found["duckling__n_others"], [2, 2, 2, 0])


def test_views_of_one_lesion_are_not_compared_and_count_once():
    table = np.array([[0.0], [2.0], [10.0], [20.0]])
    relation = relate(4, ["p"] * 4, ["one", "one", "two", "three"])
    # Others of lesion one: 10 and 20; of two: 1 and 20; of three: 1 and 10.
    assert_allclose(differences_to_others(table, relation)[:, 0], [-15, -13, -0.5, 14.5])
    assert_array_equal(relation.n_others, [2, 2, 2])
    assert rank_among_others(np.array([5.0, 3.0, 4.0, 9.0]), relation).tolist() == [
        -0.5,
        -0.5,
        -0.5,
        1,
    ]


def test_a_lesion_alone_differs_in_nothing(cohort):
    table, patients, lesions = cohort
    duckling = UglyDuckling().fit(table)
    row = table.iloc[[3]]
    for known in ({}, {"patients": patients[[3]]}, {"patients": [None], "lesions": [None]}):
        assert_array_equal(duckling.transform(row, **known), 0)
    assert (duckling.transform(table, patients, lesions) != 0).any()


def test_equal_names_of_different_patients_are_different_lesions():
    relation = relate(4, ["a", "a", "b", "b"], ["left", "right", "left", "left"])
    assert relation.lesion.tolist() == [0, 1, 2, 2]
    assert relation.n_others.tolist() == [1, 1, 0]


def test_new_rows_are_compared_with_each_other_alone(cohort):
    table, patients, lesions = cohort
    halves = patients % 2 == 0
    duckling = UglyDuckling().fit(table[halves])
    new = table[~halves]
    found = duckling.transform(new, patients[~halves], lesions[~halves])
    # Even when their patients bear the names of those in training, whose rows have changed.
    other = UglyDuckling().fit(table[halves].sample(frac=1, random_state=0))
    renamed = pd.factorize(patients[~halves])[0]
    assert_allclose(other.transform(new, renamed, lesions[~halves]), found)


def test_patients_do_not_matter_to_each_other(cohort):
    table, patients, lesions = cohort
    duckling = UglyDuckling().fit(table)
    together = duckling.transform(table, patients, lesions)
    for patient in range(5):
        own = patients == patient
        alone = duckling.transform(table[own], patients[own], lesions[own])
        assert_allclose(alone, together[own], atol=1e-9)


def test_order_of_rows_shift_and_scale_do_not_matter(cohort):
    table, patients, lesions = cohort
    plain = frame(table, patients, lesions).to_numpy()
    order = np.random.default_rng(0).permutation(len(table))
    turned = frame(3 * table.iloc[order] - 7, patients[order], lesions[order]).to_numpy()
    assert_allclose(turned, plain[order], atol=1e-9)


def test_missing_values_differ_in_nothing():
    table = pd.DataFrame({"abcd__area": [np.nan, 2.0, 4.0], "abcd__border": [np.nan] * 3})
    found = frame(table, ["a"] * 3)
    assert_allclose(found["duckling__abcd__area"], [0, -2, 2])
    assert_array_equal(found["duckling__abcd__border"], 0)
    assert not found.isna().any().any()


def test_names_by_block_and_by_column(cohort):
    table, patients, _ = cohort
    by_block = frame(table, patients, columns=False)
    assert by_block.columns.tolist() == [
        f"duckling__{name}"
        for name in ("n_others", "distance", "rank", "distance_abcd", "distance_hog")
    ]
    of_one = frame(table, patients, blocks=["abcd"])
    assert of_one.columns.tolist()[3:] == [
        "duckling__distance_abcd",
        "duckling__abcd__area",
        "duckling__abcd__border",
    ]


def test_rank_finds_the_odd_one_out(cohort):
    table, patients, lesions = cohort
    odd = lesions == 12
    assert (patients == patients[odd][0]).sum() > odd.sum()
    changed = table.to_numpy() + 100.0 * odd[:, None]
    found = frame(pd.DataFrame(changed, columns=table.columns), patients, lesions)
    assert_array_equal(found["duckling__rank"][odd], 1)


def test_errors(cohort):
    table, patients, _ = cohort
    with pytest.raises(ValueError, match="Expected one value for each of"):
        UglyDuckling().fit(table).transform(table, patients[:-1])
    with pytest.raises(ValueError, match=r"No column belongs to block\(s\) \['lbp'\]"):
        UglyDuckling(["lbp"]).fit(table)


def test_a_plain_pipeline_is_told_that_it_compares_nothing(cohort):
    table, _, _ = cohort
    model = make_pipeline(UglyDuckling(), FunctionTransformer())
    with pytest.warns(UserWarning, match="No `patients`: .* enable .* metadata routing") as given:
        assert_array_equal(model.fit_transform(table), 0)
    assert len(given) == 1
    # New rows may well be a patient's only ones, and are not warned about.
    assert_array_equal(model.transform(table.head(1)), 0)


def test_routing_hands_patients_on(cohort):
    table, patients, lesions = cohort
    y = np.arange(len(table)) % 2
    known = {"patients": patients, "lesions": lesions}
    with config_context(enable_metadata_routing=True):
        duckling = UglyDuckling().set_transform_request(patients=True, lesions=True)
        model = make_pipeline(duckling, GaussianNB()).fit(table, y, **known)
        found = model.predict_proba(table, **known)
    columns = UglyDuckling().fit_transform(table, **known)
    assert_allclose(found, GaussianNB().fit(columns, y).predict_proba(columns))
