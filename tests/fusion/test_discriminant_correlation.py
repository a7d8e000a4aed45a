import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import ortho_group
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from fusion import BlockScaler, DiscriminantCorrelation
from fusion.discriminant_correlation import correlate_classes, whiten_classes


@parametrize_with_checks([DiscriminantCorrelation(), DiscriminantCorrelation("sum")])
def test_sklearn_contract(estimator, check):
    check(estimator)


def draw_blocks(sizes, n=300, n_classes=4, random_state=0):
    """Blocks of columns whose means depend on the class, of uneven frequency."""
    rng = np.random.default_rng(random_state)
    codes = np.r_[
        np.arange(n_classes), rng.choice(n_classes, n - n_classes, p=[0.5, 0.2, 0.2, 0.1])
    ]
    blocks = {}
    for name, size in sizes.items():
        values = rng.normal(size=(n_classes, size))[codes] + rng.normal(size=(n, size))
        blocks[name] = values @ rng.normal(size=(size, size)) + 3
    columns = [f"{name}__{i}" for name, size in sizes.items() for i in range(size)]
    return pd.DataFrame(np.hstack(list(blocks.values())), columns=columns), codes


@pytest.fixture(scope="module")
def two():
    return draw_blocks({"hog": 9, "lbp": 6})


def class_scatter(values, codes):
    values = values - values.mean(axis=0)
    return sum(
        (codes == c).mean() * np.outer(m, m)
        for c in np.unique(codes)
        for m in [values[codes == c].mean(axis=0)]
    )


def up_to_sign(first, second):
    signs = np.sign((first * second).sum(axis=0))
    assert_allclose(first * signs, second, rtol=1e-6, atol=1e-8)


def test_whitening_gives_class_means_unit_scatter(two):
    X, codes = two
    table = X.to_numpy() - X.to_numpy().mean(axis=0)
    whitening = whiten_classes(table, codes)
    assert whitening.shape == (15, 3)
    assert_allclose(class_scatter(table @ whitening, codes), np.eye(3), atol=1e-9)


def test_what_the_paper_promises_of_two_sets(two):
    X, codes = two
    table = X.to_numpy() - X.to_numpy().mean(axis=0)
    first, second = table[:, :9], table[:, 9:]
    ours, theirs = correlate_classes(first, second, codes)
    fused = first @ ours, second @ theirs
    assert_allclose(fused[0].T @ fused[1] / len(X), np.eye(3), atol=1e-9)
    for values in fused:
        scatter = class_scatter(values, codes)
        assert_allclose(scatter, np.diag(np.diag(scatter)), atol=1e-9)


def test_by_hand():
    # Class means -1 and 3 of unequal shares: the scatter of x is 1/4 * 9 + 3/4 * 1 = 3.
    x = np.array([-3.0, 1, 1, 1])
    y = np.array([0, 1, 1, 1])
    table = pd.DataFrame({"a__0": x, "b__0": -10 * x})
    fused = DiscriminantCorrelation().fit_transform(table, y)
    unit = x / np.sqrt(3)
    up_to_sign(fused, np.column_stack([unit, unit]))
    # Whichever sign: the two agree.
    assert_allclose(fused[:, 0], fused[:, 1])
    total = DiscriminantCorrelation("sum").fit_transform(table, y)
    up_to_sign(total, 2 * unit[:, None])


def test_columns_of_noise_within_classes_by_hand():
    # Means agree, deviations are opposed: covariance 4 - 1, scatter 4, so sets shrink by 4/3.
    within = np.tile([1.0, -1.0], 4)
    mean = np.repeat([-2.0, 2.0], 4)
    table = pd.DataFrame({"a__0": mean + within, "b__0": mean - within})
    fused = DiscriminantCorrelation().fit_transform(table, mean > 0)
    up_to_sign(fused, table.to_numpy() / 2 / np.sqrt(3 / 4))


