"""What extras say while they are made: bars with the time left, and a log."""

import logging

import pytest

from pipelines import measuring
from pipelines.evaluation import Protocol, make_splits, out_of_fold
from pipelines.events import Event
from pipelines.measuring import Setting, measure

PROTOCOL = Protocol(n_splits=3, shares=(0.3, 0.6))


@pytest.fixture
def job(models, manifest, tmp_path):
    splits = make_splits(manifest, n_splits=3)
    found = out_of_fold(models, manifest, splits)
    setting = Setting(manifest, splits, PROTOCOL, "melanoma", tmp_path, None, 20, 0)
    return models, found, setting


def events(caplog):
    return [record.msg for record in caplog.records if isinstance(record.msg, Event)]


def test_a_bar_counts_the_fits_of_an_extra(job, capsys):
    measure(["learning_curve"], *job, progress=True)
    printed = capsys.readouterr()
    # Two shares of three folds of two models.
    assert "learning curve: 100%" in printed.err
    assert "12/12" in printed.err
    assert "cnn, fold 2" in printed.err
    assert printed.out == ""


def test_quiet_shows_nothing_and_logs_all_the_same(job, capsys, caplog):
    with caplog.at_level(logging.INFO, logger="pipelines"):
        measure(["learning_curve"], *job)
    assert capsys.readouterr() == ("", "")
    names = [event.name for event in events(caplog)]
    assert names[0] == "extra begun"
    assert names[-1] == "extra finished"
    assert names.count("share begun") == 2
    assert names.count("fold finished") == 12
    assert events(caplog)[-1].facts["extra"] == "learning_curve"


def test_an_extra_that_is_there_is_said_to_be(job, caplog):
    first = measure(["learning_curve"], *job)["learning_curve"]
    with caplog.at_level(logging.INFO, logger="pipelines"):
        again = measure(["learning_curve"], *job)["learning_curve"]
    assert [event.name for event in events(caplog)] == ["extra found again"]
    assert len(again) == len(first)


def test_counterfactuals_count_fits_then_artefacts(job, capsys, monkeypatch):
    def table(fitted, *_, progress, **__):
        for name in fitted:
            for artefact in measuring.ARTEFACTS:
                progress(name, artefact)
        return measuring.pd.DataFrame()

    monkeypatch.setattr(measuring, "counterfactual_table", table)
    measure(["counterfactuals"], *job, progress=True)
    printed = capsys.readouterr().err
    assert "2/2" in printed
    assert f"{2 * len(measuring.ARTEFACTS)}/{2 * len(measuring.ARTEFACTS)}" in printed
    assert "cnn, dark corners" in printed


def test_a_failure_is_logged(job, caplog, monkeypatch):
    def fail(job):
        raise ValueError("no disk")

    monkeypatch.setitem(measuring.EXTRAS, "costs", fail)
    with (
        caplog.at_level(logging.INFO, logger="pipelines"),
        pytest.warns(UserWarning, match="costs could not be measured: no disk"),
    ):
        assert measure(["costs"], *job) == {}
    assert events(caplog)[-1].facts == {"extra": "costs", "error": "no disk"}


def test_models_are_seeded_as_they_are_in_the_folds(job):
    models, found, setting = job
    seeds = []
    for _ in range(2):
        fitted = measuring._Job(models, found, setting).fitted
        seeds.append(fitted["cnn"].random_state)
        assert models["cnn"].random_state is None
    assert seeds[0] == seeds[1] is not None
