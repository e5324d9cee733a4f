"""``prism doctor --echo``: plays a sentence, listens to the room, and says what will work there."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from ui.cli.checks import Finding

if TYPE_CHECKING:
    from config import Settings
    from pipeline import Echo
    from stt import Int16

SAMPLE_RATE = 16_000
"""Hertz of what is heard and of the shipped recordings."""

TEXTS = {
    "fr": "Je parle pendant quelques secondes, pour entendre comment la pièce répond à ma voix. Ne dites rien pour le "
    "moment, et laissez le volume tel qu'il est. Voilà, c'est presque fini, merci de votre patience.",
    "en": "I am speaking for a few seconds, to hear how the room answers to my voice. Please say nothing for the "
    "moment, and leave the volume as it is. There, it is almost done, thank you for your patience.",
}
VOICE = "en_time"
"""The shipped recording that is laid over the sound: somebody half a meter away."""


async def measured(settings: Settings) -> Echo:
    """Play and listen for about fifteen seconds. Raises AudioError, STTError and TTSError."""
    from common.clock import LiveClock
    from pipeline import Speaker, WebRtcCleaner, canceller_installed, measure_echo, record_echo
    from stt import Microphone, create_detector
    from ui.cli.demo_user import shipped

    detector = create_detector(settings.vad)
    sound = await _spoken(settings)
    speaker = Speaker(LiveClock(), settings.audio.output_device, hold_s=60)
    microphone = Microphone(settings.audio.input_device)
    recording = await record_echo(microphone, speaker, sound, detector.frame_samples)
    voice = shipped()[VOICE]
    return await asyncio.to_thread(
        measure_echo,
        recording,
        lambda: create_detector(settings.vad),
        settings.vad.threshold,
        WebRtcCleaner if canceller_installed() and settings.audio.echo != "off" else None,
        voice.samples[round(voice.onset_s * SAMPLE_RATE) :],
    )


def findings(echo: Echo) -> list[Finding]:
    """The figures as a checklist; the last one says what will work."""
    from pipeline import echo_verdict

    before, after = echo.taken_for_speech
    shown = [
        Finding("noise floor", "ok", f"{echo.noise_db:.0f} dB of full scale"),
        Finding("echo", "ok", f"{echo.echo_db:.0f} dB, taken for a voice in {before:.0%} of the time"),
        Finding(
            "delay", "ok", "none: nothing came back" if echo.delay_ms is None else f"{echo.delay_ms:.0f} ms"
        ),
    ]
    if echo.left_db is None or after is None:
        shown.append(Finding("canceller", "warn", "not in use"))
    else:
        left = f"{echo.left_db:.0f} dB left, taken for a voice in {after:.0%} of the time"
        shown.append(Finding("canceller", "ok", left))
    works = echo.voice_ms is not None or echo.delay_ms is None
    return [*shown, Finding("cutting in", "ok" if works else "warn", echo_verdict(echo))]


async def _spoken(settings: Settings) -> Int16:
    """The sentence at 16 kHz."""
    import numpy as np
    import soxr

    from tts import create_synthesizer

    language = "fr" if settings.stt.language == "fr" else "en"
    synthesizer = create_synthesizer("espeak", settings)
    try:
        speech = synthesizer.speak(TEXTS[language], language=language, voice=None, speed=1.0)
        async with aclosing(speech) as chunks:
            parts = [(chunk.samples, chunk.sample_rate) async for chunk in chunks]
    finally:
        await synthesizer.aclose()
    joined = np.concatenate([samples for samples, _ in parts])
    sound: Int16 = soxr.resample(joined, parts[0][1], SAMPLE_RATE)
    return sound
