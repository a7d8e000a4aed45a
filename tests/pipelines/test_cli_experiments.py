"""The commands ``ledger`` and ``ablate``."""

import pandas as pd
import pytest

from pipelines.cli import main

QUICK = ["--folds", "3", "--bootstrap", "20", "--jobs", "1", "--quiet"]


@pytest.fixture
def cohort(lesions, tmp_path):
    """Table of the synthetic cohort, as one would have it on disk."""
    path = tmp_path / "lesions.csv"
    lesions[["image", "mask", "label", "lesion", "source"]].to_csv(path, index=False)
    return ["--dataset", "csv", "--root", str(path), "--device", "cpu"]


def test_ledger_of_images(cohort, tmp_path, capsys):
    out = tmp_path / "ledger"
    asked = ["--model", "embedding", "--k", "30", "--sins", "selection,scaling"]
    assert main(["ledger", *cohort, *asked, *QUICK, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "Selection before the split" in printed
    assert f"ledger: {out / 'ledger.md'}" in printed
    assert list(pd.read_csv(out / "ledger.csv")["sin"]) == ["selection", "scaling"]
    assert "Synthetic data" in (out / "ledger.md").read_text(encoding="utf-8")


def test_ledger_of_noise(tmp_path, capsys):
    out = tmp_path / "noise"
    assert main(["ledger", "--noise", "2", "--sins", "images", "--quiet", "--out", str(out)]) == 0
    assert "Images split, not lesions" in capsys.readouterr().out
    assert len(pd.read_csv(out / "noise.csv")) == 2
    assert "Mean ± standard deviation over 2 tables" in (out / "noise.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["ledger", "--out", "x"], "Name the images by --dataset and --root"),
    ],
)
def test_ledger_without_what_it_needs(command, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ledger", "--sins", "pride"], "unknown sin pride; choose from images"),
        (["ablate", "--selectors", "luck"], "unknown luck; choose from"),
        (["ablate", "--shares", "2"], "expected a share between 0 and 1, got 2"),
    ],
)
def test_unknown_names_are_usage_errors(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--out", "x"])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_ablate_and_go_on(cohort, tmp_path, capsys):
    out = tmp_path / "ablation"
    asked = ["--classifier", "logistic", "--selectors", "anova_f", "--fusions", "none"]
    command = ["ablate", *cohort, *asked, "--shares", "0.05", *QUICK, "--out", str(out)]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert f"report: {out / 'ablation.md'}" in first
    ladder = pd.read_csv(out / "ladder.csv")
    assert list(ladder["step"])[-2:] == ["fused", "anova_f 10%"]
    assert sorted(pd.read_csv(out / "curve.csv")["share"]) == [0.05, 0.1, 1.0]
    assert main(command) == 0
    assert capsys.readouterr().out == first
