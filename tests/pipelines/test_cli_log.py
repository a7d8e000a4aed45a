"""The log of a command: whole lines of JSON, whatever happens."""

import json
import logging
import os
import signal
import subprocess
import sys
import warnings
from datetime import datetime

import numpy as np
import pytest

from pipelines.cli.log import log_to
from pipelines.events import Event

PACKAGES = ("features", "fusion", "pipelines")
LOGGER = logging.getLogger("pipelines.somewhere")


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_hold_time_level_event_and_facts(tmp_path):
    path = tmp_path / "new" / "run.log"
    with log_to(path, ["compare", "--out", "my runs"]):
        LOGGER.info(Event("fold finished", model="fusion", fold=np.int64(3), seconds=1.23456))
        logging.getLogger("features.somewhere").warning("batches of %d", 8)
        LOGGER.debug(Event("too small a thing"))
    first, fold, text, last = read(path)
    assert first["event"] == "command begun"
    assert first["command"] == "dermfusion compare --out 'my runs'"
    moment = datetime.fromisoformat(fold.pop("time"))
    assert moment.utcoffset().total_seconds() == 0
    facts = {"model": "fusion", "fold": 3, "seconds": 1.235}
    assert fold == {"level": "info", "event": "fold finished"} | facts
    assert (text["level"], text["event"]) == ("warning", "batches of 8")
    assert last["event"] == "command finished"
    assert last["seconds"] >= 0


@pytest.mark.parametrize("error", [ValueError("no such class"), KeyboardInterrupt()])
def test_a_command_that_fails_says_so(error, tmp_path):
    with pytest.raises(type(error)), log_to(tmp_path / "run.log", ["compare"]):
        raise error
    last = read(tmp_path / "run.log")[-1]
    assert (last["level"], last["event"]) == ("error", "command failed")
    assert last["error"] == f"{type(error).__name__}: {error}".removesuffix(": ")
    assert last["traceback"].startswith("Traceback")


def test_warnings_are_logged_and_still_shown(tmp_path):
    shown = warnings.showwarning
    with pytest.warns(UserWarning, match="no lesion ids"), log_to(tmp_path / "run.log", ["train"]):
        warnings.warn("no lesion ids", UserWarning, stacklevel=1)
    (line,) = [line for line in read(tmp_path / "run.log") if line["event"] == "warning"]
    assert (line["text"], line["category"]) == ("no lesion ids", "UserWarning")
    assert warnings.showwarning is shown


def test_a_run_that_goes_on_adds_to_its_log(tmp_path):
    for _ in range(2):
        with log_to(tmp_path / "run.log", ["compare"]):
            pass
    assert [line["event"] for line in read(tmp_path / "run.log")] == [
        *("command begun", "command finished"),
        *("command begun", "command finished"),
    ]


def test_loggers_are_left_as_they_were(tmp_path):
    def state():
        loggers = [logging.getLogger(name) for name in PACKAGES]
        return [(logger.level, list(logger.handlers)) for logger in loggers]

    # Nothing is configured by importing the package, nor where no log is asked for.
    assert state() == [(logging.NOTSET, [])] * 3
    with log_to(None, ["compare"]):
        assert state() == [(logging.NOTSET, [])] * 3
    with log_to(tmp_path / "run.log", ["compare"]):
        assert state() != [(logging.NOTSET, [])] * 3
    assert state() == [(logging.NOTSET, [])] * 3


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_kill_leaves_whole_lines(tmp_path):
    path = tmp_path / "run.log"
    program = (
        "import logging, os, signal, sys, pathlib\n"
        "from pipelines.cli.log import log_to\n"
        "from pipelines.events import Event\n"
        "with log_to(pathlib.Path(sys.argv[1]), ['compare']):\n"
        "    for fold in range(50):\n"
        "        logging.getLogger('pipelines').info(Event('fold finished', fold=fold))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], timeout=120)
    assert run.returncode == -signal.SIGKILL
    assert path.read_text(encoding="utf-8").endswith("\n")
    assert [line["fold"] for line in read(path)[1:]] == list(range(50))
