"""What the demo leaves behind, and when it calls itself complete."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

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
from tests.ui.conftest import Prism
from ui.cli.demo_result import PICTURE, SOUND, missing, prepare, save, stereo
from ui.cli.demo_user import Step, When
from ui.cli.exits import Failure

SCRIPT = (Step("one", When.START, 0.5), Step("two", When.CUT_IN, 1.0), Step("three", When.TIMER_OVER, 1.0))
RANG = TimerRang(t=5.0, label="", seconds=5.0)
CUT = TurnInterrupted(t=3.0, turn=1, heard_text="It", intended_text="It is", reason="speech")


def turn(number: int, *, words: bool = True, reply: bool = True, sound: bool = True) -> list[PipelineEvent]:
    said = TranscriptFinal(t=1.0, turn=number, text="a", language="en", confidence=1.0)
    return [
        *([said] if words else []),
        TurnCommitted(t=1.0, turn=number, revision=0),
        *([ReplySentence(t=1.1, turn=number, text="b")] if reply else []),
        *([AudioStarted(t=1.2, turn=number)] if sound else []),
    ]


WHOLE: list[PipelineEvent] = [*turn(1), CUT, *turn(2), RANG, *turn(3, words=False), *turn(4)]


def test_a_complete_conversation_lacks_nothing() -> None:
    assert missing(WHOLE, SCRIPT, []) == []


@pytest.mark.parametrize(
    ("events", "clause"),
    [
        ([*turn(1), CUT, RANG, *turn(2)], "1 of 3 recordings were not understood"),
        ([*WHOLE, *turn(5, reply=False, sound=False)], "turn 5 got no reply"),
        ([*WHOLE, *turn(5, sound=False)], "the reply of turn 5 was not audible"),
        ([event for event in WHOLE if event is not RANG], "the timer did not ring"),
        ([event for event in WHOLE if event is not CUT], "no reply was cut short"),
        ([*WHOLE, TurnFailed(t=9.0, turn=4, stage="llm", error="Gone.")], "turn 4 failed in llm: Gone"),
        ([*turn(1), SessionEnded(t=2.0, turns=1, reason="interrupted")], "it was interrupted"),
    ],
)
def test_whatever_lacks_is_named(events: list[PipelineEvent], clause: str) -> None:
    assert missing(events, SCRIPT, []) == [clause]


def test_a_step_that_had_to_go_on_by_itself_is_named() -> None:
    assert missing(WHOLE, SCRIPT, [SCRIPT[2]]) == ["three did not get the timer in time"]


def test_both_sides_share_one_clock() -> None:
    user = np.zeros(2 * SAMPLE_RATE, np.int16)
    user[SAMPLE_RATE // 2 : SAMPLE_RATE] = 8000
    assistant = np.zeros(3 * RATE, np.int16)
    assistant[2 * RATE :] = 5000
    both = stereo(user, assistant)
    assert both.shape == (3 * RATE, 2)
    assert both.dtype == np.int16
    loud = np.abs(both.astype(np.int32)) > 4000
    assert np.flatnonzero(loud[:, 0])[[0, -1]] / RATE == pytest.approx([0.5, 1.0], abs=0.001)
    assert np.flatnonzero(loud[:, 1])[[0, -1]] / RATE == pytest.approx([2.0, 3.0], abs=0.001)


def test_the_files_replace_older_ones_and_leave_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / SOUND).write_text("older")
    sound, picture = save(tmp_path, np.zeros(160, np.int16), np.zeros(480, np.int16), WHOLE)
    assert soundfile.info(sound).frames == 480
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == [SOUND, PICTURE]


def test_half_a_conversation_makes_files_too(tmp_path: Path) -> None:
    sound, picture = save(tmp_path, np.zeros(0, np.int16), np.zeros(0, np.int16), [])
    assert sound.exists()
    assert picture.exists()


def test_a_folder_is_made_and_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    prepare(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").write_text("")
    for place in ("file", "file/sub"):
        with pytest.raises(Failure, match="--output-dir"):
            prepare(tmp_path / place)


def test_a_disk_that_takes_nothing_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / SOUND).mkdir()  # what cannot be replaced stands for what cannot be written
    with pytest.raises(Failure, match=rf"Cannot write to .*{SOUND}"):
        save(tmp_path, np.zeros(16, np.int16), np.zeros(24, np.int16), [])
    assert [path.name for path in tmp_path.iterdir()] == [SOUND]


def test_the_command_says_at_once_that_it_cannot_write(prism: Prism, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = prism("demo", "--output-dir", str(tmp_path / "file"))
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err == f"prism: {tmp_path / 'file'} is a file; choose a folder with --output-dir.\n"
