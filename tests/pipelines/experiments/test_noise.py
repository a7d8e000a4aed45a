"""Reference §9.3: on noise the honest score is one half, and each sin adds what it is known for."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fusion import BoltzmannSelector
from pipelines.experiments.noise import NOISE, NoiseTable, noise_ledger


def mean_scores(n_draws, **options):
    draws = noise_ledger(n_draws, **options)
    return draws.groupby("sin")[["honest", "sinful"]].mean()


@pytest.fixture(scope="module")
def selection():
    return mean_scores(20, sins=["selection"]).loc["selection"]


def test_selection_within_folds_is_honest(selection):
    # The sd of one draw is 0.068: three standard errors of twenty.
    assert selection["honest"] == pytest.approx(0.5, abs=0.046)


def test_selection_before_the_split_gives_086(selection):
    assert selection["sinful"] == pytest.approx(0.861, abs=0.02)


def test_boltzmann_selection_before_the_split_inflates_as_well():
    model = Pipeline(
        [
            ("scale", StandardScaler()),
            ("select", BoltzmannSelector(k=20, n_bins=2)),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )
    found = mean_scores(2, sins=["selection"], model=model).loc["selection"]
    assert found["honest"] == pytest.approx(0.5, abs=0.145)
    assert found["sinful"] > 0.74


# Least that the sin must add, and draws that make its mean sure.
@pytest.mark.parametrize(
    ("sin", "least", "n_draws"),
    [("images", 0.2, 3), ("oversampling", 0.2, 3), ("threshold", 0.05, 3), ("best", 0.02, 2)],
)
def test_each_sin_is_recovered(sin, least, n_draws):
    # A fifth of the columns of the documented tables: the same mechanism, in less time.
    small = replace(NOISE[sin], n_columns=400)
    found = mean_scores(n_draws, sins=[sin], tables={sin: small}, n_tries=3).loc[sin]
    assert found["honest"] == pytest.approx(0.5, abs=0.1)
    assert found["sinful"] - found["honest"] > least


def test_a_network_fine_tuned_on_all_images_knows_every_label():
    found = mean_scores(1, sins=["network"]).loc["network"]
    # The sd of one honest draw is about 0.06.
    assert found["honest"] == pytest.approx(0.5, abs=0.18)
    assert found["sinful"] > 0.95


def test_sins_without_a_kind_of_noise_are_refused():
    with pytest.raises(
        ValueError, match="No noise is known for the sin 'pride'; choose from images"
    ):
        noise_ledger(1, sins=["pride"])


def test_scaling_all_rows_adds_nothing():
    found = mean_scores(2, sins=["scaling"], tables={"scaling": NoiseTable(100, 50)})
    assert found.loc["scaling", "sinful"] == pytest.approx(found.loc["scaling", "honest"], abs=0.01)


def test_draws_are_reproducible_and_differ():
    table = NoiseTable(10, 40, n_images=2, share=0.3)
    first, again, other = (table.draw(seed) for seed in (0, 0, 1))
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    assert first[1].tolist().count("melanoma") == 6
    # Images of a lesion are alike, lesions are not.
    assert np.abs(first[0][0] - first[0][1]).mean() < np.abs(first[0][0] - first[0][2]).mean()
