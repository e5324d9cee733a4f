"""The log of a run: JSON lines in a rotating file, quiet on the terminal unless asked.

Nothing that goes wrong here may stop the program: without a writable folder there simply is no file. Secrets are
starred in the text that is written, whatever logger, argument or traceback they came in by.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_BYTES = 2_000_000
OLDER_FILES = 2
"""Beside the one that is written: three in all."""
STARS = "********"

_secrets: set[str] = set()


def hide(secrets: Iterable[str]) -> None:
    """Never write these texts from now on."""
    _secrets.update(secret for secret in secrets if secret)


def veiled(text: str) -> str:
    """``text`` with stars for every secret, longest first: one may hold another."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, STARS)
    return text


class JsonLines(logging.Formatter):
    """One JSON object per record."""

    def format(self, record: logging.LogRecord) -> str:
        """``{"time": ISO 8601 in UTC, "level", "logger", "message"}`` and ``"error"``, the traceback, if any."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": veiled(record.getMessage()),
        }
        if record.exc_info:
            entry["error"] = veiled(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


class ForPeople(logging.Formatter):
    """One line per record, without a traceback: those are in the file."""

    def format(self, record: logging.LogRecord) -> str:
        """``12:30:01 INFO stt.manager: message``."""
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        return f"{clock} {record.levelname} {record.name}: {veiled(record.getMessage())}"


class _QuietFile(RotatingFileHandler):
    """A file that may fill the disk or vanish without a word on the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        """Lose the record."""

    def close(self) -> None:
        """Lose what the disk has no room for."""
        with suppress(OSError):
            super().close()


@contextmanager
def logging_to(file: Path, verbosity: int) -> Iterator[Path | None]:
    """Log to ``file``, and to stderr from INFO (``verbosity`` 1) or DEBUG (2) on; gives back the file if it works."""
    root = logging.getLogger()
    level = logging.DEBUG if verbosity > 1 else logging.INFO
    wanted = (_to_file(file), _to_terminal(level, verbosity))
    handlers = [handler for handler in wanted if handler] or [
        logging.NullHandler()
    ]  # else Python tells warnings
    before = (root.level, threading.excepthook, sys.unraisablehook)
    root.setLevel(level)
    for handler in handlers:
        root.addHandler(handler)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable
    try:
        yield file if any(isinstance(handler, _QuietFile) for handler in handlers) else None
    finally:
        threading.excepthook, sys.unraisablehook = before[1:]
        logging.captureWarnings(capture=False)
        root.setLevel(before[0])
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _to_file(file: Path) -> logging.Handler | None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _QuietFile(file, maxBytes=MAX_BYTES, backupCount=OLDER_FILES, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(JsonLines())
    return handler


def _to_terminal(level: int, verbosity: int) -> logging.Handler | None:
    if not verbosity:
        return None
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(ForPeople())
    return handler


def _thread_died(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        where = args.thread.name if args.thread else "a thread"
        logging.getLogger("prism").error("%s died", where, exc_info=args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        logging.getLogger("prism").error(
            "%s", args.err_msg or "an error in clean-up", exc_info=args.exc_value
        )
