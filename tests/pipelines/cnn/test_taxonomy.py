import numpy as np
import pandas as pd
import pytest

from pipelines.cnn.taxonomy import finer_labels, membership


def test_a_mapping_gathers_the_labels():
    y = np.array(["bcc", "mel", "nv"])
    labels, parents = finer_labels(
        None, y, {"bcc": "bad", "mel": "bad", "nv": "good", "df": "good"}
    )
    assert labels is y
    assert parents == {"bcc": "bad", "mel": "bad", "nv": "good"}
    np.testing.assert_array_equal(
        membership(["bcc", "mel", "nv"], parents, ["bad", "good"]), [[1, 0], [1, 0], [0, 1]]
    )


def test_a_column_refines_the_labels():
    X = pd.DataFrame({"image": list("abc"), "subtype": ["flat", "deep", "deep"]})
    labels, parents = finer_labels(X, np.array(["x", "y", "y"]), "subtype")
    assert labels.tolist() == ["flat", "deep", "deep"]
    assert parents == {"flat": "x", "deep": "y"}


def test_none_leaves_labels_alone():
    labels, parents = finer_labels(None, np.array([3, 5]), None)
    assert labels.tolist() == [3, 5]
    assert parents == {3: 3, 5: 5}


@pytest.mark.parametrize(
    ("taxonomy", "message"),
    [
        ({"mel": "bad"}, r"no class above the labels \['nv'\]"),
        ("stage", "the column 'stage', which the manifest does not have"),
        ("torn", r"\['t1'\] lie in two classes"),
        ("empty", "has empty cells"),
    ],
)
def test_faults_are_named(taxonomy, message):
    X = pd.DataFrame({"image": ["a", "b"], "torn": ["t1", "t1"], "empty": ["t1", None]})
    with pytest.raises(ValueError, match=message):
        finer_labels(X, np.array(["mel", "nv"]), taxonomy)
