"""What ``prism demo`` leaves behind, and whether it showed what it promises.

``missing`` judges a conversation by its events and is pure; ``save`` writes the two files, each in one step, so that an
interrupted demo leaves whole files. The first channel is the user, the second the assistant, on one clock.
"""

from __future__ import annotations

import io
import os
import tempfile
import wave
from typing import TYPE_CHECKING

import numpy as np

from pipeline import (
    RATE,
    AudioStarted,
    PipelineEvent,
    ReplySentence,
    SessionEnded,
    TimerRang,
    TranscriptFinal,
    TurnCommitted,
    TurnFailed,
    TurnInterrupted,
)
from stt import SAMPLE_RATE
from ui.cli.demo_user import Step, When
from ui.cli.exits import Exit, Failure
from ui.waterfall import rows_of, waterfall

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stt import Int16

SOUND, PICTURE = "conversation.wav", "latency.svg"


def prepare(folder: Path) -> None:
    """Make the folder and see that it can be written to. Raises Failure."""
    if folder.exists() and not folder.is_dir():
        raise Failure(Exit.FAILED, f"{folder} is a file; choose a folder with --output-dir.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def save(folder: Path, user: Int16, assistant: Int16, events: Iterable[PipelineEvent]) -> tuple[Path, Path]:
    """Write the recording and the picture. ``user`` is at 16 kHz, ``assistant`` at ``RATE``. Raises Failure."""
    sound, picture = folder / SOUND, folder / PICTURE
    _replace(sound, _wav(stereo(user, assistant)))
    _replace(picture, waterfall(rows_of(events)).encode())
    return sound, picture


def stereo(user: Int16, assistant: Int16) -> Int16:
    """Both sides at ``RATE``, frames x 2; the shorter one is filled up with silence."""
    import soxr

    left = soxr.resample(user, SAMPLE_RATE, RATE, quality="HQ")
    both = np.zeros((max(len(left), len(assistant)), 2), np.int16)
    both[: len(left), 0] = left
    both[: len(assistant), 1] = assistant
    return both


def missing(events: Sequence[PipelineEvent], script: Sequence[Step], late: Sequence[Step]) -> list[str]:
    """What the demo promises and did not show, each as a clause; nothing when all went well."""
    if any(isinstance(event, SessionEnded) and event.reason == "interrupted" for event in events):
        return ["it was interrupted"]
    understood = sum(isinstance(event, TranscriptFinal) for event in events)
    lacking = [f"{step.recording} did not get {step.when.value} in time" for step in late]
    if understood < len(script):
        lacking.append(f"{len(script) - understood} of {len(script)} recordings were not understood")
    lacking += [
        f"turn {event.turn} failed in {event.stage}: {event.error.rstrip('.')}"
        for event in events
        if isinstance(event, TurnFailed)
    ]
    committed = [event.turn for event in events if isinstance(event, TurnCommitted)]
    replied = {event.turn for event in events if isinstance(event, ReplySentence)}
    heard = {event.turn for event in events if isinstance(event, AudioStarted)}
    lacking += [f"turn {turn} got no reply" for turn in committed if turn not in replied]
    lacking += [f"the reply of turn {turn} was not audible" for turn in committed if turn in replied - heard]
    if any(step.when is When.TIMER_OVER for step in script) and not _rang(events):
        lacking.append("the timer did not ring")
    if any(step.when is When.CUT_IN for step in script) and not _was_cut(events):
        lacking.append("no reply was cut short")
    return lacking


def _rang(events: Sequence[PipelineEvent]) -> bool:
    return any(isinstance(event, TimerRang) for event in events)


def _was_cut(events: Sequence[PipelineEvent]) -> bool:
    return any(
        isinstance(event, TurnInterrupted) and event.reason == "speech" and event.heard_text
        for event in events
    )


def _wav(frames: Int16) -> bytes:
    """16-bit PCM at ``RATE``."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(frames.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(frames.astype("<i2").tobytes())
    return target.getvalue()


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> Failure:
    reason = (error.strerror or str(error)).lower()
    return Failure(
        Exit.FAILED, f"Cannot write to {path} ({reason}); choose another folder with --output-dir."
    )
