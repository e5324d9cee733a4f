"""``prism talk`` from outside: a recording goes in, a real recognizer, voice and HTTP server work, events come out."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.kit.llama import running_server, saying
from tests.kit.prism import ENGINES, RECORDINGS, ROOT, Event, Prism, Ran, prism_program, without_portaudio
from tests.kit.sse_server import ChatRequest, Reply, SseServer, sse_server

if TYPE_CHECKING:
    from tests.kit.llama import LlamaServer

__all__ = ["prism_program", "running_server"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

log = logging.getLogger(__name__)

FRENCH, ENGLISH = ROOT / "tests/audio/fr_16k.wav", ROOT / "tests/audio/en_16k.wav"
WORDS = "Répète, s'il te plaît."
"""What is said in the French one; after the comma there is a pause in which Prism begins to think."""
REPLY = "Bonjour, il fait beau à Genève."
LATENCY = set(
    "pause stt_started stt_done llm_first_token first_clause tts_first_chunk committed first_audio "
    "stt_ms llm_ttft_ms tts_ms speculation heard_ms".split()
)
"""What other programs read of a turn."""
DITHER = 3
"""Of 32768."""
SLOWEST_MS = 3000.0
"""Mouth to ear that nobody would call a conversation; about 500 ms are usual."""


def llm(server: SseServer | LlamaServer) -> tuple[str, str]:
    return ("--set", f"llm.base_url={server.base_url}")


def overlapping(requests: list[ChatRequest]) -> int:
    """How many of them are still being answered."""
    return sum(not (request.complete or request.left) for request in requests)


def before(names: list[str], *order: str) -> bool:
    """Whether the first of each come in that order."""
    places = [names.index(name) for name in order]
    return places == sorted(places)


def last(names: list[str], name: str) -> int:
    return len(names) - 1 - names[::-1].index(name)


def rms(sound: np.ndarray) -> float:
    """Of full scale."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0


def _samples(wav: Path) -> np.ndarray:
    """16-bit samples, wide enough to subtract."""
    samples, _ = soundfile.read(wav, dtype="int16")
    wide: np.ndarray = samples.astype(np.int32)
    return wide


