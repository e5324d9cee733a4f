"""What ``prism doctor --echo`` makes of a recording: figures of synthetic rooms, and the sentence for each case."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline import Echo, EchoRecording, WebRtcCleaner, canceller_installed, echo_verdict, measure_echo
from stt import SAMPLE_RATE, AudioFrame, Int16, VoiceDetector, create_detector
from tests.kit.settings import settings
from ui.cli.demo_user import shipped

FRAME, BLOCK = 512, 240
VOICES = shipped()
SOUND = np.concatenate(
    [VOICES[name].samples for name in ("fr_story", "en_timer", "fr_time", "en_sum", "fr_sum")]
)
USER = VOICES["en_time"].samples[round(VOICES["en_time"].onset_s * SAMPLE_RATE) :]


def room(delay_s: float, gain: float, noise: float = 10.0) -> EchoRecording:
    """One second of silence, the sound, its echo after ``delay_s``; machine time begins at 100 s."""
    quiet = np.zeros(SAMPLE_RATE, np.int16)
    played = np.concatenate([quiet, SOUND, quiet])
    delay = round(delay_s * SAMPLE_RATE)
    heard = gain * np.concatenate([np.zeros(delay), played.astype(float)])[: len(played)]
    heard += np.random.default_rng(1).normal(0, noise, len(heard))
    near = np.clip(heard, -32768, 32767).astype(np.int16)
    frames = [
        AudioFrame(near[at : at + FRAME], SAMPLE_RATE, 100 + (at + FRAME) / SAMPLE_RATE)
        for at in range(0, len(near) - FRAME + 1, FRAME)
    ]
    blocks = [
        (played[at : at + BLOCK], SAMPLE_RATE, 100 + at / SAMPLE_RATE) for at in range(0, len(played), BLOCK)
    ]
    return EchoRecording(frames, blocks)


def figures(recording: EchoRecording, cleaner: Callable[[], WebRtcCleaner] | None = None) -> Echo:
    config = settings().vad

    def detector() -> VoiceDetector:
        return create_detector(config)

    return measure_echo(recording, detector, config.threshold, cleaner, USER)


def level(samples: Int16) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32768))


@pytest.mark.parametrize(("delay_s", "gain"), [(0.02, 0.5), (0.06, 0.06), (0.25, 0.25)])
def test_delay_and_loudness_of_an_echo_are_found(delay_s: float, gain: float) -> None:
    echo = figures(room(delay_s, gain))
    assert echo.delay_ms == pytest.approx(1000 * delay_s, abs=1)
    assert echo.echo_db == pytest.approx(level(SOUND) + 20 * np.log10(gain), abs=2)
    assert echo.noise_db == pytest.approx(-70, abs=2)
    assert echo.taken_for_speech[0] > 0.5
    assert (echo.left_db, echo.voice_ms, echo.taken_for_speech[1]) == (None, None, None)
    assert "pip install 'prism-voice[echo]'" in echo_verdict(echo)


def test_a_room_that_carries_nothing_has_no_delay() -> None:
    echo = figures(room(0.05, 0.0))
    assert echo.delay_ms is None
    assert echo.taken_for_speech[0] < 0.02
    assert "audio.headphones=true" in echo_verdict(echo)


@pytest.mark.skipif(not canceller_installed(), reason="livekit is not installed (the extra [echo])")
def test_with_the_canceller_it_is_said_how_soon_a_voice_is_noticed() -> None:
    echo = figures(room(0.06, 0.28), WebRtcCleaner)
    assert echo.left_db is not None
    assert echo.left_db < echo.echo_db - 20
    assert echo.taken_for_speech[1] == 0
    assert echo.voice_ms is not None
    assert echo.voice_ms < 500
    assert echo_verdict(echo).startswith("You can cut in by voice")


VERDICTS = [
    (Echo(-70, -69, None), "does not hear the speaker"),
    (Echo(-70, -30, 50, None, (0.9, None)), "Enter key or wear headphones; by voice too after: pip install"),
    (Echo(-70, -30, 50, -40, (0.9, 0.3), 100.0), "too much echo"),
    (Echo(-70, -10, 50, -80, (0.9, 0.0), None), "drowns your voice"),
    (Echo(-70, -10, 50, -80, (0.9, 0.0), 1500.0), "drowns your voice"),
    (Echo(-70, -30, 50, -80, (0.9, 0.0), 160.0), "You can cut in by voice: beside the speaker"),
]


@pytest.mark.parametrize(("echo", "words"), VERDICTS)
def test_one_line_says_what_will_work(echo: Echo, words: str) -> None:
    assert words in echo_verdict(echo)
    assert "\n" not in echo_verdict(echo)
