"""Ctrl-C and SIGTERM in every stage of a conversation: out at once, the file playable, the server left."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from tests.kit.prism import ENGINES, ROOT, Live, Prism, Ran, prism_program
from tests.kit.sse_server import Reply, SseServer, sse_server

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

FRENCH = ROOT / "tests/audio/fr_16k.wav"
LIMIT_S = 10.0
"""From the signal to the end of the process: a moment, but test machines are busy."""
SOON = Reply.of("Oui.")
NEVER = Reply.of("Oui.", first=600.0)
LONG = Reply.of(
    "Il était une fois un roi. ", "Il parlait, ", "il parlait encore, ", *["et encore, "] * 60, every=0.2
)
PATIENT = ("--set", "turn.min_wait_ms=9000", "--set", "turn.max_wait_ms=9000")
"""No turn is committed while a test looks at what comes before."""
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])


@dataclass(frozen=True, slots=True)
class Cut:
    """A conversation that was interrupted."""

    ran: Ran
    output: Path
    server: SseServer

    @property
    def seconds(self) -> float:
        """Length of the file."""
        info = soundfile.info(self.output)
        return float(info.frames / info.samplerate)


Moment = Callable[[Live, SseServer, Path], object]


def cut(prism: Prism, number: int, reply: Reply, moment: Moment, *options: str) -> Cut:
    """Begin to talk, wait for ``moment``, send the signal, and wait for the end."""
    output = prism.home / "reply.wav"
    with sse_server([reply]) as server:
        argv = ("talk", "--input", FRENCH, "--json", "--output", output)
        with prism.started(*argv, *ENGINES, *options, "--set", f"llm.base_url={server.base_url}") as live:
            moment(live, server, output)
            live.send(number)
            ran = live.finish()
        if server.requests:
            server.wait_for(lambda: server.requests[-1].left or server.requests[-1].complete, LIMIT_S)
    assert ran.code == 130
    assert ran.seconds < LIMIT_S
    assert ran.err == ""
    return Cut(ran, output, server)


def ended(talk: Cut, turns: int) -> None:
    """The session's end is the last word, and the file is as long as the session was."""
    end = talk.ran.events[-1]
    assert (end["event"], end["turns"], end["reason"]) == ("session.ended", turns, "interrupted")
    assert talk.seconds == pytest.approx(end["t"], abs=0.1)
    assert talk.seconds > 0


@SIGNALS
def test_while_loading(prism: Prism, number: int) -> None:
    talk = cut(prism, number, SOON, lambda live, _, output: live.wait_until(output.exists, "file"))
    assert talk.ran.out == ""
    assert talk.seconds == 0, "nothing was played"


@SIGNALS
def test_while_listening(prism: Prism, number: int) -> None:
    unhurried = (*PATIENT, "--no-speculation")  # a busy machine may be late with the signal
    talk = cut(prism, number, SOON, lambda live, *_: live.wait_for("speech.started"), *unhurried)
    ended(talk, turns=0)
    assert talk.server.requests == []


def test_while_decoding(prism: Prism) -> None:
    talk = cut(prism, signal.SIGINT, SOON, lambda live, *_: live.wait_for("speech.paused"), *PATIENT)
    ended(talk, turns=0)
    assert "transcript.final" not in talk.ran.names


def test_while_thinking_ahead(prism: Prism) -> None:
    def asked(_: Live, server: SseServer, __: Path) -> None:
        server.wait_for(lambda: bool(server.requests), 20)

    talk = cut(prism, signal.SIGINT, NEVER, asked, *PATIENT)
    ended(talk, turns=0)
    assert talk.ran.names[-2] == "turn.superseded"
    assert talk.server.requests[-1].left


@SIGNALS
def test_while_the_language_model_is_asked(prism: Prism, number: int) -> None:
    def asked(live: Live, server: SseServer, _: Path) -> None:
        live.wait_for("turn.committed")
        server.wait_for(lambda: bool(server.requests) and not server.requests[-1].left)

    talk = cut(prism, number, NEVER, asked)
    ended(talk, turns=1)
    interrupted = talk.ran.events[-2]
    assert (interrupted["event"], interrupted["reason"]) == ("turn.interrupted", "session")
    assert (interrupted["heard_text"], interrupted["intended_text"]) == ("", "")
    assert talk.server.requests[-1].left


@SIGNALS
def test_while_speaking(prism: Prism, number: int) -> None:
    def speaking(live: Live, *_: object) -> None:
        live.wait_for("audio.started")
        time.sleep(0.5)  # hear some of it

    talk = cut(prism, number, LONG, speaking)
    ended(talk, turns=1)
    interrupted = talk.ran.events[-2]
    assert (interrupted["event"], interrupted["reason"]) == ("turn.interrupted", "session")
    assert interrupted["heard_text"].startswith("Il était")
    assert interrupted["intended_text"].startswith(interrupted["heard_text"])
    assert len(interrupted["heard_text"]) < len(interrupted["intended_text"])
    assert talk.server.requests[-1].left
    sound, rate = soundfile.read(talk.output)
    assert abs(sound[int(talk.ran.one("audio.started")["t"] * rate) :]).max() > 0.05


def test_while_waiting_for_a_line(prism: Prism) -> None:
    argv = ("talk", "--text", "--json", "--output", prism.home / "reply.wav", *ENGINES)
    with prism.started(*argv, "--set", "llm.base_url=builtin", stdin=subprocess.PIPE) as live:
        live.wait_for("session.started")
        live.send(signal.SIGINT)
        ran = live.finish()
    assert (ran.code, ran.err) == (130, "")
    assert ran.seconds < LIMIT_S
    assert ran.one("session.ended")["reason"] == "interrupted"


def test_while_transcribing(prism: Prism) -> None:
    with prism.started("transcribe", *[FRENCH] * 200, *ENGINES) as live:
        live.wait_until(lambda: live.out.stat().st_size, "line")
        live.send(signal.SIGINT)
        ran = live.finish()
    assert (ran.code, ran.err) == (130, "")
    assert ran.seconds < LIMIT_S
