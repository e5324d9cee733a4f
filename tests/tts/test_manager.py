"""Who speaks when something breaks: scripted voices on virtual time, and the real ones behind the settings."""

from __future__ import annotations

import asyncio
import io
import wave
from contextlib import aclosing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tests.tts.conftest import read
from tts import (
    Failure,
    ScriptedSynthesizer,
    SpeechChunk,
    SpeechScript,
    TTSBackendMissing,
    TTSError,
    TTSManager,
    TTSRejected,
    TTSTimedOut,
    TTSUnavailable,
)
from tts.manager import OUTAGE_S, PROBE_STALL_S, STALL_S, WARMING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TEXT = "Il est midi."
BROKEN = TTSUnavailable("It broke.")


class Cast:
    """A manager of scripted voices named a, b, c ..., and what it told."""

    def __init__(self, *scripts: SpeechScript) -> None:
        self.voices = [
            ScriptedSynthesizer(script, name=name) for script, name in zip(scripts, "abcdef", strict=False)
        ]
        self.switches: list[tuple[str, str, str]] = []
        self.manager = TTSManager(
            self.voices, voice="v", speed=1.0, notify=lambda *told: self.switches.append(told)
        )

    async def say(self, text: str = TEXT, language: str = "fr") -> list[SpeechChunk]:
        return await read(self.manager.speak(text, language=language))

    @property
    def asked(self) -> str:
        """Which voices were asked, in order of their names."""
        return "".join(voice.name * len(voice.calls) for voice in self.voices)


def breaks(after_chunks: int = 0, error: TTSError = BROKEN, text: str = TEXT, times: int = 1) -> SpeechScript:
    return SpeechScript(failures=(Failure(text, after_chunks, error),) * times)


FINE = SpeechScript()


@pytest.mark.parametrize(
    ("scripts", "speaks", "told"),
    [
        ((FINE, FINE), "a", []),
        ((breaks(), FINE), "b", [("a", "b", "It broke.")]),
        ((breaks(), breaks(), FINE), "c", [("a", "c", "It broke.")]),
        ((breaks(error=TTSRejected("Not this.")), FINE), "b", [("a", "b", "Not this.")]),
        ((breaks(error=TTSBackendMissing("Not there.")), FINE), "b", [("a", "b", "Not there.")]),
        ((breaks(error=TTSTimedOut("Late.")), FINE), "b", [("a", "b", "Late.")]),
    ],
)
async def test_who_speaks(
    scripts: tuple[SpeechScript, ...], speaks: str, told: list[tuple[str, str, str]]
) -> None:
    cast = Cast(*scripts)
    chunks = await cast.say()
    assert {chunk.backend for chunk in chunks} == {speaks}
    assert chunks[-1].last_of_sentence
    assert cast.switches == told


@pytest.mark.parametrize(
    ("errors", "kind", "says"),
    [
        ([TTSUnavailable("A is broken.")], TTSUnavailable, r"^A is broken\.$"),
        (
            [TTSUnavailable("A is broken."), TTSRejected("B will not.")],
            TTSUnavailable,
            r"^No voice can speak: a: A is broken; b: B will not\.$",
        ),
        ([TTSRejected("No."), TTSRejected("Never.")], TTSRejected, "a: No; b: Never"),
    ],
)
async def test_when_none_can(errors: list[TTSError], kind: type[TTSError], says: str) -> None:
    cast = Cast(*(breaks(error=error) for error in errors))
    with pytest.raises(kind, match=says):
        await cast.say()
    assert cast.switches == []


