import subprocess
import sys
import types

import pytest

from pipelines.data import fetch_dataset, fetching
from pipelines.data.fetching import require_network


@pytest.fixture
def online(monkeypatch):
    monkeypatch.setattr(fetching, "require_network", lambda host: None)


def test_without_a_client_the_place_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"No client .* offers HAM10000.*; one does dermamnist, i"):
        fetch_dataset("ham10000", tmp_path)


def test_without_a_network_one_sentence_says_so(monkeypatch, tmp_path):
    def refuse(address, timeout):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(fetching, "getproxies", dict)
    monkeypatch.setattr(fetching.socket, "create_connection", refuse)
    with pytest.raises(ConnectionError, match=r"zenodo.org cannot be reached .*copy its folder"):
        fetch_dataset("dermamnist", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_behind_a_proxy_the_client_is_to_tell(monkeypatch):
    monkeypatch.setattr(fetching, "getproxies", lambda: {"https": "http://proxy:1"})
    require_network("nowhere.invalid")


class TestDermaMnist:
    def test_medmnist_is_asked_for_the_size(self, online, monkeypatch, tmp_path):
        asked = {}
        medmnist = types.SimpleNamespace(DermaMNIST=lambda **kw: asked.update(kw))
        monkeypatch.setitem(sys.modules, "medmnist", medmnist)
        assert fetch_dataset("dermamnist", tmp_path, size=64) == tmp_path
        assert asked == {"split": "train", "download": True, "root": str(tmp_path), "size": 64}

    def test_its_failure_and_its_absence_are_said(self, online, monkeypatch, tmp_path):
        def fail(**settings):
            raise RuntimeError("Automatic download failed!")

        monkeypatch.setitem(sys.modules, "medmnist", types.SimpleNamespace(DermaMNIST=fail))
        with pytest.raises(ConnectionError, match="could not fetch DermaMNIST: Automatic"):
            fetch_dataset("dermamnist", tmp_path)
        monkeypatch.setitem(sys.modules, "medmnist", None)
        with pytest.raises(ImportError, match=r"pip install 'dermfusion\[medmnist\]'"):
            fetch_dataset("dermamnist", tmp_path)

    def test_sizes_that_do_not_exist_are_refused(self, tmp_path):
        with pytest.raises(ValueError, match=r"`size` must be one of \(28, 64, 128, 224\), got 32"):
            fetch_dataset("dermamnist", tmp_path, size=32)


class TestIsicArchive:
    @pytest.fixture
    def ran(self, online, monkeypatch):
        commands = []

        def run(command, check):
            commands.append(command)
            return subprocess.CompletedProcess(command, int("broken" in command))

        monkeypatch.setattr(fetching.subprocess, "run", run)
        monkeypatch.setattr(fetching.shutil, "which", lambda name: f"/bin/{name}")
        monkeypatch.setattr(fetching.sys, "executable", "/nowhere/python")
        return commands

    def test_isic_cli_is_asked(self, ran, tmp_path):
        fetch_dataset("isic_archive", tmp_path, collections=[70, 249], search="sex:male", limit=5)
        assert ran == [
            [
                *("/bin/isic", "image", "download", "--collections", "70,249"),
                *("--search", "sex:male", "--limit", "5", str(tmp_path)),
            ]
        ]

    def test_its_failure_and_its_absence_are_said(self, ran, monkeypatch, tmp_path):
        with pytest.raises(ConnectionError, match=r"could not fetch .* \(exit status 1\)"):
            fetch_dataset("isic_archive", tmp_path, search="broken")
        monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
        with pytest.raises(ImportError, match=r"pip install 'dermfusion\[isic\]'"):
            fetch_dataset("isic_archive", tmp_path)
