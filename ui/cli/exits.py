"""How a run ends: the exit codes of the terminal contract, and which error means which.

    0 done   1 failed at run time   2 wrong usage or configuration   3 something needed is missing
    4 unreadable input   5 a turn failed with --once   130 interrupted

An error of a room can only be raised when that room has been imported, so the table names errors by module and name and
looks them up among the loaded modules: this file imports nothing heavy. Whatever is not in the table is a bug.
"""

from __future__ import annotations

import enum
import errno
import sys

ROOMS = ("config", "common", "stt", "llm", "tts", "pipeline", "ui")


class Exit(enum.IntEnum):
    """The codes that other programs rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    MISSING = 3
    UNREADABLE = 4
    TURN_FAILED = 5
    INTERRUPTED = 130


class Failure(Exception):
    """A command cannot do what was asked; the message is the sentence that the user gets."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


class UsageError(Failure):
    """The command line makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__(Exit.USAGE, message)


CODES: tuple[tuple[str, str, Exit], ...] = (
    ("config", "ConfigError", Exit.USAGE),
    ("config", "ModelUnknown", Exit.MISSING),
    ("config", "HubUnreachable", Exit.MISSING),
    ("config", "ModelError", Exit.FAILED),
    ("common.audio_host", "AudioLost", Exit.FAILED),
    ("common.audio_host", "AudioUnavailable", Exit.MISSING),
    ("common.audio_host", "AudioBackendMissing", Exit.MISSING),
    ("common.audio_host", "AudioError", Exit.FAILED),
    ("stt", "AudioUnreadable", Exit.UNREADABLE),
    ("stt", "STTRejected", Exit.UNREADABLE),
    ("tts", "TTSRejected", Exit.USAGE),
    ("pipeline", "MetricsUnavailable", Exit.FAILED),
    ("pipeline", "SealUnavailable", Exit.MISSING),
    ("ui.control.place", "PlaceUnsafe", Exit.FAILED),
    ("llm", "LLMTimedOut", Exit.MISSING),  # before a conversation begins: as good as unreachable
    *(
        (room, f"{room.upper()}{fact}", Exit.MISSING)
        for room in ("stt", "llm", "tts")
        for fact in ("BackendMissing", "Unavailable")
    ),
    *((room, f"{room.upper()}Error", Exit.FAILED) for room in ("stt", "llm", "tts")),
)
"""(module, error, code); the first that fits counts, so children stand before their parents."""

_DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def verdict(error: BaseException) -> tuple[Exit, str | None]:
    """The exit code of ``error`` and the sentence for the user; without a sentence for what needs none.

    A bug gives ``(Exit.FAILED, None)`` too, told apart by ``is_bug``.
    """
    error = most_telling(error)
    if isinstance(error, KeyboardInterrupt) or _is_cancel(error):
        return Exit.INTERRUPTED, None
    if isinstance(error, Failure):
        return error.code, str(error)
    if isinstance(error, BrokenPipeError):
        return Exit.DONE, None
    if (code := _listed(error)) is not None:
        return code, str(error)
    if isinstance(error, OSError):
        return Exit.FAILED, _system_sentence(error)
    if isinstance(error, MemoryError):
        return (
            Exit.FAILED,
            "There is not enough memory for this; close other programs or choose a smaller model.",
        )
    if (missing := _missing_library(error)) is not None:
        return Exit.MISSING, f"{missing} is not installed; get it with: pip install {missing}"
    return Exit.FAILED, None


def is_bug(error: BaseException) -> bool:
    """True for what no table explains."""
    return verdict(error) == (Exit.FAILED, None)


def most_telling(error: BaseException) -> BaseException:
    """Of a group, the member that says most: an interrupt, then what has a sentence, then a bug, then a cancel."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    return min((most_telling(member) for member in error.exceptions), key=_rank)


def _rank(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return 0
    if _is_cancel(error):
        return 3
    return 2 if is_bug(error) else 1


def _is_cancel(error: BaseException) -> bool:
    kind = getattr(sys.modules.get("asyncio"), "CancelledError", None)
    return isinstance(kind, type) and isinstance(error, kind)


def _listed(error: BaseException) -> Exit | None:
    for module, name, code in CODES:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(error, kind):
            return code
    return None


def _system_sentence(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _DISK_FULL:
        return f"{where}the disk is full; free some space and try again."
    if error.errno == errno.EADDRINUSE:
        return f"{where}the address is in use by another program; stop it or choose another port ({what})."
    return f"{where}{what}."


def _missing_library(error: BaseException) -> str | None:
    """The library that an import did not find, unless it is a part of Prism."""
    name = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return name if name and name not in ROOMS else None
