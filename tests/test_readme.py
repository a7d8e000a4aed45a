"""What the README shows is what there is."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from pipelines.cli.parser import build_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def shell_commands():
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    found = [part.strip() for line in lines for part in line.split("&&")]
    return [command for command in found if command.startswith("dermfusion ")]


@pytest.mark.parametrize("command", shell_commands())
def test_commands_are_understood(command):
    build_parser().parse_args(shlex.split(command)[1:])


def test_the_two_commands_are_there():
    assert "pip install -e . && dermfusion demo --out runs/demo" in README
    assert 'pip install -e ".[test]" && pytest' in README
    assert 'pip install --quiet -e ".[test]" && pytest' in (ROOT / ".ci/run").read_text()


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_the_example_runs(lesions, tmp_path, monkeypatch, capsys):
    table = tmp_path / "lesions.csv"
    lesions[["image", "label", "lesion", "mask"]].to_csv(table, index=False)
    out = tmp_path / "run"
    argv = ["example", str(table), "--dataset", "csv", "--folds", "2", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", argv)
    runpy.run_path(str(ROOT / "examples" / "compare_fusion_with_cnn.py"), run_name="__main__")
    assert "report:" in capsys.readouterr().out
    assert (out / "report.html").is_file()
