import argparse

import pandas as pd
import pytest
from PIL import Image

from pipelines.audit import audit
from pipelines.cli import data_audit


@pytest.fixture(scope="module")
def folder(skins, alterations, tmp_path_factory):
    """Class folders of six drawings, with a mirrored copy under another label."""
    root = tmp_path_factory.mktemp("folder")
    for i, path in enumerate(skins[:6]):
        place = root / ("mel" if i % 2 else "nv")
        place.mkdir(exist_ok=True)
        (place / f"{i}.png").write_bytes(path.read_bytes())
    (root / "mel" / "copy<b>.jpg").write_bytes(alterations["mirrored"](Image.open(skins[0])))
    return root


def _run(*words):
    parser = argparse.ArgumentParser()
    data_audit.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["audit", *map(str, words)])
    args.run(args)


@pytest.mark.filterwarnings("ignore:.*has no lesion or patient ids")
def test_the_command_writes_tables_pictures_and_a_clean_manifest(folder, tmp_path, capsys):
    out, clean = tmp_path / "audit", tmp_path / "clean.csv"
    _run("folder", folder, "--out", out, "--clean", clean, "--quiet", "--jobs", 1)
    said = capsys.readouterr().out
    assert "1 pair of duplicates with two labels" in said
    pairs = pd.read_csv(out / "pairs.csv")
    assert pairs["how"].tolist() == ["mirrored"]
    assert set(pd.read_csv(out / "audit.csv")["kind"]) >= {"mirrored", "label conflict"}
    assert len(pd.read_csv(out / "files.csv")) == 7
    page = (out / "audit.html").read_text()
    assert page.count("data:image/jpeg;base64") == 2
    assert "copy&lt;b&gt;.jpg" in page
    kept = pd.read_csv(clean)
    assert len(kept) == 5
    assert "group" in kept
    removed = pd.read_csv(tmp_path / "clean.removed.csv")
    assert set(removed["reason"]) == {"duplicates with the labels mel and nv"}


def test_a_folder_without_its_name_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match="names and folders in turn"):
        _run("folder", "--out", tmp_path)
    with pytest.raises(ValueError, match="only makes sense with a csv"):
        _run("folder", folder, "--out", tmp_path, "--label-col", "dx")


def test_a_page_without_pictures_needs_no_files(skins, tmp_path):
    found = audit(pd.DataFrame({"image": [str(path) for path in skins[:3]]}), store=None)
    page = found.save(tmp_path, max_pictures=0)
    assert "base64" not in page.read_text()
    assert str(found).startswith("3 images audited")
