import pandas as pd
import pytest

from features import CNNEmbedding
from pipelines import CNNClassifier
from pipelines.evaluation.design.fingerprints import describe, model_fingerprint

LESIONS = pd.DataFrame({"image": ["a.png", "b.png"], "label": ["nevus", "melanoma"]})


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: [("cnn", model)]])
def test_weights_count_by_what_is_in_the_file(wrap, tmp_path):
    path, moved = tmp_path / "weights.pt", tmp_path / "moved.pt"
    path.write_bytes(b"one")
    moved.write_bytes(b"one")
    first = describe(wrap(CNNClassifier("lenet", path)))
    assert describe(wrap(CNNClassifier("lenet", str(moved)))) == first
    several = [describe(wrap(CNNEmbedding(["lenet"], [file]))) for file in (path, moved)]
    assert several[0] == several[1]
    by_name = [describe(wrap(CNNEmbedding(["lenet"], {"lenet": file}))) for file in (path, moved)]
    assert by_name[0] == by_name[1]
    path.write_bytes(b"another")
    assert describe(wrap(CNNClassifier("lenet", path))) != first
    assert describe(wrap(CNNClassifier("lenet", None))) != first


def test_where_a_model_runs_from_and_keeps_things_does_not_count(tmp_path):
    one = CNNClassifier("lenet", None, checkpoint=tmp_path / "a", store="memory")
    other = CNNClassifier("lenet", None, checkpoint=tmp_path / "b", store=None, verbose=1)
    assert model_fingerprint(one, LESIONS) == model_fingerprint(other, LESIONS)
    assert model_fingerprint(one, LESIONS) != model_fingerprint(
        CNNClassifier("lenet", None, max_epochs=3), LESIONS
    )
