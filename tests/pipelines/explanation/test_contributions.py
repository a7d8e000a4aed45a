import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from fusion import BlockScaler, BlockSelector, BoostedTrees, DecisionRule, LateFusion
from pipelines.explanation import (
    block_contributions,
    boosted_contributions,
    column_contributions,
    row_contributions,
)
from pipelines.pipeline import LesionPipeline

COLUMNS = [*(f"lbp__{i}" for i in range(6)), *(f"hog__{i}" for i in range(5)), "cnn__mel"]
PLANTED = "hog__3"


def draw(n_classes, n=240, random_state=0):
    """A table in which one column tells the class, and the others nothing."""
    rng = np.random.default_rng(random_state)
    codes = rng.integers(0, n_classes, n)
    table = pd.DataFrame(rng.normal(size=(n, len(COLUMNS))), columns=COLUMNS).astype("float32")
    table[PLANTED] += 3 * codes
    return table, np.array(["bcc", "mel", "nv"])[codes]


def trees(**settings):
    return BoostedTrees(n_estimators=15, max_depth=3, random_state=0, n_jobs=1, **settings)


def pipeline(classifier, k=7):
    steps = [("scale", BlockScaler()), ("select", SelectKBest(k=k)), ("classify", classifier)]
    return LesionPipeline(steps).set_output(transform="pandas")


def sums_to(found, probabilities):
    total = found.values.sum(axis=2) + found.base
    np.testing.assert_allclose(total.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(softmax(total, axis=1), probabilities, atol=2e-5)


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request):
    table, labels = draw(request.param)
    model = pipeline(DecisionRule(trees()))
    return model.fit(table, labels), table


def test_contributions_sum_to_the_margin(fitted):
    model, table = fitted
    found = boosted_contributions(model, table)
    sums_to(found, model.predict_proba(table))
    assert found.classes.tolist() == model.classes_.tolist()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_early_stopped_trees_sum_to_the_margin(n_classes):
    table, labels = draw(n_classes)
    model = trees(early_stopping_rounds=1, learning_rate=0.9).fit(table, labels)
    assert model.n_rounds_ < 15
    found = boosted_contributions(model, table)
    sums_to(found, model.predict_proba(table))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("start", ["linear", "bayes"])
def test_what_the_trees_start_from_is_counted(n_classes, start):
    table, labels = draw(n_classes)
    table["cnn__mel"] += 4.0 * (labels == "mel")
    last = LogisticRegression() if start == "linear" else GaussianNB()
    init = Pipeline([("blocks", BlockSelector(["cnn"])), ("classify", last)])
    model = pipeline(trees(init=init), k=len(COLUMNS)).fit(table, labels)
    found = boosted_contributions(model, table)
    sums_to(found, model.predict_proba(table))
    blocks = block_contributions(column_contributions(model, table)).set_index("block")
    said_first = "cnn" if start == "linear" else "init"
    without = pipeline(trees(), k=len(COLUMNS)).fit(table, labels)
    alone = block_contributions(column_contributions(without, table)).set_index("block")
    gained = blocks.loc[said_first, "contribution"] - alone["contribution"].get(said_first, 0)
    assert gained > 0.1


def test_the_planted_column_comes_first(fitted):
    model, table = fitted
    found = column_contributions(model, table)
    assert found.columns.tolist() == ["block", "column", "contribution"]
    assert found["column"].tolist() == COLUMNS
    first = found.sort_values("contribution", ascending=False).iloc[0]
    assert (first["block"], first["column"]) == ("hog", PLANTED)
    assert first["contribution"] > 0.5 * found["contribution"].sum()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_trees_of_shuffled_labels_are_explained_otherwise(n_classes):
    """What is shown is what was learnt, and not how columns look (Adebayo et al. 2018)."""
    table, labels = draw(n_classes)

    def share(fitted_on):
        model = pipeline(DecisionRule(trees()), k=len(COLUMNS)).fit(table, fitted_on)
        sizes = column_contributions(model, table).set_index("column")["contribution"]
        return sizes[PLANTED] / sizes.sum()

    rng = np.random.default_rng(0)
    shuffled = [share(rng.permutation(labels)) for _ in range(4)]
    assert share(labels) > 0.5
    assert np.mean(shuffled) < 0.2


def test_columns_that_selection_left_out_are_zero(fitted):
    model, table = fitted
    found = column_contributions(model, table).set_index("column")["contribution"]
    kept = set(model["select"].get_feature_names_out())
    assert len(kept) == 7
    assert (found[[name for name in COLUMNS if name not in kept]] == 0).all()
    assert (found[list(kept)] > 0).sum() >= 4


def test_blocks_sum_their_columns(fitted):
    model, table = fitted
    columns = column_contributions(model, table)
    blocks = block_contributions(columns)
    assert blocks["block"].tolist() == ["lbp", "hog", "cnn"]
    for block, total in zip(blocks["block"], blocks["contribution"], strict=True):
        names = columns["column"].str.startswith(block)
        assert total == pytest.approx(columns.loc[names, "contribution"].sum())


def test_a_row_keeps_signs_and_classes(fitted):
    model, table = fitted
    row = table.iloc[[int(table[PLANTED].argmax())]]
    found = row_contributions(model, row)
    assert found.columns.tolist() == ["block", "column", "value", "class", "contribution"]
    assert len(found) == len(COLUMNS) * len(model.classes_)
    sums = found.groupby("column")["contribution"].sum()
    np.testing.assert_allclose(sums, 0, atol=1e-5)
    planted = found[found["column"] == PLANTED].set_index("class")["contribution"]
    assert planted.idxmax() == model.predict(row)[0]
    assert planted.min() < 0 < planted.max()
    assert (found.loc[found["column"] == PLANTED, "value"] == row[PLANTED].iloc[0]).all()
    blocks = block_contributions(found)
    assert set(blocks) == {"block", "class", "contribution"}
    assert len(blocks) == 3 * len(model.classes_)


def test_rows_are_spread_evenly(fitted):
    model, table = fitted
    few = boosted_contributions(model, table, n_rows=3)
    assert few.table.index.tolist() == [0, 120, 239]
    every = boosted_contributions(model, table)
    np.testing.assert_allclose(few.values, every.values[[0, 120, 239]], atol=1e-6)
    assert column_contributions(model, table, n_rows=None)["contribution"].sum() > 0


def test_arrays_and_bare_trees_are_taken():
    table, labels = draw(3)
    found = column_contributions(trees().fit(table.to_numpy(), labels), table.to_numpy())
    assert found["column"].tolist() == [f"x{i}" for i in range(len(COLUMNS))]
    assert found["block"].unique().tolist() == [""]
    assert found["contribution"].idxmax() == COLUMNS.index(PLANTED)


def test_models_without_one_way_to_trees_have_none():
    table, labels = draw(3)
    members = [("a", trees()), ("b", LogisticRegression())]
    for classifier in (LogisticRegression(), LateFusion(members)):
        model = pipeline(DecisionRule(classifier)).fit(table, labels)
        assert column_contributions(model, table) is None
        assert row_contributions(model, table.iloc[[0]]) is None


def test_faults_are_named(fitted):
    model, table = fitted
    with pytest.raises(ValueError, match="Expected one row to explain, got 2"):
        row_contributions(model, table.iloc[:2])
    with pytest.raises(TypeError, match="table of numbers, got list"):
        column_contributions(trees().fit(*draw(2)), ["a.png"])
