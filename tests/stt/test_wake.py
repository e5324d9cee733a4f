"""Wake words with the real networks and a synthetic voice; they come inside the library."""

from __future__ import annotations

import importlib.util
import io
import sys
import wave

import numpy as np
import pytest

from stt import Int16, STTBackendMissing, STTUnavailable, load_audio
from stt.wake import create_wake
from tests.kit.settings import settings
from tests.stt.material import noise, recording, silence

BLOCK = 512
installed = pytest.mark.skipif(
    importlib.util.find_spec("pymicro_wakeword") is None, reason="pip install 'prism-voice[wake]'"
)


async def said(text: str) -> Int16:
    """By eSpeak, with a second of silence on both sides."""
    import soxr

    from tts import TTSManager

    voice = TTSManager.from_settings(settings(tts__backends=["espeak"]))
    made = await voice.synthesize(text, language="en")
    await voice.aclose()
    with wave.open(io.BytesIO(made.audio)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    return np.concatenate([silence(1), soxr.resample(samples, rate, 16_000), silence(1)])


def hits(word: str, samples: Int16) -> list[int]:
    made = create_wake(settings(wake__word=word).wake)
    assert made is not None
    return [n for n in range(len(samples) // BLOCK) if made.heard(samples[n * BLOCK : (n + 1) * BLOCK])]


@installed
async def test_the_word_is_heard_when_it_has_been_said() -> None:
    samples = await said("Alexa")
    found = hits("alexa", samples)
    assert found
    over = (len(samples) - 16_000) // BLOCK
    assert over - 20 < found[0] < over + 10


@installed
def test_other_sound_is_not_the_word() -> None:
    talk = np.concatenate([load_audio(recording(name).path) for name in ("fr_16k.wav", "en_16k.wav")])
    assert hits("alexa", talk) == hits("alexa", noise(5, 3000)) == hits("alexa", silence(3)) == []


@installed
async def test_after_a_reset_it_is_heard_again() -> None:
    samples = await said("Alexa")
    made = create_wake(settings(wake__word="alexa").wake)
    assert made is not None
    for _ in range(2):
        assert any(made.heard(samples[n : n + BLOCK]) for n in range(0, len(samples), BLOCK))
        made.reset()


@installed
def test_an_unknown_word_names_those_that_are_known() -> None:
    with pytest.raises(
        STTUnavailable, match=r"wake.word 'computer' .* alexa, hey_jarvis, hey_mycroft, okay_nabu"
    ):
        create_wake(settings(wake__word="computer").wake)


def test_no_word_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymicro_wakeword", None)
    assert create_wake(settings().wake) is None
    with pytest.raises(STTBackendMissing, match=r"prism-voice\[wake\]"):
        create_wake(settings(wake__word="alexa").wake)
