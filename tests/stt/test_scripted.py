"""The scripted recognizer: order, delays on a virtual clock, failures, what was asked, what was left over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stt import Line, ScriptedTranscriber, STTTimedOut, STTUnavailable, create_transcriber
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tests.stt.material import segment, silence

SOUND = silence(0.5)


async def texts(script: ScriptedTranscriber, *asked: tuple[int, int]) -> list[str]:
    return [(await script.transcribe(segment(SOUND, *key))).text for key in asked]


@pytest.mark.parametrize(
    ("lines", "asked", "expected"),
    [
        ([Line("a"), Line("b")], [(1, 0), (1, 1)], ["a", "b"]),
        ([Line("second", utterance=2), Line("first", utterance=1)], [(1, 0), (2, 0)], ["first", "second"]),
        ([Line("r1", utterance=1, revision=1), Line("r0", utterance=1)], [(1, 0), (1, 1)], ["r0", "r1"]),
        ([Line("bound", utterance=3), Line("free")], [(1, 0), (3, 0)], ["free", "bound"]),
    ],
)
def test_lines_come_by_order_or_by_utterance(
    lines: list[Line], asked: list[tuple[int, int]], expected: list[str]
) -> None:
    script = ScriptedTranscriber(lines)
    assert run_virtual(texts(script, *asked)) == expected
    script.assert_complete()


def test_delays_are_exact_and_may_overlap() -> None:
    script = ScriptedTranscriber([Line("slow", delay=0.3), Line("quick", delay=0.1)])

    async def go() -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        done: list[tuple[str, float]] = []

        async def one(number: int) -> None:
            heard = await script.transcribe(segment(SOUND, number))
            done.append((heard.text, loop.time()))

        async with asyncio.TaskGroup() as group:
            group.create_task(one(1))
            group.create_task(one(2))
        return done

    done = run_virtual(go())
    assert [text for text, _ in done] == ["quick", "slow"]
    assert [at for _, at in done] == pytest.approx([0.1, 0.3])


def test_failures_come_after_their_delay() -> None:
    script = ScriptedTranscriber([Line(delay=0.2, error=STTTimedOut("too slow"))])

    async def go() -> float:
        with pytest.raises(STTTimedOut, match="too slow"):
            await script.transcribe(segment(SOUND))
        return asyncio.get_running_loop().time()

    assert run_virtual(go()) == pytest.approx(0.2)


def test_calls_are_kept_and_lines_left_over_are_told() -> None:
    script = ScriptedTranscriber([Line("a"), Line("b")])

    async def go() -> None:
        await script.transcribe(segment(SOUND, 4, 2), language="fr", prompt="Prism")

    run_virtual(go())
    (call,) = script.calls
    assert (call.utterance, call.revision, call.duration, call.language, call.prompt) == (
        4,
        2,
        0.5,
        "fr",
        "Prism",
    )
    with pytest.raises(AssertionError, match="1 lines of the script"):
        script.assert_complete()


def test_a_script_that_is_over_says_so() -> None:
    with pytest.raises(STTUnavailable, match="no line for utterance 1, revision 0"):
        run_virtual(texts(ScriptedTranscriber([]), (1, 0)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "needs a YAML list"),
        ("text: [", "needs a YAML list"),
        ("5", "needs a YAML list"),
        ("- txt: hello", "unknown field 'txt'"),
        ("- error: on_fire", "got 'on_fire'"),
    ],
)
def test_a_bad_script_file_is_one_sentence(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "script.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(STTUnavailable, match=message):
        create_transcriber(settings(stt__backend="scripted", stt__model=str(file)).stt, tmp_path)


def test_a_script_file_may_hold_failures(tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text("- {text: Bonjour., language: fr, delay: 0.5}\n- {error: timed_out}\n")
    script = create_transcriber(settings(stt__backend="scripted", stt__model=str(file)).stt, tmp_path)

    async def go() -> str:
        heard = await script.transcribe(segment(SOUND))
        with pytest.raises(STTTimedOut):
            await script.transcribe(segment(SOUND))
        return f"{heard.text} {heard.language}"

    assert run_virtual(go()) == "Bonjour. fr"
