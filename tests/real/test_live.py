"""The live path: ``prism talk`` with a microphone and a loudspeaker, on a virtual sound card with real engines.

Recordings are played to the microphone, what the loudspeaker plays is taped, and what the events tell is held against
the tape. Nothing inside the process is touched.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import wave
from typing import TYPE_CHECKING

import pytest

from stt import SAMPLE_RATE
from tests.kit.live import PATIENCE_S, Talk, Tape
from tests.kit.pulse import PulseServer, missing, note, pulse_server
from ui.cli.demo_user import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

RECORDINGS = shipped()
LONG_REPLY = "en_joke"
"""Without a language model the answer to this is an excuse of 18 s."""
LEAD_S = 0.02
"""Seconds of a recording that are kept before its first voiced sample."""
EARLY_S, LATE_S = 0.05, 0.12
"""How far a sound may lie before and after the moment that was told for it: the device's buffer and the tape's."""


@pytest.fixture
def sound() -> Iterator[PulseServer]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with pulse_server() as server:
        yield server


class User:
    """Speaks into the microphone."""

    def __init__(self, server: PulseServer, folder: Path) -> None:
        self._server = server
        self._folder = folder

    def says(self, name: str) -> None:
        """Speak at once, and return when all is said."""
        assert self.begins(name) == 0

    def begins(self, name: str) -> int:
        """Speak at once, and return when all is said or the sound server is gone: what ``paplay`` says to it."""
        recording = RECORDINGS[name]
        file = self._folder / f"{name}.wav"
        with wave.open(str(file), "wb") as target:
            target.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            start = round((recording.onset_s - LEAD_S) * SAMPLE_RATE)
            target.writeframes(recording.samples[start:].tobytes())
        return self._server.play(file).wait(PATIENCE_S)


@pytest.fixture
def user(sound: PulseServer, tmp_path: Path) -> User:
    return User(sound, tmp_path)


def make_echo(server: PulseServer) -> None:
    """A room: from now on the microphone hears the loudspeaker."""
    path = ["source=speaker.monitor", "sink=mic", "latency_msec=60"]
    command = ["pactl", "load-module", "module-loopback", *path]
    subprocess.run(command, env=server.environment, check=True, capture_output=True)


def spoken(names: list[str]) -> list[str]:
    return [RECORDINGS[name].text for name in names]


def test_three_turns_are_heard_answered_and_told_as_they_sound(sound: PulseServer, user: User) -> None:
    said = ["fr_time", "en_sum", "fr_sum"]
    with Tape(sound, "speaker") as tape, Talk(sound) as talk:
        talk.wait_for("session.started")
        for count, name in enumerate(said, 1):
            user.says(name)  # at once, from the first one on: no word may be lost
            talk.wait_for("turn.completed", count)
        time.sleep(0.3)
        now = time.monotonic()
        code, took = talk.interrupt()
        assert talk.fields("transcript.final", "text") == spoken(said)
        starts = [talk.wall(t) for t in talk.fields("audio.started", "t")]
        ends = [talk.wall(t) for t in talk.fields("audio.finished", "t")]
        gaps = zip([now - 60, *ends], [*starts, now], strict=True)
        silence = [tape.sounds(end + LATE_S, start - EARLY_S) for end, start in gaps]
        heard = [tape.sounds(s - EARLY_S, e + LATE_S) for s, e in zip(starts, ends, strict=True)]
    off = [1000 * (sounds[0] - start) for sounds, start in zip(heard, starts, strict=True)]
    tail = [1000 * (sounds[-1] - end) for sounds, end in zip(heard, ends, strict=True)]
    mouth_to_ear = [row["first_audio"] for row in talk.fields("turn.completed", "latency")]
    note(
        f"first sound {off} ms after it was told, last {tail} ms; mouth to ear {mouth_to_ear} ms; end {took:.2f} s"
    )
    assert silence == [[], [], [], []]
    assert all(len(sounds) > 50 for sounds in heard)
    assert talk.fields("turn.failed", "error") == talk.fields("turn.interrupted", "heard_text") == []
    assert talk.fields("session.ended", "reason") == ["interrupted"]
    assert (code, talk.complaint) == (130, "")
    assert took < 2


def test_with_headphones_the_voice_of_the_user_stops_the_assistant(sound: PulseServer, user: User) -> None:
    with (
        Tape(sound, "speaker") as tape,
        Tape(sound, "mic") as mouth,
        Talk(sound, "audio.headphones=true") as talk,
    ):
        talk.wait_for("session.started")
        user.says(LONG_REPLY)
        began = talk.wait_for("audio.started").wall
        time.sleep(1.5)
        user.says("en_time")
        talk.wait_for("turn.completed")
        onset = mouth.sounds(began, began + 60)[0]
        interrupted = talk.wait_for("turn.interrupted")
        resumed = talk.wall(talk.wait_for("audio.started", 2).event["t"])
        sounding = tape.sounds(began - EARLY_S, resumed - EARLY_S)
        heard_s = interrupted.event["latency"]["heard_ms"] / 1000
    silent_after = sounding[-1] - onset
    note(
        f"silent {1000 * silent_after:.0f} ms after the onset; {heard_s:.2f} s told as heard, "
        f"{sounding[-1] - sounding[0]:.2f} s on the tape; {interrupted.event['heard_text']!r}"
    )
    assert 0 < silent_after < 0.5
    assert heard_s == pytest.approx(sounding[-1] - sounding[0], abs=0.25)
    assert interrupted.event["intended_text"].startswith(interrupted.event["heard_text"])
    assert 0 < len(interrupted.event["heard_text"]) < len(interrupted.event["intended_text"])
    assert talk.fields("transcript.final", "text") == spoken([LONG_REPLY, "en_time"])


def test_without_headphones_it_does_not_listen_to_itself(sound: PulseServer, user: User) -> None:
    make_echo(sound)
    with Tape(sound, "mic") as room, Talk(sound) as talk:
        talk.wait_for("session.started")
        for count, name in enumerate(("en_sum", "en_time"), 1):
            user.says(name)
            talk.wait_for("turn.completed", count)
            time.sleep(1.0)
        user.says(LONG_REPLY)
        began = talk.wait_for("audio.started", 3).wall
        time.sleep(2.0)
        code, took = talk.interrupt()
        in_the_room = room.sounds(began, began + 2)
    note(f"end {took:.2f} s after Ctrl-C in the midst of a reply; {len(in_the_room)} steps of it in the room")
    assert len(in_the_room) > 50, "the microphone did not hear the loudspeaker: nothing was proved"
    assert talk.fields("transcript.final", "text") == spoken(["en_sum", "en_time", LONG_REPLY])
    assert len(talk.all("speech.started")) == 3
    assert talk.all("playback.paused") == talk.all("transcript.rejected") == []
    assert [told.event["turn"] for told in talk.all("turn.interrupted")] == [3]  # by Ctrl-C
    assert (code, talk.complaint) == (130, "")
    assert took < 2


def test_a_program_that_was_stopped_for_a_while_still_tells_the_truth(sound: PulseServer, user: User) -> None:
    """All that was said meanwhile comes at once afterwards, and must not be taken for time."""
    with Tape(sound, "speaker") as tape, Tape(sound, "mic") as mouth, Talk(sound) as talk:
        talk.wait_for("session.started")
        untold = []
        for count in (1, 2):
            began = time.monotonic()
            user.says("en_sum")
            row = talk.wait_for("turn.completed", count).event["latency"]
            said_until = mouth.sounds(began, began + 5)[-1]
            untold.append(tape.sounds(said_until, said_until + 5)[0] - said_until - row["first_audio"] / 1000)
            talk.process.send_signal(signal.SIGSTOP)
            time.sleep(0.9)
            talk.process.send_signal(signal.SIGCONT)
            time.sleep(0.5)
    note(f"from mouth to ear {[round(1000 * late) for late in untold]} ms more than told")
    assert untold == pytest.approx([0.04, 0.04], abs=0.06)


def test_a_hung_sound_server_is_told_at_the_start(sound: PulseServer) -> None:
    sound.freeze()
    with Talk(sound) as talk:
        code = talk.ended()
    assert (code, talk.told) == (3, [])
    assert talk.complaint.startswith("prism: the sound system does not answer")


@pytest.mark.parametrize("speaking", [False, True])
def test_a_sound_server_that_dies_and_stays_away_is_one_line_and_the_end(
    sound: PulseServer, user: User, speaking: bool
) -> None:
    with Talk(sound, "audio.restore_s=2") as talk:
        talk.wait_for("session.started")
        if speaking:
            user.says(LONG_REPLY)
            talk.wait_for("audio.started")
        since = time.monotonic()
        sound.kill()
        code = talk.ended()
        took = time.monotonic() - since
    note(f"ended after {took:.2f} s: {talk.complaint!r}")
    assert code == 1
    assert talk.complaint.count("\n") == 1
    assert "was lost and there is no other: connect it again" in talk.complaint
    assert sorted(talk.fields("device.lost", "kind")) == ["microphone", "speaker"]
    assert talk.all("device.restored") == []
    assert talk.fields("session.ended", "reason") == ["failed"]
    assert 2 <= took < 7


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", ["killed", "hung"])
def test_a_conversation_goes_on_when_the_sound_server_does(sound: PulseServer, user: User, how: str) -> None:
    """In the midst of a reply, and then in the midst of what the user says."""
    with Talk(sound, "audio.headphones=true") as talk:
        talk.wait_for("session.started")
        user.says("en_sum")
        talk.wait_for("audio.started")
        trouble(sound, how)
        talk.wait_for("device.restored", 2)
        talk.wait_for("turn.completed")
        saying = threading.Thread(target=lambda: user.begins(LONG_REPLY), daemon=True)
        saying.start()
        talk.wait_for("speech.started", 2)
        trouble(sound, how)
        saying.join(PATIENCE_S)
        talk.wait_for("device.restored", 4)
        talk.wait_for("speech.ended", 2)
        time.sleep(1.0)
        user.says("en_time")
        talk.wait_for("transcript.final", len(talk.all("transcript.final")) + 1)
        talk.wait_for("audio.started", len(talk.all("audio.started")) + 1)
        code, took = talk.interrupt()
    note(f"{how}: {talk.fields('transcript.final', 'text')}, end {took:.2f} s after Ctrl-C")
    assert talk.fields("transcript.final", "text")[0] == RECORDINGS["en_sum"].text
    assert talk.fields("transcript.final", "text")[-1] == RECORDINGS["en_time"].text
    assert talk.fields("turn.failed", "error") == []
    assert talk.fields("turn.completed", "text")[0]
    assert sorted(talk.fields("device.lost", "kind")) == ["microphone"] * 2 + ["speaker"] * 2
    assert (code, talk.complaint) == (130, "")


def trouble(server: PulseServer, how: str) -> None:
    """The sound server is gone for longer than a device may be silent, and comes back."""
    if how == "killed":
        server.kill()
        time.sleep(1.0)
        server.restart()
    else:
        server.freeze()
        time.sleep(1.8)
        server.thaw()
