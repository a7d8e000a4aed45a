import json

import pandas as pd
import pytest

from pipelines.evaluation import Protocol
from pipelines.evaluation.design.plan import FILE, declared_pairs, lock_plan, make_plan, read_plan

MODELS = {"fusion": "f1", "cnn": "c1"}


@pytest.fixture
def planned(manifest):
    def plan(models=MODELS, protocol=None, seed=0, rows=manifest, positive="melanoma"):
        protocol = Protocol(n_splits=3) if protocol is None else protocol
        return make_plan(models, rows, protocol.splits(rows, seed), protocol, seed, positive)

    return plan


def test_a_plan_says_what_is_compared_before_it_is(planned, manifest):
    plan = planned()
    assert plan["comparisons"] == [["fusion", "cnn"]]
    assert plan["primary"] == {
        "unit": "lesion",
        "metric": "macro_auc",
        "estimate": "mean over folds",
    }
    assert plan["lesions"] == manifest.groupby("label")["lesion"].nunique().to_dict()
    assert 0 < plan["detectable"] < 0.2
    json.dumps(plan)


def test_a_locked_plan_is_kept(planned, tmp_path):
    first = lock_plan(planned(), tmp_path)
    again = lock_plan(planned(), tmp_path)
    assert first["exploratory"] == again["exploratory"] == []
    assert again["written"] == first["written"]
    assert json.loads((tmp_path / FILE).read_text())["hash"] == first["hash"]


def test_what_is_added_later_is_exploratory(planned, tmp_path):
    lock_plan(planned(), tmp_path)
    later = lock_plan(planned(MODELS | {"late": "l1"}), tmp_path)
    assert later["exploratory"] == ["late"]
    assert later["comparisons"] == [["fusion", "cnn"]]


def test_a_changed_model_is_not_the_one_that_was_declared(planned, tmp_path):
    three = MODELS | {"late": "l1"}
    lock_plan(planned(three), tmp_path)
    later = lock_plan(planned(three | {"cnn": "c2"}), tmp_path)
    assert later["exploratory"] == ["cnn"]
    assert later["comparisons"] == [["fusion", "late"]]
    assert lock_plan(planned(three | {"fusion": "f2"}), tmp_path)["comparisons"] == []
    # The file still says what was declared.
    assert read_plan(tmp_path)["comparisons"] == [["fusion", "cnn"], ["fusion", "late"]]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"protocol": Protocol(n_splits=4)}, "splits, protocol"),
        ({"protocol": Protocol(n_splits=3, margin=0.05)}, "protocol"),
        ({"seed": 1}, "splits, seed"),
        ({"positive": "nevus"}, "positive"),
    ],
)
def test_another_comparison_in_the_same_folder_is_refused(changed, named, planned, tmp_path):
    lock_plan(planned(), tmp_path)
    with pytest.raises(ValueError, match=f"plan of another comparison: {named} differ"):
        lock_plan(planned(**changed), tmp_path)


def test_other_images_are_refused(planned, manifest, tmp_path):
    lock_plan(planned(), tmp_path)
    with pytest.raises(ValueError, match="data"):
        lock_plan(planned(rows=manifest.assign(image=manifest["image"] + "x")), tmp_path)


def test_a_plan_changed_by_hand_is_refused(planned, tmp_path):
    lock_plan(planned(), tmp_path)
    text = (tmp_path / FILE).read_text().replace('"margin": 0.01', '"margin": 0.02')
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match="changed after it was written"):
        read_plan(tmp_path)


def test_unknown_references_are_refused():
    with pytest.raises(ValueError, match=r"one of \['a', 'b'\], got 'c'"):
        declared_pairs(["a", "b"], "c")


def test_more_lesions_show_smaller_differences(planned, manifest):
    twice = pd.concat([manifest, manifest.assign(lesion=manifest["lesion"] + "b")])
    twice = twice.assign(image=[f"{i}.png" for i in range(len(twice))]).reset_index(drop=True)
    assert planned(rows=twice)["detectable"] < planned()["detectable"]


def test_a_data_set_may_be_moved(planned, manifest, tmp_path):
    lock_plan(planned(rows=manifest.assign(image="/here/" + manifest["image"])), tmp_path)
    moved = manifest.assign(image="/there/../elsewhere/" + manifest["image"])
    assert lock_plan(planned(rows=moved), tmp_path)["exploratory"] == []
