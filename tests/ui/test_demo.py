"""The whole demo with real engines: half a minute of conversation, its recording and its picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from pipeline import RATE
from tests.ui.conftest import Prism
from ui.cli.demo_user import SCRIPT, shipped

pytestmark = [pytest.mark.real, pytest.mark.timeout(150)]

LONGEST_S = 75.0
WINDOW_S = 0.05
VOICED = 300
"""Root mean square from which a window counts as voiced; the noise of the recordings lies below 30."""
ORDER = (
    "transcript.final",
    "turn.committed",
    "reply.sentence",
    "audio.started",
    "audio.finished",
    "turn.completed",
)


@pytest.fixture(scope="module", autouse=True)
def engines() -> None:
    for library in ("faster_whisper", "espeakng_loader", "httpx", "uvicorn"):
        pytest.importorskip(library)


def test_the_demo_is_a_whole_conversation(prism: Prism, tmp_path: Path) -> None:
    ran = prism("demo", "--json", "--output-dir", str(tmp_path / "out"))
    assert ran.code == 0, ran.err
    events = [json.loads(line) for line in ran.out.splitlines()]
    sound, picture = tmp_path / "out" / "conversation.wav", tmp_path / "out" / "latency.svg"
    assert events[-1] == {"event": "demo.finished", "files": [str(sound), str(picture)], "missing": []}
    check_events(events[:-1])
    check_sound(sound, events[:-1])
    check_picture(picture, events[:-1])


def of(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def check_events(events: list[dict[str, Any]]) -> None:
    assert events[0]["event"] == "session.started"
    assert events[-1]["event"] == "session.ended"
    assert events[-1]["t"] < LONGEST_S
    recordings = shipped()
    finals = of(events, "transcript.final")
    assert [event["language"] for event in finals] == [recordings[step.recording].language for step in SCRIPT]
    for turn in (event["turn"] for event in of(events, "turn.completed")):
        seen = [event["event"] for event in events if event.get("turn") == turn]
        places = [seen.index(name) for name in ORDER if name in seen]
        assert all(before < after for before, after in pairwise(places)), seen
        assert len(places) >= len(ORDER) - 1  # a timer's turn has no transcript
    (cut,) = of(events, "turn.interrupted")
    assert cut["heard_text"]
    assert cut["intended_text"].startswith(cut["heard_text"])
    assert cut["intended_text"] != cut["heard_text"]
    assert len(of(events, "timer.rang")) == 1


def check_sound(sound: Path, events: list[dict[str, Any]]) -> None:
    """Two voices that take turns; the assistant begins where its events say."""
    samples, rate = soundfile.read(sound, dtype="int16")
    assert rate == RATE
    assert samples.shape[1] == 2
    assert len(samples) / RATE == pytest.approx(events[-1]["t"], abs=0.2)
    user, assistant = (voiced(samples[:, channel]) for channel in (0, 1))
    assert user.sum() * WINDOW_S > 5
    assert assistant.sum() * WINDOW_S > 8
    assert (user & assistant).sum() * WINDOW_S < 0.5  # the moment of cutting in
    answers = {
        event["turn"] for event in of(events, "transcript.final")
    }  # the timer's turn follows its chime
    for event in (event for event in of(events, "audio.started") if event["turn"] in answers):
        begin = int(event["t"] * RATE)
        before, after = (
            samples[begin - RATE // 20 : begin - 24, 1],
            samples[begin - 24 : begin + RATE // 20, 1],
        )
        assert np.abs(before.astype(np.int32)).max() < 300 <= np.abs(after.astype(np.int32)).max()


def voiced(channel: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    size = int(WINDOW_S * RATE)
    windows = channel[: len(channel) - len(channel) % size].reshape(-1, size).astype(np.float64)
    return np.asarray(np.sqrt((windows**2).mean(axis=1)) > VOICED)


def check_picture(picture: Path, events: list[dict[str, Any]]) -> None:
    root = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314  # our own text
    shown = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    totals = [text for text in shown if text.startswith("mouth to ear")]
    measured = [
        event["latency"]["first_audio"] for event in of(events, "turn.completed") if event.get("latency")
    ]
    assert totals == [f"mouth to ear {first_audio:.0f} ms" for first_audio in measured]
    assert len(measured) == len(SCRIPT) - 1
    assert all(any(event["text"] in text for text in shown) for event in of(events, "transcript.final"))
