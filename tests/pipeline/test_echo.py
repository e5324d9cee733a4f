"""The echo canceller on synthetic rooms: what the far end is, when it runs, and what it leaves of whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from common.audio_host import AudioBackendMissing
from pipeline.echo import (
    BLOCK,
    LEARNING_S,
    RECOVERY_S,
    SETTLE_S,
    TAIL_S,
    EchoCanceller,
    WebRtcCleaner,
    canceller_installed,
)
from pipeline.reference import Reference, Timebase
from stt import SAMPLE_RATE, AudioFrame, Int16

RATE = 24_000
"""Hertz of the loudspeaker."""
AHEAD_S = 0.06
"""Seconds by which the device tells of its sound before it is heard."""
SPEAKER_BLOCK = 360
FRAME = 512
RANDOM = np.random.default_rng(1)
BEGIN = RANDOM.bit_generator.state


@pytest.fixture(autouse=True)
def same_noise() -> None:
    """Each test hears the same noise, whichever ran before it."""
    RANDOM.bit_generator.state = BEGIN


def noise(seconds: float, rate: int = SAMPLE_RATE, level: float = 3000.0) -> Int16:
    """Noise below 4 kHz, so that resampling changes nothing of it."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(RANDOM.normal(0, level, count))
    spectrum[round(4000 * seconds) :] = 0
    return np.fft.irfft(spectrum, count).astype(np.int16)


def at_rate(samples: Int16, rate: int) -> Int16:
    """``samples`` of 16 kHz at another rate."""
    import soxr

    resampled: Int16 = soxr.resample(samples, SAMPLE_RATE, rate)
    return resampled


def loudness(samples: Int16) -> float:
    """dB of full scale."""
    return float(20 * np.log10(max(1e-6, np.sqrt(np.mean(samples.astype(float) ** 2))) / 32768))


@dataclass
class Room:
    """A loudspeaker and a microphone on one clock; the microphone hears the loudspeaker after ``delay_s``."""

    cleaner: object
    delay_s: float = 0.05
    gain: float = 0.3
    size: int = FRAME
    jitter_s: float = 0.0
    stall: tuple[float, float] = (0.0, 0.0)
    """When the loudspeaker runs dry, and for how long, seconds."""
    reference: Reference = field(default_factory=Reference)
    raw: list[Int16] = field(default_factory=list)
    cleaned: list[Int16] = field(default_factory=list)
    ran: list[bool] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.canceller = EchoCanceller(self.cleaner, self.reference, self.size)  # type: ignore[arg-type]

    def play(self, far: Int16, near: Int16 | None = None) -> None:
        """Play ``far`` (16 kHz) from second 0 on; ``near`` is said at the microphone meanwhile."""
        mine = np.zeros(len(far), np.int16) if near is None else near
        delay = round(self.delay_s * SAMPLE_RATE)
        at, dry = (round(seconds * SAMPLE_RATE) for seconds in self.stall)
        sound = np.concatenate([np.zeros(delay), far[:at], np.zeros(dry), far[at:]])[: len(far)]
        heard = self.gain * sound + mine
        blocks = self.blocks(at_rate(far, RATE))
        told = next(blocks, None)
        for start in range(0, len(far) - self.size + 1, self.size):
            end_s = (start + self.size) / SAMPLE_RATE
            while told is not None and told[1] - AHEAD_S <= end_s:
                self.reference.tap(told[0], RATE, told[1] + RANDOM.uniform(-self.jitter_s, self.jitter_s))
                told = next(blocks, None)
            frame = heard[start : start + self.size].astype(np.int16)
            captured = end_s + RANDOM.uniform(-self.jitter_s, self.jitter_s)
            self.raw.append(frame)
            self.cleaned.append(self.canceller.clean(AudioFrame(frame, SAMPLE_RATE, captured)))
            self.ran.append(self.canceller.running)
            self.learned.append(self.canceller.learned_s)

    def blocks(self, samples: Int16) -> Iterator[tuple[Int16, float]]:
        for start in range(0, len(samples), SPEAKER_BLOCK):
            late = self.stall[1] if start / RATE >= self.stall[0] else 0.0
            yield samples[start : start + SPEAKER_BLOCK], start / RATE + late

    def result(self, start_s: float, end_s: float) -> tuple[Int16, Int16]:
        """What the microphone heard and what was left of it, between two moments."""
        cut = slice(round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE))
        return np.concatenate(self.raw)[cut], np.concatenate(self.cleaned)[cut]


