"""The short forms of scripts/soak: seconds of what they do for minutes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from scripts.soak.hearing_table import CONDITIONS, Ears, recordings
from scripts.soak.partials import joined, measure
from scripts.soak.sounds import as_int16, babble, claps, coughs, hum, music, pink, song, white
from stt import SAMPLE_RATE, STTManager
from tests.kit.settings import settings
from tests.stt.material import FOLDER

SECONDS = 2
pytestmark = [pytest.mark.timeout(60), pytest.mark.real]


@pytest_asyncio.fixture(params=["silero", "webrtc", "energy"])
async def ears(request: pytest.FixtureRequest) -> AsyncIterator[Ears]:
    made = Ears(settings(stt__model="prism-tiny", stt__window="auto", vad__backend=request.param))
    yield made
    await made.aclose()


async def test_noise_alone_reaches_nobody(ears: Ears) -> None:
    count = SECONDS * SAMPLE_RATE
    for samples in (np.zeros(count, np.int16), as_int16(white(count) * 3000), as_int16(pink(count) * 3000)):
        assert (await ears.hear(samples)).through == []
    for make in (coughs, claps, hum, music, song):
        assert (await ears.hear(make(2 * SECONDS))).through == [], make.__name__


async def test_a_room_full_of_voices_reaches_nobody(ears: Ears) -> None:
    voices = [said.samples for said in recordings(FOLDER)]
    heard = await ears.hear(babble(voices, len(voices), 12))
    assert heard.segments
    assert heard.through == []


async def test_bad_sound_loses_no_utterance(ears: Ears) -> None:
    said = recordings(FOLDER)[0]
    for name in ("clean", "white 20 dB", "-30 dBFS", "100 ms lead-in"):
        heard = await ears.hear(CONDITIONS[name](said))
        assert len(heard.through) == 1, name
        assert heard.segments[0].voiced is not None


async def test_committed_words_stay_and_the_audio_is_let_go() -> None:
    manager = STTManager.from_settings(settings(stt__model="prism-tiny", stt__window="auto"))
    samples, truth = joined(FOLDER, 1)
    report = await measure(manager, samples[: 15 * SAMPLE_RATE], truth)
    await manager.aclose()
    assert report.changed == 0
    assert report.partials >= 5
    assert report.held_s < 10
    assert report.text.split()[0].strip(".,") == truth.split()[0].strip(".,")
