"""How a room echoes, measured: a sound is played and listened to, and what will work there follows from the figures.

``record_echo`` is the only part with devices. ``measure_echo`` plays its recording back through the very canceller and
detector of a conversation, once as it was and once with a person's voice laid over it, so that it says what would have
happened; ``echo_verdict`` is one pure sentence about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.duplex import INSTALL
from pipeline.echo import LEARNING_S, EchoCanceller
from pipeline.reference import KEPT_S, Reference, Timebase
from stt import SAMPLE_RATE, AudioFrame

if TYPE_CHECKING:
    from pipeline.echo import Cleaner
    from pipeline.sinks.speaker import Speaker
    from stt import Int16, Microphone, VoiceDetector

QUIET_S, AFTER_S = 1.0, 0.6
"""Seconds of silence that are recorded before and after the sound."""
VOICE_AT_S = 1.0
"""Seconds after the filter has learned at which the voice is laid over the sound."""
FRAMES_IN_A_ROW = 3
"""Voiced frames that make an onset: 96 ms of Silero's, as ``turn.blip_ms``."""
EARLIEST_S, LATEST_S = -0.1, 0.5
"""Between which the echo may lie after the sound."""
CARRIED = 0.1
"""Correlation of the microphone with the sound from which the room carries it; noise alone stays below 0.03."""
TOLERATED = 0.02
"""Share of the frames of a cleaned echo that may be taken for speech."""
SOON_MS = 800.0
"""A voice that is noticed later than this has not really cut in."""


@dataclass(frozen=True, slots=True, eq=False)
class EchoRecording:
    """What was played and what was heard."""

    frames: Sequence[AudioFrame]
    """Of the microphone, one after the other."""
    blocks: Sequence[tuple[Int16, int, float]]
    """Of the speaker: samples, rate in Hz, when the first one was heard (s)."""

    @property
    def sounds(self) -> tuple[float, float]:
        """When the first and the last sample of the sound were heard, seconds."""
        loud = [(at, at + len(block) / rate) for block, rate, at in self.blocks if block.any()]
        return (loud[0][0], loud[-1][1]) if loud else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Echo:
    """The figures of a room. Loudness in dB of full scale at the microphone."""

    noise_db: float
    """Before the sound."""
    echo_db: float
    """While it sounded."""
    delay_ms: float | None
    """From the loudspeaker's time to the microphone's; None when the room carries nothing."""
    left_db: float | None = None
    """What the canceller left, once it had learned; None without one."""
    taken_for_speech: tuple[float, float | None] = (0.0, None)
    """Share of the echo's frames that the detector takes for a voice, before and after the canceller."""
    voice_ms: float | None = None
    """How long after its onset a normal voice is noticed beside the sound; None when it is not."""


async def record_echo(microphone: Microphone, speaker: Speaker, sound: Int16, size: int) -> EchoRecording:
    """Play ``sound`` (16 kHz) and listen in frames of ``size``. Opens and closes both devices.

    Raises AudioError.
    """
    frames: list[AudioFrame] = []
    blocks: list[tuple[Int16, int, float]] = []
    speaker.listen(lambda block, rate, at: blocks.append((block, rate, at)))

    async def hear() -> None:
        async with aclosing(microphone.frames(size)) as heard:
            frames.extend([frame async for frame in heard])

    try:
        await speaker.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(hear())
            await microphone.ready.wait()
            await asyncio.sleep(QUIET_S)
            speaker.resume()
            await speaker.write(_resampled(sound, SAMPLE_RATE, speaker.sample_rate).astype(np.int16))
            await speaker.drain()
            await asyncio.sleep(AFTER_S)
            await microphone.aclose()
    finally:
        await microphone.aclose()
        await speaker.aclose()
    return EchoRecording(frames, blocks)


@dataclass(slots=True)
class _Replay:
    """One run of a recording through a canceller and a detector."""

    heard: list[Int16] = field(default_factory=list)
    voiced: list[bool] = field(default_factory=list)