@dataclass
class Notes:
    """A cleaner that keeps both sides, and lets all or nothing of the near one through."""

    through: bool = False
    near: list[Int16] = field(default_factory=list)
    far: list[Int16] = field(default_factory=list)

    def clean(self, near: Int16, far: Int16) -> Int16:
        self.near.append(near)
        self.far.append(far)
        return near if self.through else np.zeros_like(near)

    def lag(self) -> tuple[float, float]:
        """Milliseconds by which the near end follows the far end, and how alike they are at that lag (0-1)."""
        near, far = (np.concatenate(side).astype(float) for side in (self.near, self.far))
        size = 2 * len(near)
        match = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(far, size)), size)
        best = int(np.argmax(match[: len(near)]))
        return 1000 * best / SAMPLE_RATE, float(match[best] / np.sqrt(np.sum(near**2) * np.sum(far**2)))


class Nlms:
    """A textbook adaptive filter: enough for a synthetic room."""

    TAPS = 1600

    def __init__(self) -> None:
        self._weights = np.zeros(self.TAPS)
        self._past = np.zeros(self.TAPS + BLOCK)

    def clean(self, near: Int16, far: Int16) -> Int16:
        self._past = np.concatenate([self._past[BLOCK:], far.astype(float)])
        windows = np.lib.stride_tricks.sliding_window_view(self._past, self.TAPS)[1:]
        left = near - windows @ self._weights
        self._weights += 0.5 * (windows.T @ left) / (np.sum(self._past**2) + 1e6)
        return np.clip(left, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("jitter_s", [0.0, 0.008])
@pytest.mark.parametrize("delay_s", [0.01, 0.05, 0.15])
def test_both_sides_are_aligned_by_time_and_never_torn(delay_s: float, jitter_s: float) -> None:
    notes = Notes()
    room = Room(notes, delay_s=delay_s, jitter_s=jitter_s)
    room.play(noise(4.0))
    lag_ms, alike = notes.lag()
    assert lag_ms - 1000 * delay_s == pytest.approx(10, abs=1.5 + 2000 * jitter_s)  # what it reads ahead
    assert alike > 0.95
    assert room.canceller.slips == 0


@pytest.mark.parametrize("dry_s", [0.03, 0.06, 0.12])
def test_after_a_stall_the_far_end_is_read_as_before_to_the_sample(dry_s: float) -> None:
    notes = Notes()
    room = Room(notes, jitter_s=0.008, stall=(3.0, dry_s))
    room.play(noise(6.0))
    assert room.reference.moves == 1
    before, _ = Notes(near=notes.near[50:250], far=notes.far[50:250]).lag()
    after, alike = Notes(near=notes.near[-200:], far=notes.far[-200:]).lag()
    assert after == pytest.approx(before, abs=0.1)  # the reports of eight blocks are off by milliseconds
    assert alike > 0.95
    assert room.canceller.ready


def test_what_cannot_be_placed_is_not_learned_from() -> None:
    notes = Notes()
    room = Room(notes, stall=(3.0, 0.06))
    room.play(noise(6.0))
    resting = np.flatnonzero(~np.array(room.ran[30:])) + 30
    assert 0.2 < len(resting) * FRAME / SAMPLE_RATE < 0.7
    assert 2.9 < resting[0] * FRAME / SAMPLE_RATE < 3.0  # from the first late block's report on
    assert not any(room.ran[resting[0] : resting[-1]])  # once, and as a whole


class Leaky(Notes):
    """For a quarter of a second it lets all of it through."""

    def clean(self, near: Int16, far: Int16) -> Int16:
        self.through = 300 <= len(self.near) < 325
        return super().clean(near, far)


@pytest.mark.parametrize(
    ("cleaner", "dry_s", "doubt_s"),
    [(Notes, 0.06, SETTLE_S), (Leaky, 0.0, RECOVERY_S)],
    ids=["a stall", "a leak"],
)
def test_what_is_noticed_in_several_frames_is_one_reason_for_doubt(
    cleaner: type[Notes], dry_s: float, doubt_s: float
) -> None:
    room = Room(cleaner(), jitter_s=0.008, stall=(3.0, dry_s))
    room.play(noise(4.5))
    assert max(room.learned[:90]) > LEARNING_S
    assert min(room.learned[90:]) == pytest.approx(LEARNING_S - doubt_s, abs=0.05)


@pytest.mark.parametrize(("size", "delay_ms"), [(160, 0), (320, 0), (480, 0), (512, 8), (256, 8), (400, 5)])
def test_reblocking_costs_what_it_must_and_loses_nothing(size: int, delay_ms: float) -> None:
    room = Room(Notes(through=True), gain=0.0, size=size)
    mine = noise(1.5)
    room.play(noise(1.5), mine)
    assert 1000 * room.canceller.delay_s == pytest.approx(delay_ms, abs=2.5)
    hold = round(room.canceller.delay_s * SAMPLE_RATE)
    said, heard = room.result(0.2, 1.2)
    assert np.array_equal(heard[hold:], said[: len(said) - hold])


def test_it_runs_only_while_there_is_something_to_cancel() -> None:
    silence = np.zeros(2 * SAMPLE_RATE, np.int16)
    room = Room(Notes(through=True), gain=0.0)
    mine = noise(5.0)
    room.play(np.concatenate([silence, noise(1.0), silence]), mine)
    running = np.flatnonzero(room.ran) * FRAME / SAMPLE_RATE
    assert running[0] == pytest.approx(2.0, abs=0.05)
    assert running[0] <= 2.0
    assert running[-1] == pytest.approx(3.0 + TAIL_S, abs=0.07)
    for start_s, end_s in ((0.0, 1.9), (3.6, 4.9)):
        said, heard = room.result(start_s, end_s)
        assert np.array_equal(said, heard)  # untouched, and without any delay


def test_the_hand_over_does_not_click() -> None:
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    tone = (8000 * np.sin(2 * np.pi * (100 + 300 * time) * time)).astype(np.int16)
    quiet = np.zeros(SAMPLE_RATE, np.int16)
    room = Room(Notes(through=True), gain=0.0)
    room.play(np.concatenate([quiet, noise(0.8), quiet])[: len(tone)], tone[: round(2.8 * SAMPLE_RATE)])
    said, heard = room.result(0.0, 2.7)
    assert any(room.ran)
    assert not all(room.ran[-5:])
    step = np.abs(np.diff(heard.astype(int))).max()
    assert step < 2 * np.abs(np.diff(said.astype(int))).max()


def test_the_filter_is_trusted_after_it_has_heard_enough() -> None:
    room = Room(Notes())
    room.play(noise(LEARNING_S - 0.3))
    assert not room.canceller.ready
    later = Room(Notes())
    later.play(noise(LEARNING_S + 0.3))
    assert later.canceller.ready
    pause = Room(Notes())
    pause.play(np.zeros(5 * SAMPLE_RATE, np.int16))
    assert not pause.canceller.ready  # silence teaches nothing


def test_a_synthetic_echo_is_learned_and_the_user_stays() -> None:
    room = Room(Nlms())
    far = noise(8.0)
    mine = np.zeros(len(far), np.int16)
    mine[6 * SAMPLE_RATE : 7 * SAMPLE_RATE] = noise(1.0, level=2000)
    room.play(far, mine)
    echo, left = room.result(4.5, 5.9)
    assert loudness(echo) - loudness(left) > 15
    said, heard = mine[6 * SAMPLE_RATE : 7 * SAMPLE_RATE], room.result(6.0, 7.0)[1]
    assert loudness(heard) == pytest.approx(loudness(said), abs=3)


def test_a_speaker_that_jumps_in_time_is_learned_anew() -> None:
    notes = Notes()
    room = Room(notes)
    room.play(noise(3.0))
    assert room.canceller.ready
    reference = room.reference
    far = at_rate(noise(1.0), RATE)
    for block, at in room.blocks(far):  # a device that was away for some seconds
        reference.tap(block, RATE, 9.0 + at)
    room.canceller.clean(AudioFrame(np.zeros(FRAME, np.int16), SAMPLE_RATE, 3.1))
    assert not room.canceller.ready
    assert room.canceller.slips == 1


def test_late_blocks_do_not_move_the_far_end() -> None:
    base = Timebase(SAMPLE_RATE)
    for number in range(100):
        base.add(160, number * 0.01 + (0.02 if number == 50 else 0.0))
    assert base.time(base.count) == pytest.approx(1.0, abs=0.0005)


def test_a_gap_of_the_device_is_silence_in_the_reference() -> None:
    reference = Reference()
    sound = np.full(1600, 1000, np.int16)
    reference.tap(sound, SAMPLE_RATE, 0.0)
    reference.tap(sound, SAMPLE_RATE, 0.5)  # 0.4 s were never asked for
    reference.follow()
    assert reference.streams == 1
    assert list(reference.read(1590, 20)) == [1000] * 10 + [0] * 10
    assert list(reference.read(reference.sample(0.5) - 10, 20)) == [0] * 10 + [1000] * 10
    assert reference.sounds_within(0.0, 0.05)
    assert not reference.sounds_within(0.2, 0.4)
    assert reference.sounds_within(0.3, 0.6)


def told(reference: Reference, offsets_s: list[float], begun: int = 0) -> None:
    """Blocks of 10 ms that sound, each so many seconds off its place."""
    for number, off in enumerate(offsets_s, begun):
        sound = np.full(160, 1000, np.int16)
        reference.tap(sound, SAMPLE_RATE, number * 0.01 + off)
    reference.follow()


@pytest.mark.parametrize("late_s", [0.03, 0.06, 0.12])
def test_blocks_that_agree_are_moved_to_where_they_were_heard(late_s: float) -> None:
    reference = Reference()
    told(reference, [0.0] * 50)
    told(reference, [late_s] * 20, 50)
    assert reference.moves == 1
    gap = round(late_s * SAMPLE_RATE)
    assert abs(reference.end - 70 * 160 - gap) < 20
    silent = np.flatnonzero(reference.read(0, reference.end) == 0)
    assert abs(len(silent) - gap) < 20
    assert silent[0] == 50 * 160  # before the first late block
    assert reference.sure


def test_blocks_that_come_early_again_are_moved_back() -> None:
    reference = Reference()
    told(reference, [0.0] * 50)
    told(reference, [0.06] * 20, 50)
    told(reference, [0.0] * 20, 70)
    assert reference.moves == 2
    assert abs(reference.end - 90 * 160) < 40
    assert reference.sure


@pytest.mark.parametrize(
    "offsets_s",
    [
        [0.02 * (-1) ** number for number in range(60)],  # jitter
        [0.0, 0.0, 0.0, 0.09] * 15,  # one late block now and then
        [0.0002 * number for number in range(60)],  # clocks that drift apart
        [0.009] * 60,
    ],
)
def test_jitter_moves_nothing(offsets_s: list[float]) -> None:
    reference = Reference()
    told(reference, offsets_s)
    assert (reference.moves, reference.streams, reference.end) == (0, 1, 60 * 160)


def test_a_block_that_is_far_off_makes_the_filter_doubtful_until_others_agree() -> None:
    reference = Reference()
    told(reference, [0.0] * 20)
    assert reference.sure
    told(reference, [0.1], 20)
    assert not reference.sure
    told(reference, [0.1] * 9, 21)
    assert reference.sure


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 24_000, 44_100])
@pytest.mark.parametrize("silence_s", [0.5, 1.7, 5.0])
def test_sound_after_a_rest_is_where_it_was_heard(rate: int, silence_s: float) -> None:
    reference = Reference()
    sound = noise(1.0)
    whole = np.concatenate([sound, np.zeros(round(silence_s * SAMPLE_RATE), np.int16), sound])
    played = whole if rate == SAMPLE_RATE else at_rate(whole, rate)
    for start in range(0, len(played), 360):
        reference.tap(played[start : start + 360], rate, start / rate)
        reference.follow()
    assert (reference.streams, reference.moves) == (1, 0)
    begins = round((1.0 + silence_s) * SAMPLE_RATE)
    found = reference.read(begins, SAMPLE_RATE // 2).astype(float)
    wanted = whole[begins : begins + SAMPLE_RATE // 2].astype(float)
    assert np.corrcoef(found, wanted)[0, 1] > 0.9  # up to half a sample apart


def test_the_tap_is_bounded() -> None:
    reference = Reference()
    block = np.ones(160, np.int16)
    for number in range(5000):
        reference.tap(block, SAMPLE_RATE, number * 0.01)
    reference.follow()
    assert reference.end < 1.2 * 1024 * 160
    assert len(reference.read(0, 100)) == 100


needs_library = pytest.mark.skipif(
    not canceller_installed(), reason="livekit is not installed (the extra [echo])"
)


@needs_library
@pytest.mark.parametrize("delay_s", [0.02, 0.12])
def test_webrtc_takes_the_echo_and_leaves_the_user(delay_s: float) -> None:
    from ui.cli.demo_user import shipped

    voices = shipped()
    far = np.concatenate([voices[name].samples for name in ("fr_story", "en_timer", "fr_time", "en_sum")])
    mine = np.zeros(len(far), np.int16)
    user = voices["en_time"]
    said = user.samples[round(user.onset_s * SAMPLE_RATE) :]
    start = round(4.0 * SAMPLE_RATE)
    mine[start : start + len(said)] = said
    room = Room(WebRtcCleaner(), delay_s=delay_s)
    room.play(far, mine)
    echo, left = room.result(2.0, 3.9)
    assert loudness(echo) - loudness(left) > 20
    heard = room.result(4.0, 4.0 + len(said) / SAMPLE_RATE)[1]
    assert loudness(heard) > loudness(said) - 10


@pytest.mark.skipif(canceller_installed(), reason="livekit is installed")
def test_without_the_library_the_sentence_names_the_extra() -> None:
    with pytest.raises(AudioBackendMissing, match=r"pip install 'prism-voice\[echo\]'"):
        WebRtcCleaner()
