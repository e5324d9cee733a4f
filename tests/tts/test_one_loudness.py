"""All voices are equally loud at every speed, and as quick as was asked: another voice, no other volume."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from config import load_settings
from tests.tts.conftest import read
from tests.tts.tone_voice import make_voice
from tts import SpeechChunk, TTSBackendMissing, TTSManager, TTSUnavailable, create_synthesizer
from tts.loudness import TARGET_RMS, frame_levels

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

TEXTS = {
    "fr": "Bonjour, il fait beau aujourd'hui et nous allons marcher.",
    "en": "Good morning, it is a fine day and we will go for a walk.",
}
SPEEDS = (0.7, 1.0, 1.6)
APART_DB = 3.0
"""From the common loudness: a difference that is hardly noticed between two voices."""


def measured(chunks: list[SpeechChunk]) -> tuple[float, float]:
    """Decibels from the common loudness, and seconds."""
    samples = np.concatenate([chunk.samples for chunk in chunks]) / 32_768
    levels = frame_levels(samples, chunks[0].sample_rate)
    audible = levels[levels > 0.1 * levels.max()]
    rms = float(np.sqrt((audible**2).mean()))
    return 20 * np.log10(rms / TARGET_RMS), len(samples) / chunks[0].sample_rate


@pytest.mark.parametrize("name", ["espeak", "piper", "piper_cli", "system", "a quiet voice"])
async def test_an_engine_is_as_loud_as_the_others_and_as_quick_as_was_asked(
    name: str, voices_dir: Path, tmp_path: Path
) -> None:
    settings = load_settings(None, [f"models.dir={voices_dir}"], {})
    quiet = name == "a quiet voice"
    voice = str(make_voice(tmp_path / "quiet.onnx", "fr", level=0.02)) if quiet else None
    engine = create_synthesizer("piper" if quiet else name, settings)
    try:
        for language, text in TEXTS.items():
            seconds = {}
            for speed in SPEEDS:
                manager = TTSManager([engine], voice=voice, speed=speed)
                async with aclosing(manager.speak(text, language=language)) as speech:
                    off_db, seconds[speed] = measured(await read(speech))
                assert abs(off_db) < APART_DB, (language, speed)
            assert seconds[0.7] / seconds[1.0] == pytest.approx(1 / 0.7, rel=0.2)
            assert seconds[1.6] / seconds[1.0] == pytest.approx(1 / 1.6, rel=0.2)
    except (TTSBackendMissing, TTSUnavailable) as error:
        pytest.skip(str(error))
    finally:
        await engine.aclose()
