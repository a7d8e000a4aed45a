import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV

from features import ABCD, ColorMoments, Preparation, SkinContrast
from fusion import (
    DiscriminantCorrelation,
    boosting_distributions,
)
from pipelines import (
    CLASSIFIERS,
    group_ids,
    make_classifier,
    make_fusion_classifier,
)

SMALL = {"preparation": Preparation(size=64), "k": 40, "n_jobs": 1, "random_state": 0}


@pytest.mark.parametrize(("device", "expected"), [("cuda:1", "cuda:1"), ("mps", "cpu")])
def test_boosting_runs_on_the_gpu_that_is_named(monkeypatch, device, expected):
    monkeypatch.setattr("pipelines.recipes.classifiers.pick_device", torch.device)
    model = make_fusion_classifier(backbone=None, device=device)
    assert model.get_params()["classify__estimator__device"] == expected


def macro_auc(model, lesions):
    """Of new lesions, the mean of three folds."""
    labels = lesions["label"].to_numpy()
    areas = []
    for train, test in GroupKFold(3).split(lesions, groups=group_ids(lesions)):
        fitted = clone(model).fit(lesions.iloc[train], labels[train])
        found = fitted.predict_proba(lesions.iloc[test])
        areas.append(roc_auc_score(labels[test], found, multi_class="ovr"))
    return np.mean(areas)


class TestClassifiers:
    """Each by its name, on the same columns."""

    PARTS = (("abcd", ABCD()), ("color", ColorMoments()), ("skin", SkinContrast()))

    def model(self, name):
        options = SMALL | {"descriptors": list(self.PARTS), "backbone": None, "k": 60}
        return make_fusion_classifier(classifier=name, **options)

    @pytest.mark.parametrize("name", CLASSIFIERS)
    def test_learns_what_is_drawn(self, name, lesions):
        model = self.model(name)
        if name in ("boosting", "forest"):
            model.set_params(classify__estimator__n_estimators=50)
        assert macro_auc(model, lesions) > 0.65

    def test_what_goes_by_distance_sees_balanced_blocks(self, lesions):
        model = self.model("svm").set_params(select__k=1.0).fit(lesions, lesions["label"])
        table = model[:-1].transform(lesions).fillna(0)
        blocks = table.columns.str.split("__").str[0]
        norms = {
            block: np.square(table.loc[:, blocks == block]).sum(axis=1).mean()
            for block in ("abcd", "color", "skin")
        }
        assert norms == pytest.approx(dict.fromkeys(norms, 1.0), abs=0.25)

    @pytest.mark.parametrize("name", ["knn", "logistic", "svm"])
    def test_missing_values_are_taken(self, name):
        rng = np.random.default_rng(0)
        table = rng.normal(size=(90, 4))
        y = np.array(["mel", "nv"])[(table[:, 0] > 0).astype(int)]
        table[::4, 1], table[:, 3] = np.nan, np.nan
        model = make_classifier(name, random_state=0).fit(table, y)
        assert model.score(table, y) > 0.8

    def test_groups_reach_the_calibration_of_the_machine(self, lesions):
        model = self.model("svm").fit(lesions, lesions["label"])
        groups = group_ids(lesions)
        splits = model[-1].estimator_["classify"].splits_
        assert len(splits) == 3
        assert all(not set(groups[one]) & set(groups[other]) for one, other in splits)

    def test_weights_of_blocks_are_tuned_by_name(self, lesions):
        grid = {"scale__weights": [None, {"abcd": 0.0, "skin": 0.0}]}
        folds = list(GroupKFold(2).split(lesions, groups=group_ids(lesions)))
        search = GridSearchCV(
            self.model("logistic"), grid, scoring="neg_log_loss", cv=folds, error_score="raise"
        )
        search.fit(lesions, lesions["label"])
        assert len(set(search.cv_results_["mean_test_score"])) == 2

    def test_discriminant_correlation_takes_the_place_of_selection(self, lesions):
        model = self.model("logistic").set_params(select=DiscriminantCorrelation())
        assert macro_auc(model, lesions) > 0.65
        names = model.fit(lesions, lesions["label"])[:-1].get_feature_names_out()
        assert list(names) == [f"dca__{i}" for i in range(4)]

    def test_the_boosting_is_tuned_under_lesion_groups(self, lesions):
        space = boosting_distributions("classify__estimator__")
        search = RandomizedSearchCV(
            self.model("boosting"),
            space | {"classify__estimator__n_estimators": [10, 20]},
            n_iter=2,
            cv=GroupKFold(2),
            random_state=0,
            error_score="raise",
        )
        search.fit(lesions, lesions["label"], groups=group_ids(lesions))
        assert set(search.best_params_) == set(space)

    def test_unknown_names(self):
        with pytest.raises(ValueError, match=f"expected one of {', '.join(CLASSIFIERS)}"):
            make_fusion_classifier(classifier="perceptron")