def pasted(path: Path, parts: list[Path], gap_s: float) -> Path:
    """Recordings one after the other."""
    pieces: list[np.ndarray] = []
    rate = 0
    for part in parts:
        samples, rate = soundfile.read(part, dtype="int16")
        pieces += [samples, np.zeros(int(gap_s * rate), np.int16)]
    soundfile.write(path, np.concatenate(pieces[:-1]), rate)
    return path


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that was held."""

    ran: Ran
    requests: list[ChatRequest]
    most_at_once: int
    """Requests that were being answered at the same time."""
    output: Path


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    """One spoken question, thought about before it was certain that it was one, and its answer in a file."""
    home = tmp_path_factory.mktemp("talk")
    output = home / "reply.wav"
    seen: list[int] = []

    def script(_request: ChatRequest) -> Reply:
        seen.append(1 + overlapping(server.requests))
        return Reply.of("Bonjour, ", "il fait ", "beau à ", "Genève.", first=0.05, every=0.02)

    with sse_server(script) as server:
        ran = Prism(home)(
            *("talk", "--input", FRENCH, "--once", "--json", "--output", output), *ENGINES, *llm(server)
        )
        return Talk(ran, server.requests, max(seen), output)


def test_it_succeeds_and_says_nothing_beside_its_events(talk: Talk) -> None:
    assert (talk.ran.code, talk.ran.err) == (0, "")
    assert all(isinstance(event["event"], str) and event["t"] >= 0 for event in talk.ran.events)
    assert talk.ran.names[0] == "session.started"
    assert talk.ran.events[-1] == {**talk.ran.one("session.ended"), "turns": 1, "reason": "once"}
    assert talk.ran.names[-1] == "session.ended"


def test_the_events_come_in_the_order_of_the_contract(talk: Talk) -> None:
    names = talk.ran.names
    assert before(names, "speech.started", "speech.paused", "speech.ended")
    assert before(names, "turn.started", "transcript.final", "turn.committed", "reply.delta")
    assert before(names, "reply.delta", "reply.sentence", "audio.started", "audio.finished", "turn.completed")
    heard = [place for place, name in enumerate(names) if name.startswith(("reply.", "audio."))]
    assert names.index("turn.committed") < min(heard)
    assert max(heard) < names.index("turn.completed")
    assert names.count("transcript.final") == names.count("turn.committed") == 1


def test_one_turn_has_one_number_and_its_last_revision_is_committed(talk: Talk) -> None:
    assert {event["turn"] for event in talk.ran.events if "turn" in event} == {1}
    started = [event["revision"] for event in talk.ran.events if event["event"] == "turn.started"]
    dropped = [event["revision"] for event in talk.ran.events if event["event"] == "turn.superseded"]
    assert started == [*dropped, talk.ran.one("turn.committed")["revision"]]


def test_what_was_said_is_written_down(talk: Talk) -> None:
    final = talk.ran.one("transcript.final")
    assert (final["text"], final["language"]) == (WORDS, "fr")
    assert 0.5 < final["confidence"] <= 1.0


def test_the_reply_is_told_as_written_and_as_spoken(talk: Talk) -> None:
    of = [event for event in talk.ran.events if event["event"] in ("reply.delta", "reply.sentence")]
    assert "".join(event["text"] for event in of if event["event"] == "reply.delta") == REPLY
    assert " ".join(event["text"] for event in of if event["event"] == "reply.sentence") == REPLY
    assert talk.ran.one("turn.completed")["text"] == REPLY


def test_the_latency_of_the_turn_is_told_and_makes_sense(talk: Talk) -> None:
    latency = talk.ran.one("turn.completed")["latency"]
    assert set(latency) >= LATENCY
    order = [
        latency[name] for name in ("pause", "stt_started", "stt_done", "llm_first_token", "first_clause")
    ]
    assert order == sorted(order)
    assert latency["speculation"] == "hit"
    assert max(latency["committed"], latency["tts_first_chunk"]) <= latency["first_audio"] < SLOWEST_MS
    assert latency["stt_done"] - latency["stt_started"] == pytest.approx(latency["stt_ms"], abs=0.2)


def test_the_server_is_never_asked_twice_at_once(talk: Talk) -> None:
    assert talk.most_at_once == 1
    *superseded, answered = talk.requests
    assert answered.complete
    assert answered.question == WORDS
    assert not any(request.complete and request.question == WORDS for request in superseded)


def test_the_reply_is_in_the_file_at_its_time(talk: Talk) -> None:
    sound, rate = soundfile.read(talk.output, dtype="float32")
    info = soundfile.info(talk.output)
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
    begin, end = (int(talk.ran.one(f"audio.{what}")["t"] * rate) for what in ("started", "finished"))
    assert rms(sound[begin:end]) > 0.02
    assert not np.any(sound[: begin - rate // 50]), "something sounds before the reply"
    assert not np.any(np.abs(sound[end + rate // 50 :]) > 0.01), "something sounds after the reply"
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    assert loud[0] / rate == pytest.approx(begin / rate, abs=0.03)
    assert len(sound) / rate == pytest.approx(talk.ran.one("session.ended")["t"], abs=0.1)
    # eSpeak speaks some fifteen letters in a second.
    assert (end - begin) / rate == pytest.approx(len(REPLY) / 15, rel=0.4)


def test_without_speculation_and_without_a_speaker(prism: Prism, tmp_path: Path) -> None:
    with sse_server([Reply.of("Oui.")]) as server:
        ran = prism(
            *("talk", "--input", FRENCH, "--once", "--json", "--no-speculation"),
            *(*ENGINES, *llm(server)),
            environment=without_portaudio(tmp_path),
        )
    assert ran.code == 0
    assert "not played" in ran.err
    assert "--output" in ran.err
    assert not any(line.startswith("prism:") for line in ran.err.splitlines())
    assert [request.question for request in server.requests] == [WORDS]
    assert before(ran.names, "speech.ended", "transcript.final", "turn.started", "turn.committed") or before(
        ran.names, "speech.ended", "turn.started", "transcript.final", "turn.committed"
    )
    latency = ran.one("turn.completed")["latency"]
    assert latency["speculation"] == "off"
    assert latency["llm_started"] >= latency["committed"]


def test_a_real_language_model_answers(prism: Prism, llama: LlamaServer, tmp_path: Path) -> None:
    body = json.dumps({"grammar": saying(REPLY)})
    output = tmp_path / "reply.wav"
    ran = prism(
        *("talk", "--input", FRENCH, "--once", "--json", "--output", output),
        *(*ENGINES, *llm(llama), "--set", f"llm.extra_body={body}"),
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.one("transcript.final")["text"] == WORDS
    deltas = [event["text"] for event in ran.events if event["event"] == "reply.delta"]
    assert "".join(deltas) == REPLY
    assert len(deltas) > 5, "it did not stream"
    assert ran.one("turn.completed")["text"] == REPLY
    sound, rate = soundfile.read(output, dtype="float32")
    assert rms(sound[int(ran.one("audio.started")["t"] * rate) :]) > 0.02
    log.info("llama.cpp: %s", ran.one("turn.completed")["latency"])


@pytest.fixture(scope="module")
def cut_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Ran, Path, Path]:
    """Twice the same conversation as fast as it goes: the second question comes while the first is answered."""
    home = tmp_path_factory.mktemp("fast")
    asked = pasted(home / "asked.wav", [FRENCH, ENGLISH], gap_s=1.2)
    story = [
        "Il était une fois ",
        "un roi qui parlait ",
        "sans jamais s'arrêter. ",
        "Puis il but. ",
        "Voilà.",
    ]

    def script(request: ChatRequest) -> Reply:
        return Reply.of("Prism.") if "name" in request.question else Reply.of(*story)

    takes = home / "one.wav", home / "two.wav"
    with sse_server(script) as server:
        argv = ("talk", "--input", asked, "--fast", "--json", *ENGINES, *llm(server))
        first, second = (Prism(home)(*argv, "--output", take) for take in takes)
    return first, second, *takes


def test_fast_gives_the_same_every_time(cut_in: tuple[Ran, Ran, Path, Path]) -> None:
    first, second, sound, again = cut_in
    assert (first.code, first.err) == (0, "")
    assert first.out == second.out
    # The resampler's dither is random.
    assert np.abs(_samples(sound) - _samples(again)).max() <= DITHER


def test_who_cuts_in_is_answered(cut_in: tuple[Ran, Ran, Path, Path]) -> None:
    ran = cut_in[0]
    cut = ran.one("turn.interrupted")
    assert cut["reason"] == "speech"
    assert cut["heard_text"]
    assert cut["intended_text"].startswith(cut["heard_text"])
    assert len(cut["heard_text"]) < len(cut["intended_text"])
    said = [event["text"] for event in ran.events if event["event"] == "transcript.final"]
    assert said == [WORDS, "What is your name?"]
    assert ran.one("turn.completed")["text"] == "Prism."
    assert ran.one("session.ended")["turns"] == 2


def test_typed_lines_are_turns(prism: Prism) -> None:
    with sse_server(lambda request: Reply.of(f"Vous dites {request.question}.")) as server:
        ran = prism(
            *("talk", "--text", "--json", "--output", prism.home / "reply.wav", *ENGINES, *llm(server)),
            stdin=b"bonjour\n\nmerci\n",
        )
    assert (ran.code, ran.err) == (0, "")
    assert [event["text"] for event in ran.events if event["event"] == "turn.completed"] == [
        "Vous dites bonjour.",
        "Vous dites merci.",
    ]
    assert "speech.started" not in ran.names
    assert ran.one("session.ended")["reason"] == "input ended"
    second = [message["content"] for message in server.requests[1].body["messages"][1:]]
    assert second == ["bonjour", "Vous dites bonjour.", "merci"]


def _raw() -> bytes:
    samples, _ = soundfile.read(FRENCH, dtype="<i2" if sys.byteorder == "little" else "int16")
    return bytes(samples.astype("<i2").tobytes())


@pytest.mark.parametrize("lang", ["auto", "fr"])
def test_a_pipe_is_listened_to(prism: Prism, lang: str) -> None:
    how = ("--rate", "16000") if lang == "fr" else ()
    with sse_server([Reply.of("Oui.")]) as server:
        ran = prism(
            *("talk", "--input", "-", *how, "--lang", lang, "--once", "--fast", "--json"),
            *(*ENGINES, *llm(server)),
            stdin=_raw() if how else FRENCH.read_bytes(),
        )
    assert (ran.code, ran.err) == (0, "")
    assert ran.one("session.started")["language"] == lang
    final = ran.one("transcript.final")
    assert (final["text"], final["language"]) == (WORDS, "fr")
    assert server.requests[-1].headers["accept-language"] == "fr"


def test_the_conversation_is_written_for_people(prism: Prism) -> None:
    with sse_server([Reply.of(REPLY)]) as server:
        ran = prism("talk", "--input", FRENCH, "--once", "--fast", *ENGINES, *llm(server))
    assert ran.code == 0
    you, assistant = ran.out.splitlines()
    assert you.endswith(WORDS)
    assert REPLY in assistant


@pytest.mark.parametrize("name", ["fr_01", "fr_02", "fr_03", "fr_04"])
def test_it_answers_soon(prism: Prism, name: str) -> None:
    recording = RECORDINGS / f"{name}.wav"
    if not recording.exists():
        pytest.skip(f"no recordings in {RECORDINGS}")
    said: Event = next(
        one for one in json.loads((RECORDINGS / "manifest.json").read_text()) if one["file"] == recording.name
    )
    with sse_server(lambda _: Reply.of("Oui.", first=0.1)) as server:
        ran = prism(
            *("talk", "--input", recording, "--once", "--json", "--output", prism.home / "reply.wav"),
            *(*ENGINES, *llm(server)),
        )
    assert ran.code == 0
    latency = ran.one("turn.completed")["latency"]
    assert latency["first_audio"] < SLOWEST_MS
    truth_ms = (ran.one("audio.started")["t"] - said["speech_end_s"]) * 1000
    log.info("%s: %.0f ms from the true end of speech; %s", name, truth_ms, latency)
    assert truth_ms < SLOWEST_MS
