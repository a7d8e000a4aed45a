import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

from features import ColorMoments
from pipelines import PatientMetadata, make_fusion_classifier, make_missingness_control, make_model
from pipelines.recipes.controls import add_controls

TABLE = pd.DataFrame({"image": ["a.png"], "age": [40], "sex": ["male"], "skin": ["II"]})


def using(*columns):
    return make_fusion_classifier(
        backbone=None,
        descriptors=[("color", ColorMoments())],
        metadata=PatientMetadata(list(columns) or None),
    )


def read(control):
    return control.image_step.columns


def test_models_without_metadata_need_none():
    models = {"classical": make_model("classical"), "cnn": make_model("cnn")}
    assert add_controls(models, TABLE) == models


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: GridSearchCV(model, {})])
def test_a_control_reads_its_models_columns(wrap):
    found = add_controls({"mine": wrap(using())}, TABLE)
    assert list(found) == ["mine", "missingness"]
    assert read(found["missingness"]) == ["age", "sex"]


def test_late_fusions_of_metadata_are_found():
    found = add_controls(
        {"late": make_model("late_mean", metadata=PatientMetadata(["sex"]))}, TABLE
    )
    assert read(found["missingness"]) == ["sex"]


def test_models_of_the_same_columns_share_a_control():
    models = {"a": using(), "b": using("sex", "age"), "c": using("skin")}
    found = add_controls(models, TABLE)
    assert list(found)[3:] == ["missingness", "missingness of skin"]
    assert read(found["missingness of skin"]) == ["skin"]


def test_a_control_that_is_there_is_enough():
    models = {"missing": make_missingness_control(), "mine": using()}
    assert list(add_controls(models, TABLE)) == ["missing", "mine"]
    other = {"missingness": make_missingness_control(["skin"]), "mine": using()}
    assert list(add_controls(other, TABLE))[2:] == ["missingness of age, sex"]


def test_columns_that_are_not_there():
    with pytest.raises(
        ValueError, match=r"PatientMetadata needs a manifest with all of \['site'\]"
    ):
        add_controls({"mine": using("site")}, TABLE)
