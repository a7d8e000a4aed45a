"""The log of a command: a line of JSON for each thing that happens."""

import json
import logging
import shlex
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.events import Event

_LOGGER = logging.getLogger(__name__)
_PACKAGES = ("features", "fusion", "pipelines")


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: `time`, `level`, `event`, and the event's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        event = record.msg if isinstance(record.msg, Event) else Event(record.getMessage())
        moment = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": event.name,
        }
        return json.dumps(line | event.facts, default=_plain)


@contextmanager
def log_to(path: Path | None, argv: Sequence[str]) -> Iterator[None]:
    """Add what a command does to a file, and how it ends.

    Parameters
    ----------
    path : Path or None
        The file; made with its folder where missing, and added to where it is there, so that a
        run that goes on goes on in its log. None logs nothing.
    argv : sequence of str
        Arguments of the command.

    Notes
    -----
    Each line is flushed as it is written: a kill leaves whole lines. The package's loggers are
    left as they were found.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    with _listening(handler), _hearing_warnings():
        start = time.perf_counter()
        _LOGGER.info(Event("command begun", command=shlex.join(["dermfusion", *argv])))
        try:
            yield
        except BaseException as error:
            # An interrupt ends a command too.
            reason = traceback.format_exception_only(error)[-1]
            seconds, where = time.perf_counter() - start, traceback.format_exc()
            _LOGGER.error(
                Event("command failed", error=reason.strip(), seconds=seconds, traceback=where)
            )
            raise
        _LOGGER.info(Event("command finished", seconds=time.perf_counter() - start))


@contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    """Send records of the package to a handler for a while, and close it."""
    loggers = [logging.getLogger(name) for name in _PACKAGES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()


@contextmanager
def _hearing_warnings() -> Iterator[None]:
    """Log Python's warnings too, which are still shown as they were."""
    shown = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None) -> None:
        _LOGGER.warning(Event("warning", category=category.__name__, text=str(message)))
        shown(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = shown


def _plain(value: Any) -> Any:
    """Give numbers of NumPy as Python's, and anything else in words."""
    return value.item() if hasattr(value, "item") else str(value)
