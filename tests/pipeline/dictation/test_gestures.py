"""What keys mean, as tables: times of edges in, intents out; then the same with a key that is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from pipeline.desktop.base import DesktopError, KeyEdge
from pipeline.dictation.gestures import Gesture, GestureKind, Intent
from pipeline.dictation.keys import POLL_S, follow_key
from tests.kit.virtual_loop import run_virtual

Edges = list[tuple[float, str]]
"""(seconds, "down" or "up")."""


@dataclass
class Dictation:
    """What intents do to a dictation that obeys at once."""

    listening: bool = False
    heard: list[tuple[float, Intent]] = field(default_factory=list)

    def act(self, intent: Intent, at: float) -> None:
        self.heard.append((round(at, 3), intent))
        if intent != "let-go":
            self.listening = not self.listening if intent == "toggle" else intent == "start"


def follow(kind: GestureKind, edges: Edges, dictation: Dictation) -> None:
    """Feed the edges, asking at every deadline in between and after."""
    gesture = Gesture(kind)
    for at, way in [*edges, (1000.0, "")]:
        while gesture.deadline is not None and gesture.deadline < at:
            when = gesture.deadline
            for intent in gesture.due(when):
                dictation.act(intent, when)
        if way:
            for intent in gesture.edge(KeyEdge(way == "down", at), listening=dictation.listening):
                dictation.act(intent, at)


TABLE: list[tuple[str, GestureKind, Edges, list[tuple[float, Intent]]]] = [
    ("held and released", "hold", [(1, "down"), (3, "up")], [(1, "start"), (3.05, "stop")]),
    (
        "twice",
        "hold",
        [(1, "down"), (2, "up"), (3, "down"), (4, "up")],
        [(1, "start"), (2.05, "stop"), (3, "start"), (4.05, "stop")],
    ),
    (
        "bounces at the press and at the release",
        "hold",
        [(1, "down"), (1.004, "up"), (1.009, "down"), (3, "up"), (3.01, "down"), (3.02, "up")],
        [(1, "start"), (3.07, "stop")],
    ),
    (
        "repeated by X11 while it is held",
        "hold",
        [(1, "down"), *[(1.5 + n / 30, way) for n in range(20) for way in ("up", "down")], (3, "up")],
        [(1, "start"), (3.05, "stop")],
    ),
    (
        "a release was lost, and the key pressed again",
        "hold",
        [(1, "down"), (3, "down"), (4, "up")],
        [(1, "start"), (4.05, "stop")],
    ),
    (
        "a release without a press",
        "hold",
        [(1, "up"), (2, "down"), (3, "up")],
        [(2, "start"), (3.05, "stop")],
    ),
    (
        "a release that comes back in the last instant",
        "hold",
        [(1, "down"), (2, "up"), (2.049, "down")],
        [(1, "start")],
    ),
    (
        "a press just after the release counted",
        "hold",
        [(1, "down"), (2, "up"), (2.051, "down"), (3, "up")],
        [(1, "start"), (2.05, "stop"), (2.051, "start"), (3.05, "stop")],
    ),
    (
        "pressed, pressed",
        "toggle",
        [(1, "down"), (1.1, "up"), (3, "down"), (3.1, "up")],
        [(1, "toggle"), (3, "toggle")],
    ),
    ("bouncing", "toggle", [(1, "down"), (1.01, "up"), (1.02, "down"), (1.2, "up")], [(1, "toggle")]),
    (
        "only presses are told",
        "toggle",
        [(1, "down"), (1.02, "down"), (3, "down")],
        [(1, "toggle"), (3, "toggle")],
    ),
    ("held long", "tap-or-hold", [(1, "down"), (1.5, "up")], [(1, "start"), (1.55, "stop")]),
    (
        "tapped, and tapped again",
        "tap-or-hold",
        [(1, "down"), (1.49, "up"), (5, "down"), (5.1, "up")],
        [(1, "start"), (1.54, "let-go"), (5, "stop")],
    ),
    (
        "tapped, and held to stop",
        "tap-or-hold",
        [(1, "down"), (1.2, "up"), (5, "down"), (7, "up")],
        [(1, "start"), (1.25, "let-go"), (5, "stop")],
    ),
    (
        "two quick taps",
        "double-tap",
        [(1, "down"), (1.1, "up"), (1.3, "down"), (1.4, "up")],
        [(1.3, "toggle")],
    ),
    ("two slow taps", "double-tap", [(1, "down"), (1.1, "up"), (1.5, "down"), (1.6, "up")], []),
    ("one tap that bounces", "double-tap", [(1, "down"), (1.01, "up"), (1.02, "down"), (1.1, "up")], []),
    (
        "three taps are one gesture and a beginning",
        "double-tap",
        [(1, "down"), (1.1, "up"), (1.3, "down"), (1.4, "up"), (1.6, "down"), (1.65, "up")],
        [(1.3, "toggle")],
    ),
    (
        "twice two taps",
        "double-tap",
        [(at + d, way) for at in (1, 5) for d, way in ((0, "down"), (0.1, "up"), (0.2, "down"), (0.3, "up"))],
        [(1.2, "toggle"), (5.2, "toggle")],
    ),
]


@pytest.mark.parametrize(
    ("_name", "kind", "edges", "expected"), TABLE, ids=[f"{r[1]}: {r[0]}" for r in TABLE]
)
def test_gestures(_name: str, kind: GestureKind, edges: Edges, expected: list[tuple[float, Intent]]) -> None:
    dictation = Dictation()
    follow(kind, edges, dictation)
    assert dictation.heard == expected


def test_a_dictation_that_somebody_else_ended_is_started_by_the_next_tap() -> None:
    dictation = Dictation()
    gesture = Gesture("tap-or-hold")
    assert gesture.edge(KeyEdge(down=True, at=1), listening=False) == ("start",)
    gesture.edge(KeyEdge(down=False, at=1.1), listening=True)
    assert gesture.due(1.2) == ("let-go",)
    assert gesture.edge(KeyEdge(down=True, at=9), listening=dictation.listening) == ("start",)


@dataclass
class ScriptedKey:
    """A hotkey whose edges and true states are data; ``lost`` are edges that the desktop does not tell."""

    presses: list[tuple[float, float]]
    lost: frozenset[float] = frozenset()
    tells_state: bool = True
    fails: str | None = None
    asked: int = 0

    async def edges(self) -> AsyncGenerator[KeyEdge, None]:
        loop = asyncio.get_running_loop()
        for at, down in sorted([(a, True) for a, _ in self.presses] + [(b, False) for _, b in self.presses]):
            await asyncio.sleep(at - loop.time())
            if at not in self.lost:
                yield KeyEdge(down, loop.time())
        if self.fails:
            raise DesktopError(self.fails)
        await asyncio.sleep(5)

    async def is_down(self) -> bool | None:
        self.asked += 1
        now = asyncio.get_running_loop().time()
        return any(a <= now < b for a, b in self.presses) if self.tells_state else None

    async def aclose(self) -> None:
        pass


def watched(key: ScriptedKey, kind: GestureKind = "hold") -> list[tuple[float, Intent]]:
    async def watch() -> list[tuple[float, Intent]]:
        dictation, loop = Dictation(), asyncio.get_running_loop()
        await follow_key(
            key, Gesture(kind), lambda intent: dictation.act(intent, loop.time()), lambda: dictation.listening
        )
        return dictation.heard

    return run_virtual(watch())


def test_a_key_is_followed() -> None:
    assert watched(ScriptedKey([(1, 3), (5, 6)])) == [
        (1, "start"),
        (3.05, "stop"),
        (5, "start"),
        (6.05, "stop"),
    ]


def test_a_release_that_the_desktop_lost_is_found_by_asking() -> None:
    (start, stop) = watched(ScriptedKey([(1, 3)], lost=frozenset({3})))
    assert start == (1, "start")
    assert stop[1] == "stop"
    assert 3.05 <= stop[0] <= 3 + POLL_S + 0.06


def test_a_key_that_is_up_is_not_asked_for() -> None:
    key = ScriptedKey([(1, 1.5)])
    watched(key)
    assert 1 <= key.asked <= 6


def test_where_the_state_is_not_told_only_edges_count() -> None:
    assert watched(ScriptedKey([(1, 3), (5, 6)], lost=frozenset({3}), tells_state=False)) == [
        (1, "start"),
        (6.05, "stop"),
    ]


def test_what_ends_the_watching_is_told_after_the_edges_before_it() -> None:
    dictation = Dictation()

    async def watch() -> None:
        await follow_key(
            ScriptedKey([(1, 2)], fails="The key was taken."),
            Gesture("toggle"),
            lambda intent: dictation.act(intent, 0),
            lambda: dictation.listening,
        )

    with pytest.raises(DesktopError, match="taken"):
        run_virtual(watch())
    assert dictation.heard == [(0, "toggle")]
