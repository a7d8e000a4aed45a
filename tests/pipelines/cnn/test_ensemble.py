"""Ensembles of seeds need no estimator of their own."""

import joblib
import numpy as np

from fusion import LateFusion


def test_an_ensemble_of_seeds(make, images, labels, groups, tmp_path):
    members = [(f"seed{seed}", make(max_epochs=1, random_state=seed)) for seed in range(2)]
    ensemble = LateFusion(members).fit(images, labels, groups=groups)
    each = [member.predict_proba(images) for member in ensemble.estimators_]
    assert not np.allclose(*each)
    np.testing.assert_allclose(ensemble.predict_proba(images), np.mean(each, axis=0))
    joblib.dump(ensemble, tmp_path / "ensemble.joblib")
    again = joblib.load(tmp_path / "ensemble.joblib")
    np.testing.assert_array_equal(again.predict_proba(images), ensemble.predict_proba(images))


def test_groups_reach_every_member(make, images, labels, groups):
    members = [(f"seed{seed}", make(max_epochs=1, random_state=seed)) for seed in range(2)]
    ensemble = LateFusion(members).fit(images, labels, groups=groups)
    for member in ensemble.estimators_:
        held_out = np.isin(np.arange(len(groups)), member.validation_indices_)
        assert held_out.any()
        assert not set(np.asarray(groups)[held_out]) & set(np.asarray(groups)[~held_out])