async def test_a_voice_that_breaks_in_mid_sentence_loses_no_word() -> None:
    text = "Un deux trois quatre cinq six sept."
    for after in range(1, 11):
        cast = Cast(breaks(after, text=text), SpeechScript())
        chunks = await cast.say(text)
        first = sum(chunk.duration for chunk in chunks if chunk.backend == "a")
        second = sum(chunk.duration for chunk in chunks if chunk.backend == "b")
        whole = len(text) * 0.06
        assert first == pytest.approx(after * 0.2)
        assert whole - first <= second + 0.04 <= whole + 0.04
        assert [chunk.last_of_sentence for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert chunks[-1].samples[200:].any()


async def test_a_failed_voice_is_left_out_for_a_while_then_speaks_again() -> None:
    cast = Cast(breaks(), FINE)
    await cast.say()
    await cast.say("Deux.")
    assert cast.asked == "abb"


def test_a_failed_voice_speaks_again_after_its_outage() -> None:
    async def scene() -> Cast:
        cast = Cast(breaks(), FINE)
        await cast.say()
        await asyncio.sleep(OUTAGE_S + 1)
        assert {chunk.backend for chunk in await cast.say()} == {"a"}
        return cast

    assert run_virtual(scene()).switches == [("a", "b", "It broke."), ("b", "a", "a works again.")]


def test_a_voice_slower_than_real_time_gives_way_and_is_tried_again() -> None:
    """Three times slower: its second sentence is the last; the probe after the outage decides each time."""
    slow = SpeechScript(first_chunk_s=0.3, work_per_second=3.0)

    async def scene() -> Cast:
        cast = Cast(slow, FINE)
        spoken = "".join(
            [(await cast.say(f"Phrase numéro {n}, assez longue."))[-1].backend for n in range(5)]
        )
        assert spoken == "aabbb"
        await asyncio.sleep(OUTAGE_S + 1)
        spoken = "".join([(await cast.say(f"Encore la phrase {n}."))[-1].backend for n in range(3)])
        assert spoken == "abb"
        cast.voices[0]._script = FINE
        await asyncio.sleep(2 * OUTAGE_S + 1)
        assert (await cast.say("Et maintenant."))[-1].backend == "a"
        assert (await cast.say("Oui."))[-1].backend == "a"
        return cast

    slow_reason = "a is slower than real time."
    assert run_virtual(scene()).switches == [
        ("a", "b", slow_reason),
        ("b", "a", "a works again."),
        ("a", "b", slow_reason),
        ("b", "a", "a works again."),
    ]


def test_a_voice_that_creeps_is_given_up_within_its_piece() -> None:
    text = "Une phrase qui ne finit pas."

    async def scene() -> Cast:
        cast = Cast(SpeechScript(work_per_second=60.0), FINE)
        chunks = await cast.say(text)
        assert [chunk.backend for chunk in chunks][-1] == "b"
        assert chunks[-1].last_of_sentence
        assert asyncio.get_running_loop().time() < STALL_S + 3 * len(text) * 0.06 + 1
        return cast

    assert "too slow" in run_virtual(scene()).switches[0][2]


def test_one_piece_probes_while_others_stay_with_the_voice_that_works() -> None:
    async def scene() -> str:
        cast = Cast(SpeechScript(first_chunk_s=0.1, failures=(Failure(TEXT, 0, BROKEN),)), FINE)
        await cast.say()
        await asyncio.sleep(OUTAGE_S + 1)
        async with asyncio.TaskGroup() as group:
            spoken = [group.create_task(cast.say(f"Phrase {n}.")) for n in range(4)]
        return "".join(task.result()[-1].backend for task in spoken)

    assert sorted(run_virtual(scene())) == ["a", "b", "b", "b"]


def test_a_cancelled_probe_leaves_room_for_the_next() -> None:
    async def scene() -> None:
        cast = Cast(breaks(), FINE)
        await cast.say()
        await asyncio.sleep(OUTAGE_S + 1)
        async with aclosing(cast.manager.speak("Une phrase longue.", language="fr")) as chunks:
            await anext(chunks)
        assert {chunk.backend for chunk in await cast.say()} == {"a"}

    run_virtual(scene())


async def test_a_refused_text_does_not_cost_the_next_one_its_voice() -> None:
    cast = Cast(breaks(error=TTSRejected("Not this.")), FINE)
    await cast.say()
    assert {chunk.backend for chunk in await cast.say("Autre chose.")} == {"a"}


async def test_a_failure_in_one_language_leaves_the_other_alone() -> None:
    cast = Cast(breaks(), FINE)
    await cast.say(language="fr")
    assert {chunk.backend for chunk in await cast.say("Noon.", "en-GB")} == {"a"}
    assert cast.voices[0].calls[-1].language == "en"


def test_a_voice_that_hangs_is_given_up() -> None:
    async def scene() -> Cast:
        cast = Cast(SpeechScript(first_chunk_s=1e6), FINE)
        assert {chunk.backend for chunk in await cast.say()} == {"b"}
        assert asyncio.get_running_loop().time() == pytest.approx(STALL_S)
        assert cast.voices[0].active == 0
        return cast

    assert "gave no sound" in run_virtual(scene()).switches[0][2]


def test_a_probe_of_a_voice_that_still_hangs_is_short() -> None:
    async def scene() -> None:
        cast = Cast(SpeechScript(first_chunk_s=1e6), FINE)
        await cast.say()
        await asyncio.sleep(OUTAGE_S + 1)
        begun = asyncio.get_running_loop().time()
        assert {chunk.backend for chunk in await cast.say()} == {"b"}
        assert asyncio.get_running_loop().time() - begun == pytest.approx(PROBE_STALL_S)
        assert len(cast.voices[0].calls) == 2

    run_virtual(scene())


class NeverReady(ScriptedSynthesizer):
    """Hangs while it is warmed."""

    async def warm(self, language: str) -> None:
        del language
        await asyncio.sleep(1e6)


def test_a_voice_that_is_never_ready_holds_nobody_up_for_ever() -> None:
    async def scene() -> float:
        manager = TTSManager([NeverReady(FINE, name="a"), ScriptedSynthesizer(FINE, name="b")])
        await manager.warm(["fr"])
        assert manager.working == ("b",)
        return asyncio.get_running_loop().time()

    assert run_virtual(scene()) == pytest.approx(WARMING * STALL_S)


def test_a_reader_that_takes_its_time_is_no_hang() -> None:
    async def scene() -> list[str]:
        cast = Cast(FINE, FINE)
        backends = []
        async with aclosing(cast.manager.speak(TEXT, language="fr")) as chunks:
            async for chunk in chunks:
                await asyncio.sleep(STALL_S * 2)
                backends.append(chunk.backend)
        return backends

    assert set(run_virtual(scene())) == {"a"}


async def test_leaving_in_mid_sentence_leaves_nothing_running() -> None:
    cast = Cast(FINE)
    async with aclosing(cast.manager.speak(TEXT, language="fr")) as chunks:
        await anext(chunks)
        assert cast.voices[0].active == 1
    assert cast.voices[0].active == 0


def test_a_cancelled_reader_is_no_failure_of_the_voice() -> None:
    async def scene() -> Cast:
        cast = Cast(SpeechScript(first_chunk_s=5), FINE)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await cast.say()
        assert cast.voices[0].active == 0
        assert {chunk.backend for chunk in await cast.say()} == {"a"}
        return cast

    assert run_virtual(scene()).switches == []


def not_warm(*languages: str, error: TTSError = BROKEN) -> SpeechScript:
    return SpeechScript(not_warm=dict.fromkeys(languages, error))


@pytest.mark.parametrize(
    ("scripts", "working", "told"),
    [
        ((FINE, FINE), ("a", "b"), []),
        ((not_warm("fr", "en"), FINE), ("b",), [("a", "b", "It broke.")]),
        ((not_warm("fr"), FINE), ("a", "b"), []),
        ((FINE, not_warm("fr", "en")), ("a",), []),
    ],
)
async def test_warming_keeps_what_works(
    scripts: tuple[SpeechScript, ...], working: tuple[str, ...], told: list[tuple[str, str, str]]
) -> None:
    cast = Cast(*scripts)
    await cast.manager.warm(["fr", "en"])
    assert cast.manager.working == working
    assert cast.switches == told


async def test_a_voice_that_could_not_be_warmed_for_a_language_is_not_asked_to_speak_it() -> None:
    cast = Cast(not_warm("fr"), FINE)
    await cast.manager.warm(["fr", "en"])
    await cast.say(language="fr")
    await cast.say("Noon.", "en")
    assert [[call.language for call in voice.calls] for voice in cast.voices] == [["en"], ["fr"]]


async def test_warming_fails_only_when_nothing_works_and_names_each() -> None:
    missing = TTSBackendMissing("Not installed; `pip install it`.")
    cast = Cast(not_warm("fr"), not_warm("fr", error=missing))
    with pytest.raises(TTSUnavailable, match=r"a: It broke; b: Not installed; `pip install it`\.$"):
        await cast.manager.warm(["fr"])
    with pytest.raises(TTSBackendMissing):
        await Cast(not_warm("fr", error=missing), not_warm("fr", error=missing)).manager.warm(["fr"])


async def deltas(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


async def test_a_text_is_spoken_while_it_is_written() -> None:
    cast = Cast(FINE)
    text = ("Bien sû", "r, je vou", "s écoute, oui", ". Alo", "rs ? Bon")
    await read(cast.manager.stream(deltas(*text), language="fr"))
    assert [call.text for call in cast.voices[0].calls] == [
        "Bien sûr, je vous écoute, ",
        "oui. ",
        "Alors ? ",
        "Bon.",
    ]
    assert {(call.voice, call.speed) for call in cast.voices[0].calls} == {("v", 1.0)}


async def test_a_whole_text_is_one_wav_file() -> None:
    cast = Cast(breaks(), SpeechScript(sample_rate=8000))
    result = await cast.manager.synthesize(f"Bonjour, toi. {TEXT}", language="fr")
    assert result.success
    assert result.error is None
    assert result.backend_used == "b"
    assert result.latency_ms >= 0
    with wave.open(io.BytesIO(result.audio)) as file:
        assert file.getframerate() == 16_000
        samples = np.frombuffer(file.readframes(10**6), "<i2")
    assert len(samples) / 16_000 == pytest.approx(0.06 * len(f"Bonjour, toi. {TEXT}"), rel=0.01)
    assert samples.any()


async def test_a_whole_text_that_cannot_be_spoken_says_why() -> None:
    result = await Cast(breaks()).manager.synthesize(TEXT, language="fr")
    assert (result.success, result.audio, result.error) == (False, b"", "It broke.")


async def test_closing_closes_every_voice() -> None:
    cast = Cast(FINE, FINE)
    await cast.manager.aclose()
    await cast.manager.aclose()
    assert [voice.closed for voice in cast.voices] == [True, True]
    assert [voice.name for voice in await cast.manager.voices()] == ["a", "b"]


def test_a_manager_without_a_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TTSManager([])


def test_an_unknown_engine_is_refused_at_the_start() -> None:
    with pytest.raises(TTSUnavailable, match=r"'pipper'; did you mean piper\?"):
        TTSManager.from_settings(settings(tts__backends=["pipper", "espeak"]))


async def test_the_shipped_settings_speak_without_any_model(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="eSpeak is not installed")
    switches: list[tuple[str, str, str]] = []
    chosen = settings(models__dir=str(tmp_path))
    manager = TTSManager.from_settings(chosen, notify=lambda *told: switches.append(told))
    await manager.warm(["fr", "en"])
    assert manager.working == ("espeak",)
    assert [switch[:2] for switch in switches] == [("piper", "espeak")]
    for language, text in (("fr", "Bonjour."), ("en", "Hello.")):
        chunks = await read(manager.speak(text, language=language))
        assert {chunk.backend for chunk in chunks} == {"espeak"}
    await manager.aclose()


async def test_the_shipped_settings_prefer_piper_where_it_has_voices(voices_dir: Path) -> None:
    manager = TTSManager.from_settings(settings(models__dir=str(voices_dir)))
    await manager.warm(["fr", "en"])
    result = await manager.synthesize("Bonjour à tous. Au revoir.", language="fr")
    assert (result.success, result.backend_used) == (True, "piper")
    await manager.aclose()
