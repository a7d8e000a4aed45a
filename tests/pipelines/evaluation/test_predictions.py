import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import aggregate_lesions
from pipelines.evaluation.predictions import add_decisions, training_priors


@pytest.fixture
def predictions():
    return pd.DataFrame(
        {
            "model": ["m"] * 5,
            "row": range(5),
            "image": list("abcde"),
            "label": ["mel", "mel", "nv", "nv", "nv"],
            "lesion": ["1", "1", "2", "3", "4"],
            "fold": [0, 0, 0, 1, 1],
            "p_mel": [0.2, 0.6, 0.1, 0.45, 0.3],
            "p_nv": [0.8, 0.4, 0.9, 0.55, 0.7],
        }
    )


def test_a_lesion_has_the_mean_probability_of_its_images(predictions):
    lesions = aggregate_lesions(predictions)
    assert lesions["lesion"].tolist() == ["1", "2", "3", "4"]
    assert lesions["images"].tolist() == [2, 1, 1, 1]
    np.testing.assert_allclose(lesions["p_mel"], [0.4, 0.1, 0.45, 0.3])
    assert lesions["argmax"].tolist() == ["nv", "nv", "nv", "nv"]


def test_lesions_are_aggregated_model_by_model(predictions):
    other = predictions.assign(model="other", p_mel=predictions["p_nv"], p_nv=predictions["p_mel"])
    lesions = aggregate_lesions(pd.concat([predictions, other], ignore_index=True))
    np.testing.assert_allclose(lesions.loc[lesions["model"] == "other", "p_nv"].iloc[0], 0.4)


def test_a_lesion_with_two_labels_is_refused(predictions):
    predictions.loc[1, "label"] = "nv"
    with pytest.raises(ValueError, match=r"the first is '1' with 'mel', 'nv'"):
        aggregate_lesions(predictions)


def test_priors_are_those_of_the_other_folds():
    labels, folds = np.array(["a", "a", "b", "b", "b"]), np.array([0, 1, 1, 1, 1])
    priors = training_priors(labels, folds, ["a", "b"])
    np.testing.assert_allclose(priors, [[0.25, 0.75], [1, 0]])


def test_prior_correction_finds_the_rare_class(predictions):
    decided = add_decisions(predictions, np.array([[0.5, 0.5], [0.4, 0.6]]))
    assert decided["argmax"].tolist() == ["nv", "mel", "nv", "nv", "nv"]
    assert decided["prior_corrected"].tolist() == ["nv", "mel", "nv", "mel", "nv"]


def test_a_class_that_training_lacked_is_never_decided(predictions):
    decided = add_decisions(predictions, np.array([[0.5, 0.5], [0.0, 1.0]]))
    assert decided["prior_corrected"].tolist()[3:] == ["nv", "nv"]