@pytest.mark.parametrize("combine", ["concatenate", "sum"])
def test_scale_rotation_and_shift_of_a_block_do_not_matter(two, combine):
    X, codes = two
    turned = X.copy()
    turned.iloc[:, :9] = 7 * X.iloc[:, :9] @ ortho_group.rvs(9, random_state=0) - 5
    model = DiscriminantCorrelation(combine)
    up_to_sign(model.fit_transform(turned, codes), model.fit_transform(X, codes))


def test_order_of_rows_does_not_matter(two):
    X, codes = two
    order = np.random.default_rng(0).permutation(len(X))
    model = DiscriminantCorrelation()
    straight = model.fit(X, codes).transform(X)
    up_to_sign(model.fit(X.iloc[order], codes[order]).transform(X), straight)


def test_labels_of_any_kind_and_no_label_at_transform(two):
    X, codes = two
    names = np.array(["akiec", "bcc", "mel", "nv"])[codes]
    assert_array_equal(
        DiscriminantCorrelation().fit(X, names).transform(X),
        DiscriminantCorrelation().fit(X, codes).transform(X),
    )


@pytest.mark.parametrize(("combine", "n_columns"), [("concatenate", 6), ("sum", 3)])
def test_number_and_names_of_columns_of_many_blocks(combine, n_columns):
    X, codes = draw_blocks({"hog": 9, "lbp": 6, "abcd": 5, "color": 4})
    model = DiscriminantCorrelation(combine).set_output(transform="pandas")
    fused = model.fit_transform(X, codes)
    assert fused.columns.tolist() == [f"dca__{i}" for i in range(n_columns)]
    assert model.blocks_ == ["hog", "lbp", "abcd", "color"]
    if combine == "concatenate":
        values = (fused - fused.mean()).to_numpy()
        assert_allclose(values[:, :3].T @ values[:, 3:] / len(X), np.eye(3), atol=1e-9)


def test_blocks_are_fused_by_rank():
    X, codes = draw_blocks({"thin": 1, "hog": 6, "lbp": 6})
    model = DiscriminantCorrelation().fit(X, codes)
    assert model.blocks_ == ["hog", "lbp", "thin"]
    assert model.components_.shape == (13, 2)


def test_many_more_columns_than_rows():
    rng = np.random.default_rng(0)
    names = [f"hog__{i}" for i in range(500)] + [f"lbp__{i}" for i in range(300)]
    X = pd.DataFrame(rng.normal(size=(60, 800)), columns=names)
    fused = DiscriminantCorrelation().fit_transform(X, np.arange(60) % 3)
    assert fused.shape == (60, 4)
    assert np.isfinite(fused).all()


def test_blocks_without_signal_are_passed_over(two):
    X, codes = two
    model = DiscriminantCorrelation().fit(X.assign(flat__0=3.0), codes)
    assert model.blocks_ == ["hog", "lbp"]
    assert_array_equal(model.components_[-1], 0)
    with pytest.raises(ValueError, match="No block tells the classes apart"):
        DiscriminantCorrelation().fit(np.ones((6, 2)), np.arange(6) % 2)


def test_missing_values_count_as_the_mean(two):
    X, codes = two
    holes = X.copy()
    holes.iloc[::5, 0], holes["hog__8"] = np.nan, np.nan
    filled = holes.fillna(holes.mean()).fillna(0)
    model = DiscriminantCorrelation()
    up_to_sign(model.fit_transform(holes, codes), model.fit_transform(filled, codes))


def test_errors(two):
    X, codes = two
    with pytest.raises(ValueError, match=r"`combine` must be one of .*got 'product'"):
        DiscriminantCorrelation("product").fit(X, codes)
    with pytest.raises(ValueError, match="needs two classes, got one class: 0"):
        DiscriminantCorrelation().fit(X, np.zeros(len(X), dtype=int))


def test_is_searched_under_groups(two):
    X, codes = two
    model = make_pipeline(BlockScaler(), DiscriminantCorrelation(), LogisticRegression())
    model.set_output(transform="pandas")
    search = GridSearchCV(
        model,
        {"discriminantcorrelation__combine": ["concatenate", "sum"]},
        cv=GroupKFold(2),
        error_score="raise",
    )
    search.fit(X, codes, groups=np.arange(len(X)) // 2)
    assert search.best_score_ > 0.6
