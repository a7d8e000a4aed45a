import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from features import ColorMoments, Preparation
from fusion import BoltzmannSelector
from fusion.selection import SELECTORS, OneStandardError, ScoreSelector
from fusion.selection.counts import check_count_rule
from pipelines import make_fusion_classifier, make_model
from pipelines.recipes.select_beside import SelectBeside
from pipelines.recipes.selection import COUNT_RULES, make_selection

SMALL = {
    "backbone": None,
    "descriptors": [("color", ColorMoments())],
    "preparation": Preparation(size=64),
    "classifier": "logistic",
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def table():
    """Labels, and 20 columns of which the first two tell."""
    y = np.repeat(["a", "b"], 100)
    X = np.random.default_rng(0).normal(size=(200, 20))
    X[:, :2] += 2.5 * (y == "b")[:, None]
    return X, y


@pytest.mark.parametrize("k", [2, 0.1, ("fdr", 0.1), ("cumulative", 0.9), *COUNT_RULES])
def test_every_rule_keeps_the_planted_columns(k, table):
    X, y = table
    select = make_selection("boltzmann", k, classifier=GaussianNB(), random_state=0)
    kept = select.fit(X, y).get_support()
    assert kept[:2].all()
    assert kept.sum() <= 2 if k in (2, 0.1, "knee", "one_se", ("fdr", 0.1)) else kept.sum() < 20


def test_the_rules_are_those_of_the_selector_and_one_more():
    for rule in set(COUNT_RULES) - {"one_se"}:
        check_count_rule(rule)
    with pytest.raises(ValueError, match="`k` must be") as error:
        check_count_rule("most")
    listed = str(error.value).split("[")[1].split("]")[0].replace("'", "").split(", ")
    assert set(COUNT_RULES) == {*listed, "one_se"}


@pytest.mark.parametrize("k", ["most", 0, 1.5, ("knee", 0.5), None])
def test_unknown_rules_are_told_what_there_is(k):
    with pytest.raises(ValueError, match=r"`k` must be a number .*cumulative, knee, fdr, one_se"):
        make_fusion_classifier(**SMALL, k=k)


def test_unknown_selectors_are_told_what_there_is():
    with pytest.raises(ValueError, match=r"`name` must be one of .*boltzmann_mrmr.*got 'luck'"):
        make_fusion_classifier(**SMALL, selector="luck")


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_builds(name):
    model = make_model("classical", selector=name, k=0.2)
    order = [step for step, _ in model.steps]
    assert set(order) == {"features", "scale", "select", "classify"}
    assert (order.index("select") < order.index("scale")) == (name in ("khan2018", "variance"))


def test_selectors_that_take_no_missing_values_are_given_none():
    assert isinstance(make_fusion_classifier(**SMALL)["select"], BoltzmannSelector)
    select = make_fusion_classifier(**SMALL, selector="anova_f", k="mean")["select"]
    assert isinstance(select, SelectBeside)
    assert isinstance(select.selector, ScoreSelector)
    assert (select.selector.score_func, select.selector.k) == ("anova_f", "mean")


@pytest.mark.parametrize(
    ("selector", "k"), [("anova_f", "fdr"), ("khan2018", 10), ("boltzmann", "one_se")]
)
def test_recipes_fit(selector, k, lesions):
    rows = lesions.iloc[::-1]
    model = make_fusion_classifier(**SMALL, selector=selector, k=k)
    model.fit(rows, rows["label"])
    assert 0 < model["select"].get_support().sum() < 60
    assert model.score(rows, rows["label"]) > 0.5
    if k == "one_se":
        rule = model["select"].selector_
        assert len(rule.supports_) == 3
        assert rule.k_ in rule.candidates


def test_one_standard_error_tries_the_models_classifier_without_the_networks_start():
    model = make_model("fusion_cnn", k="one_se")
    select = model["select"]
    assert isinstance(select, SelectBeside)
    assert isinstance(select.selector, OneStandardError)
    assert select.selector.classifier.init is None
    assert model["classify"].estimator.init is not None