def measure_echo(
    recording: EchoRecording,
    detector: Callable[[], VoiceDetector],
    threshold: float,
    cleaner: Callable[[], Cleaner] | None,
    voice: Int16,
) -> Echo:
    """The figures. ``detector`` and ``cleaner`` make new ones; ``voice``: a person at 16 kHz, from the onset on."""
    first, last = recording.sounds
    times = [frame.captured_at for frame in recording.frames]
    before = [i for i, at in enumerate(times) if at < first]
    during = [i for i, at in enumerate(times) if first + LEARNING_S <= at <= last]
    raw = [frame.samples for frame in recording.frames]
    alone = _replay(recording, detector(), threshold, None)
    echo = Echo(
        _loudness([raw[i] for i in before]),
        _loudness([raw[i] for i in during]),
        _delay_ms(recording),
        taken_for_speech=(_share(alone.voiced, during), None),
    )
    if cleaner is None:
        return echo
    cleaned = _replay(recording, detector(), threshold, cleaner())
    start = next((i for i, at in enumerate(times) if at > first + LEARNING_S + VOICE_AT_S), 0)
    both = _replay(_with_voice(recording, voice, start), detector(), threshold, cleaner())
    size = len(raw[0])
    return Echo(
        echo.noise_db,
        echo.echo_db,
        echo.delay_ms,
        _loudness([cleaned.heard[i] for i in during]),
        (echo.taken_for_speech[0], _share(cleaned.voiced, during)),
        _onset_ms(both.voiced[start : start + len(voice) // size], size),
    )


def echo_verdict(echo: Echo) -> str:
    """What will work here, in one sentence."""
    if echo.delay_ms is None:
        return (
            "The microphone does not hear the speaker: with headphones on, set audio.headphones=true and cut in by "
            "voice; without, see that neither is muted."
        )
    after = echo.taken_for_speech[1]
    if after is None:
        return f"Cut in with the Enter key or wear headphones; by voice too after: {INSTALL}."
    if after > TOLERATED:
        return "The canceller leaves too much echo here: turn the speaker down, wear headphones, or use the Enter key."
    if echo.voice_ms is None or echo.voice_ms > SOON_MS:
        return "The speaker drowns your voice: turn it down or come closer, wear headphones, or use the Enter key."
    return (
        f"You can cut in by voice: beside the speaker a normal voice is noticed after {echo.voice_ms:.0f} ms."
    )


def _replay(
    recording: EchoRecording, detector: VoiceDetector, threshold: float, cleaner: Cleaner | None
) -> _Replay:
    """Hear the recording again, each block of the speaker told before the frame in which it may be needed."""
    run, told = _Replay(), 0
    reference = Reference()
    canceller = EchoCanceller(cleaner, reference, len(recording.frames[0].samples)) if cleaner else None
    for frame in recording.frames:
        while told < len(recording.blocks) and recording.blocks[told][2] < frame.captured_at + KEPT_S / 10:
            reference.tap(*recording.blocks[told])
            told += 1
        samples = canceller.clean(frame) if canceller else frame.samples
        run.heard.append(samples)
        run.voiced.append(detector.probability(samples) >= threshold)
    return run


def _with_voice(recording: EchoRecording, voice: Int16, start: int) -> EchoRecording:
    """The recording with somebody speaking from that frame on."""
    size = len(recording.frames[0].samples)
    mine = np.zeros((len(voice) // size, size))
    mine[:] = voice[: mine.size].reshape(mine.shape)
    frames = list(recording.frames)
    for i, part in enumerate(mine[: len(frames) - start], start):
        mixed = np.clip(frames[i].samples + part, -32768, 32767).astype(np.int16)
        frames[i] = AudioFrame(mixed, SAMPLE_RATE, frames[i].captured_at)
    return EchoRecording(frames, recording.blocks)


def _loudness(parts: Sequence[Int16]) -> float:
    """dB of full scale; -96 (less than one digit) for silence and for nothing."""
    power = float(np.mean(np.concatenate(parts).astype(float) ** 2)) if parts else 0.0
    return max(-96.0, 10 * float(np.log10(max(power, 1e-12) / 32768**2)))


def _share(voiced: Sequence[bool], places: Sequence[int]) -> float:
    return sum(voiced[i] for i in places) / max(1, len(places))


def _onset_ms(voiced: Sequence[bool], size: int) -> float | None:
    """When so many voiced frames in a row have been heard; None when they never are."""
    for i in range(FRAMES_IN_A_ROW, len(voiced) + 1):
        if all(voiced[i - FRAMES_IN_A_ROW : i]):
            return 1000 * i * size / SAMPLE_RATE
    return None


def _delay_ms(recording: EchoRecording) -> float | None:
    """Where the microphone correlates best with the sound; None where it does nowhere."""
    played, played_at = _joined([(b, at) for b, _, at in recording.blocks], recording.blocks[0][1])
    near, near_at = _joined([(f.samples, f.captured_at - f.duration) for f in recording.frames], SAMPLE_RATE)
    far = _resampled(played, recording.blocks[0][1], SAMPLE_RATE).astype(float)
    size = 1 << (len(far) + len(near)).bit_length()
    match = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(far, size)), size)
    offset = round((played_at - near_at) * SAMPLE_RATE)
    shifts = np.arange(round(EARLIEST_S * SAMPLE_RATE), round(LATEST_S * SAMPLE_RATE)) + offset
    found = np.abs(match[shifts % size])
    scale = float(np.sqrt(np.sum(far**2) * np.sum(near**2))) or 1.0
    best = int(np.argmax(found))
    return 1000 * (best / SAMPLE_RATE + EARLIEST_S) if found[best] / scale >= CARRIED else None


def _joined(parts: Sequence[tuple[Any, float]], rate: int) -> tuple[Any, float]:
    """All samples of a stream, and when the first was, by the times of all of its blocks."""
    base = Timebase(rate)
    for samples, at in parts:
        base.add(len(samples), at)
    return np.concatenate([samples for samples, _ in parts]).astype(float), base.time(0)


def _resampled(samples: Any, rate: int, wanted: int) -> Any:  # noqa: ANN401  # of numpy's many arrays
    import soxr

    return soxr.resample(samples, rate, wanted)
