import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from features import ColorMoments, Preparation, SparseCodes
from fusion import (
    DecisionRule,
    GroupedStacking,
    LateFusion,
)
from pipelines import (
    PatientMetadata,
    SplitFitEmbedding,
    group_ids,
    make_fusion_classifier,
    make_late_fusion_classifier,
    make_model,
    make_split_fit_classifier,
)
from pipelines.intake import image_side

SMALL = {"preparation": Preparation(size=64), "k": 40, "n_jobs": 1, "random_state": 0}


class Drawn(ClassifierMixin, BaseEstimator):
    """Stand-in for a network: sees how lesions were drawn, not their images."""

    COLUMNS = ("true_irregularity", "true_globules")

    store = "memory"

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.model_ = LogisticRegression().fit(self.embed(X), y)
        self.classes_ = self.model_.classes_
        return self

    def embed(self, X):
        return X[list(self.COLUMNS)].to_numpy() * [50, 0.5]

    def predict_proba(self, X):
        return self.model_.predict_proba(self.embed(X))

    def image_parts(self):
        return {}


class TestLateRules:
    OPTIONS = SMALL | {
        "backbone": None,
        "descriptors": [("color", ColorMoments())],
        "classifier": "logistic",
    }

    @pytest.mark.parametrize(
        ("rule", "kind"), [("mean", LateFusion), ("rank", LateFusion), ("stack", GroupedStacking)]
    )
    def test_each_rule_fuses_two_models(self, rule, kind, lesions):
        model = make_late_fusion_classifier(Drawn(), rule=rule, **self.OPTIONS)
        model.fit(lesions, lesions["label"])
        fused = model[-1].estimator_
        assert isinstance(fused, kind)
        assert [name for name, _ in fused.estimators] == ["descriptors", "cnn"]
        table = model[:-1].transform(lesions)
        members = [member.predict_proba(table) for member in fused.estimators_]
        if rule == "mean":
            np.testing.assert_allclose(model.predict_proba(lesions), np.mean(members, axis=0))
        else:
            groups = group_ids(lesions)
            assert all(not set(groups[a]) & set(groups[b]) for a, b in fused.splits_)
        one = model.predict_proba(lesions.iloc[[4]])
        np.testing.assert_allclose(one[0], model.predict_proba(lesions)[4], rtol=1e-6)

    def test_metadata_join_the_descriptors(self, lesions):
        rows = lesions.assign(age=np.arange(60.0))
        model = make_late_fusion_classifier(
            Drawn(), rule="mean", metadata=PatientMetadata(), **self.OPTIONS
        ).fit(rows, rows["label"])
        members = [list(member.feature_names_in_) for member in model[-1].estimator_.estimators_]
        assert members[0] == members[1]
        blocks = model[-1].estimator_.estimators_[0]["blocks"].blocks
        assert blocks == ["color", "metadata"]
        kept = model[-1].estimator_.estimators_[0][:-1].get_feature_names_out()
        assert "metadata__age" in kept
        serial = make_fusion_classifier(network=Drawn(), metadata=PatientMetadata(), **self.OPTIONS)
        kept = serial.fit(rows, rows["label"])[:-1].get_feature_names_out()
        assert {"metadata__age", "cnn__melanoma"} <= set(kept)

    def test_names_of_the_rules(self):
        estimators = {
            name: make_model(name, network=Drawn(), k=40)[-1].estimator
            for name in ("late_mean", "late_rank", "late_fusion")
        }
        rules = [getattr(estimator, "rule", "stack") for estimator in estimators.values()]
        assert rules == ["mean", "rank", "stack"]

    def test_unknown_rule(self):
        with pytest.raises(ValueError, match=r"`rule` must be one of .*got 'median'"):
            make_late_fusion_classifier(Drawn(), rule="median")

    def test_split_fit_shares_lesions_between_network_and_classifier(self, lesions):
        model = make_split_fit_classifier(Drawn(), **self.OPTIONS)
        model.fit(lesions, lesions["label"])
        split = model.estimator_
        groups = group_ids(lesions)
        ours, theirs = split.network_indices_, split.classifier_indices_
        assert not set(groups[ours]) & set(groups[theirs])
        seen = split.classifier_["scale"].feature_names_in_
        assert {name.split("__")[0] for name in seen} == {"color", "cnn_embedding", "cnn"}
        assert model.predict_proba(lesions).shape == (len(lesions), 3)

    def test_split_fit_by_name(self):
        model = make_model("split_fit", max_epochs=3, decision="prior_corrected", k=40)
        assert isinstance(model, DecisionRule)
        assert isinstance(model.estimator, SplitFitEmbedding)
        assert model.estimator.network.max_epochs == 3
        assert image_side(model) is model.estimator
        assert set(image_side(model).image_parts()) >= {"abcd", "frames"}


def test_codella_averages_three_machines(lesions, decoded):
    model = make_model(
        "codella",
        descriptors=[("color", ColorMoments())],
        preparation=Preparation(size=64),
        n_jobs=1,
        random_state=0,
        k=40,
    )
    for name in ("sparse_rgb", "sparse_gray"):
        model.set_params(**{f"features__{name}__n_atoms": 8, f"features__{name}__n_patches": 500})
    parts = dict(model.image_step.parts)
    assert isinstance(parts["sparse_gray"], SparseCodes)
    assert model.image_step.learns
    model.fit(lesions, lesions["label"])
    assert len(decoded) == len(lesions)
    fused = model[-1].estimator_
    seen = {
        name: set(member["blocks"].blocks)
        for (name, _), member in zip(fused.estimators, fused.estimators_, strict=True)
    }
    assert seen == {
        "sparse": {"sparse_rgb", "sparse_gray"},
        "hand": {"color"},
        "deep": {"embedding"},
    }
    table = model[:-1].transform(lesions)
    machines = [member.predict_proba(table) for member in fused.estimators_]
    np.testing.assert_allclose(model.predict_proba(lesions), np.mean(machines, axis=0))
    groups = group_ids(lesions)
    for member in fused.estimators_:
        splits = member["classify"]["classify"].splits_
        assert all(not set(groups[one]) & set(groups[other]) for one, other in splits)
    assert model.score(lesions, lesions["label"]) > 0.7
