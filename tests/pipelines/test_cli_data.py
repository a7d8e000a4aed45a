import pytest

from pipelines.cli import main
from pipelines.data import DATASETS


def test_list_names_every_data_set(capsys):
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1 : len(DATASETS) + 1]] == list(DATASETS)
    ham = next(line for line in lines if line.startswith("ham10000"))
    assert ham.split()[1:5] == ["10,015", "7", "dermoscopic", "met"]
    assert "not met" in next(line for line in lines if line.startswith("isic2020"))


@pytest.mark.parametrize("name", DATASETS)
def test_info_tells_what_is_known(capsys, name):
    assert main(["data", "info", name]) == 0
    out = capsys.readouterr().out
    assert DATASETS[name].title in out
    assert all(line in out for line in DATASETS[name].layout.split("\n")[:1])
    assert max(map(len, out.splitlines())) <= 100


def test_info_of_an_unknown_name_suggests(capsys):
    assert main(["data", "info", "ham1000"]) == 1
    assert "Did you mean 'ham10000'" in capsys.readouterr().err


def test_check_prints_counts_and_marks_a_part(shared_data, capsys):
    root = str(shared_data / "isic2017")
    assert main(["data", "check", "isic2017", root]) == 0
    out = capsys.readouterr().out
    assert "train melanoma" in out
    assert "374 of 374" in out
    assert "PARTIAL: test: 0 of 600 images" in out
    assert main(["data", "check", "isic2017", root, "--complete"]) == 1
    assert "is not complete: test: 0 of 600" in capsys.readouterr().err


def test_check_of_a_whole_set(shared_data, capsys):
    argv = ["data", "check", "ham10000", str(shared_data / "ham10000"), "--complete"]
    assert main(argv) == 0
    assert "consistent and complete, 10,015 images, 7,470 groups" in capsys.readouterr().out


def test_check_of_ones_own(tmp_path, capsys):
    for name in ("mel/a.jpg", "nv/b.jpg"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert main(["data", "check", "folder", str(tmp_path)]) == 0
    assert "no published numbers to check against" in capsys.readouterr().out


def test_check_of_a_broken_tree_fails(tmp_path, capsys):
    assert main(["data", "check", "ham10000", str(tmp_path)]) == 1
    assert "so it is not a HAM10000 folder" in capsys.readouterr().err


def test_fetch_says_where_to_get_what_no_client_offers(tmp_path, capsys):
    assert main(["data", "fetch", "ham10000", str(tmp_path)]) == 1
    assert DATASETS["ham10000"].url in capsys.readouterr().err


def test_fetch_takes_numbers(tmp_path, capsys, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        "pipelines.cli.data.fetch_dataset", lambda *a, **kw: asked.update(kw) or tmp_path
    )
    argv = ["data", "fetch", "isic_archive", str(tmp_path), "--collections", "70,249"]
    assert main(argv) == 0
    assert asked["collections"] == [70, 249]
    assert "next: dermfusion data check isic_archive" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*argv[:-1], "seventy"])
