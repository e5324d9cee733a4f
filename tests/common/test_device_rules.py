"""What is done about devices that falter: tables of what is seen at which second, and what follows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest

from common.devices.rules import (
    ASLEEP,
    ENDED,
    FIRST_S,
    LONGEST_RETRY_S,
    SILENT,
    Command,
    Lost,
    Reopen,
    Restored,
    Return,
    Rules,
    Seen,
)

MIC, SPEAKER = 1, 2
STEP_S = 0.25


@dataclass
class Scene:
    """Streams whose devices work until a test says otherwise, and a clock that it moves."""

    rules: Rules = field(default_factory=Rules)
    now: float = 100.0
    silent: dict[int, float] = field(default_factory=dict)
    """Which give no more blocks, and since when (s)."""
    ended: set[int] = field(default_factory=set)
    busy: set[int] = field(default_factory=lambda: {MIC, SPEAKER})
    dumb: set[int] = field(default_factory=set)
    """Which have not given a block since they were opened."""
    keys: tuple[int, ...] = (MIC, SPEAKER)

    def __post_init__(self) -> None:
        for key in self.keys:
            self.rules.opened(key, f"home {key}", self.now, home=True)

    def look(self, slept: float = 0.0) -> list[Command]:
        seen = {
            key: Seen(
                self.silent.get(key, self.now), key in self.ended, key not in self.dumb, key in self.busy
            )
            for key in self.keys
        }
        return self.rules.step(self.now, seen, slept)

    def until(self, end: float) -> list[tuple[float, Command]]:
        """What follows in the steps up to ``end`` (s from the beginning)."""
        told = []
        while self.now < 100.0 + end - 1e-6:
            self.now += STEP_S
            told += [(self.now - 100.0, command) for command in self.look()]
        return told

    def next_job(self) -> tuple[float, Command]:
        """The next job, and when (s from the beginning)."""
        while not (found := self.until(self.now - 100.0 + STEP_S)):
            pass
        return found[-1]

    def lose(self, *keys: int) -> None:
        self.ended |= set(keys)
        self.look()

    def reopened(self, key: int, device: str, *, home: bool) -> list[object]:
        self.ended.discard(key)
        self.silent.pop(key, None)
        told = self.rules.opened(key, device, self.now, home=home)
        return [*told, *self.look()]


def test_nothing_follows_while_all_is_well() -> None:
    assert Scene().until(60) == []


def test_an_ended_stream_is_lost_and_opened_again_at_once() -> None:
    scene = Scene(ended={MIC})
    assert scene.look() == [Lost(MIC, "home 1", ENDED), Reopen((MIC,))]
    assert scene.rules.is_lost(MIC)
    assert not scene.rules.is_lost(SPEAKER)


def test_silence_of_a_second_is_a_loss() -> None:
    scene = Scene(silent={SPEAKER: 100.0})
    assert scene.until(5) == [(1.0, Lost(SPEAKER, "home 2", SILENT)), (1.0, Reopen((SPEAKER,)))]


def test_a_device_that_was_just_opened_may_take_long_for_its_first_block() -> None:
    scene = Scene(keys=(MIC,), dumb={MIC}, silent={MIC: 100.0})
    assert scene.until(FIRST_S - STEP_S) == []
    scene.dumb.clear()
    scene.silent[MIC] = scene.now
    (lost, _) = scene.until(5)
    assert lost == (FIRST_S - STEP_S + 1.0, Lost(MIC, "home 1", SILENT))


def test_a_device_is_back_with_its_first_block() -> None:
    scene = Scene(ended={MIC}, keys=(MIC,), dumb={MIC})
    scene.look()
    assert scene.reopened(MIC, "home 1", home=True) == []
    scene.silent[MIC] = scene.now
    found = scene.until(2 * FIRST_S)
    assert found == [(FIRST_S + 0.5, Reopen((MIC,)))], "it is lost all the time, and that was told"
    scene.dumb.clear()
    assert scene.reopened(MIC, "home 1", home=True) == [Restored(MIC, "home 1")]


def test_two_that_are_lost_together_are_one_job_without_relisting() -> None:
    scene = Scene(ended={MIC, SPEAKER})
    assert scene.look()[2:] == [Reopen((MIC, SPEAKER))]


@pytest.mark.parametrize(
    ("absent", "slept", "follows"),
    [(0.5, 0.0, []), (1.9, 0.0, []), (2.1, 0.0, [ASLEEP, ASLEEP]), (0.25, 60.0, [ASLEEP, ASLEEP])],
)
def test_our_own_absence_is_not_the_devices(absent: float, slept: float, follows: list[str]) -> None:
    scene = Scene(silent={MIC: 100.0, SPEAKER: 100.0})
    scene.look()
    scene.now += absent
    told = scene.look(slept)
    assert [command.reason for command in told if isinstance(command, Lost)] == follows
    assert scene.rules.is_lost(MIC) == bool(follows)


def test_after_our_absence_a_device_has_another_second() -> None:
    scene = Scene(silent={MIC: 100.0}, keys=(MIC,))
    scene.look()
    scene.now += 1.5
    assert scene.look() == []
    assert [at for at, _ in scene.until(4.0)] == [2.5, 2.5]


def test_attempts_have_growing_patience_and_relist_when_nothing_runs() -> None:
    scene = Scene(ended={MIC}, keys=(MIC,))
    jobs: list[tuple[float, Command]] = []
    scene.look()
    for _ in range(8):
        scene.rules.failed(MIC, scene.now)
        jobs.append(scene.next_job())
    assert {job for _, job in jobs} == {Reopen((MIC,), relist=True)}
    waits = [later - at for (at, _), (later, _) in itertools.pairwise(jobs)]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(LONGEST_RETRY_S, abs=STEP_S)


def test_while_the_other_stream_runs_it_is_left_alone() -> None:
    scene = Scene(ended={MIC})
    scene.look()
    for _ in range(5):
        scene.rules.failed(MIC, scene.now)
        assert scene.next_job()[1] == Reopen((MIC,), look=True)


def test_a_relisting_that_is_worth_it_waits_for_quiet_but_not_for_ever() -> None:
    for quiet in (False, True):
        scene = Scene(ended={MIC})
        scene.look()
        scene.busy = set() if quiet else {SPEAKER}
        job, at = None, 0.0
        while job != Reopen((MIC, SPEAKER), relist=True):
            scene.rules.failed(MIC, scene.now, worth=True)
            at, job = scene.next_job()
        assert at < 1 if quiet else at >= 3


def test_a_stream_on_a_stand_in_goes_home_when_it_can() -> None:
    scene = Scene(ended={MIC})
    scene.look()
    assert scene.reopened(MIC, "webcam", home=False) == [Restored(MIC, "webcam")]
    assert scene.until(2.5) == [(2.0, Return(MIC))]
    assert scene.rules.stayed(MIC, scene.now) == []
    (at, job), *_ = scene.until(10)
    assert (at, job) == (4.5, Return(MIC))
    assert scene.reopened(MIC, "home 1", home=True) == [Restored(MIC, "home 1")]
    assert scene.until(60) == []


def test_news_of_devices_end_all_patience() -> None:
    scene = Scene(ended={MIC})
    scene.look()
    scene.reopened(MIC, "webcam", home=False)
    scene.now += STEP_S
    assert scene.look() == []
    scene.rules.news(scene.now)
    assert scene.look() == [Return(MIC)]


def test_a_silent_move_is_told_and_undone_when_home_is_back() -> None:
    scene = Scene()
    told = scene.rules.moved(MIC, "monitor", scene.now, home=False)
    assert [type(news) for news in told] == [Lost, Restored]
    assert told[1] == Restored(MIC, "monitor")
    assert scene.until(2.0) == [(2.0, Return(MIC))]
    assert scene.rules.moved(MIC, "mic", scene.now, home=True) == [Restored(MIC, "mic")]


def test_another_default_is_told_as_both() -> None:
    scene = Scene()
    told = scene.rules.moved(MIC, "monitor", scene.now, home=True)
    assert [type(news) for news in told] == [Lost, Restored]


def test_a_move_to_where_it_is_says_nothing() -> None:
    scene = Scene()
    assert scene.rules.moved(MIC, "home 1", scene.now, home=True) == []
    scene.lose(MIC)
    assert scene.rules.moved(MIC, "elsewhere", scene.now, home=False) == []


def test_one_job_at_a_time() -> None:
    scene = Scene(ended={MIC})
    scene.look()
    scene.ended = {MIC, SPEAKER}
    assert scene.until(20) == [(STEP_S, Lost(SPEAKER, "home 2", ENDED))]
    assert scene.reopened(MIC, "home 1", home=True) == [Restored(MIC, "home 1"), Reopen((SPEAKER,))]


def test_a_stream_that_falls_again_and_again_has_to_wait() -> None:
    scene = Scene(keys=(MIC,))
    scene.now += 60
    attempts = []
    for _ in range(5):
        scene.ended = {MIC}
        while not isinstance(scene.next_job()[1], Reopen):
            pass
        attempts.append(scene.now)
        scene.reopened(MIC, "home 1", home=True)
    waits = [later - at for at, later in itertools.pairwise(attempts)]
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]


def test_a_partner_that_a_relisting_cost_is_lost_with_a_word() -> None:
    scene = Scene(ended={MIC}, busy=set())
    scene.look()
    scene.rules.failed(MIC, scene.now, worth=True)
    assert [job for _, job in scene.until(0.5)] == [Reopen((MIC, SPEAKER), relist=True)]
    assert scene.reopened(MIC, "new", home=True) == [Restored(MIC, "new")]
    assert scene.rules.failed(SPEAKER, scene.now) == [Lost(SPEAKER, "home 2", ENDED)]


def test_a_partner_that_is_back_where_it_was_says_nothing() -> None:
    scene = Scene(ended={MIC}, busy=set())
    scene.look()
    scene.rules.failed(MIC, scene.now, worth=True)
    scene.until(0.5)
    assert scene.reopened(SPEAKER, "home 2", home=True) == []


def test_a_stream_that_is_to_be_opened_anew_waits_until_it_is_quiet() -> None:
    scene = Scene()
    scene.rules.refresh(SPEAKER)
    assert scene.until(10) == []
    scene.busy.discard(SPEAKER)
    assert scene.until(10.25) == [(10.25, Reopen((SPEAKER,)))]
    assert scene.reopened(SPEAKER, "home 2", home=True) == []
    assert scene.until(20) == []


def test_a_stream_that_is_closed_under_a_job_is_forgotten() -> None:
    scene = Scene(ended={MIC})
    scene.look()
    scene.rules.closed(MIC)
    scene.keys = (SPEAKER,)
    assert scene.rules.opened(MIC, "home 1", scene.now, home=True) == []
    scene.ended = {SPEAKER}
    assert [type(command) for command in scene.look()] == [Lost, Reopen]
