import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation import aggregate_lesions
from pipelines.evaluation.design.folds import as_splits
from pipelines.evaluation.predictions import add_decisions, training_table


@pytest.fixture
def predictions():
    return pd.DataFrame(
        {
            "model": ["m"] * 5,
            "repeat": 0,
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


def test_training_images_are_counted_split_by_split():
    labels, folds = np.array(["a", "a", "b", "b", "b"]), np.array([0, 1, 1, 1, 1])
    table = training_table(labels, as_splits(folds, repeat=2))
    assert table.to_dict("list") == {"repeat": [2, 2], "fold": [0, 1], "n_a": [1, 1], "n_b": [3, 0]}


def counted(first, second):
    """Training table of two folds: images of mel and nv."""
    return pd.DataFrame(
        [(0, 0, *first), (0, 1, *second)], columns=["repeat", "fold", "n_mel", "n_nv"]
    )


def test_prior_correction_finds_the_rare_class(predictions):
    decided = add_decisions(predictions, counted((5, 5), (4, 6)))
    assert decided["argmax"].tolist() == ["nv", "mel", "nv", "nv", "nv"]
    assert decided["prior_corrected"].tolist() == ["nv", "mel", "nv", "mel", "nv"]


def test_a_class_that_training_lacked_is_never_decided(predictions):
    decided = add_decisions(predictions, counted((5, 5), (0, 10)))
    assert decided["prior_corrected"].tolist()[3:] == ["nv", "nv"]


def test_repeats_of_a_lesion_are_not_averaged(predictions):
    again = predictions.assign(repeat=1, fold=1 - predictions["fold"], p_mel=0.9, p_nv=0.1)
    lesions = aggregate_lesions(pd.concat([predictions, again], ignore_index=True))
    assert lesions["repeat"].tolist() == [0] * 4 + [1] * 4
    np.testing.assert_allclose(lesions.loc[lesions["repeat"] == 0, "p_mel"].iloc[0], 0.4)
