"""Hotkeys where every key passes by: which events are ours, which are swallowed, which edges follow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import parse_chord
from pipeline.desktop.hooked import HookedHotkey, watcher_of
from pipeline.desktop.macos.calls import KEYS as MAC
from pipeline.desktop.windows.calls import KEYS as WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.desktop.chords import Chord

TABLES = {"windows": WINDOWS, "macos": MAC}


def played(chord: str, keys: str, table: dict[str, int]) -> str:
    """What comes of keys such as ``+left_alt +v -v``: an edge as ``down``/``up``, a swallowed event as ``!``."""
    watcher = watcher_of(parse_chord(chord), table, "it")
    out = []
    for word in keys.split():
        edge, swallowed = watcher.see(table[word[1:]], down=word[0] == "+")
        out.append({True: "down", False: "up", None: "."}[edge] + ("!" if swallowed else ""))
    return " ".join(out)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize(
    ("chord", "keys", "outcome"),
    [
        ("f9", "+f9 -f9", "down! up!"),
        ("f9", "+f9 +f9 +f9 -f9 +f9", "down! .! .! up! down!"),  # the system repeats a held key
        ("f9", "+a +f9 -a -f9", ". down! . up!"),
        ("super+alt+v", "+left_super +left_alt +v -v -left_alt -left_super", ". . down! up! . ."),
        (
            "super+alt+v",
            "+left_super +right_alt +v -right_alt -v +v",
            ". . down! up .! .",
        ),  # a modifier first
        ("super+alt+v", "+left_super +v -v", ". . ."),
        (
            "ctrl+d",
            "+left_ctrl +d -left_ctrl +d -d",
            ". down! up .! .!",
        ),  # its repeats never reach the window
        ("right_ctrl", "+right_ctrl +c -c -right_ctrl", "down . . up"),  # a lone modifier is never swallowed
        ("right_ctrl", "+left_ctrl -left_ctrl", ". ."),
        ("ctrl", "+right_ctrl -right_ctrl +left_ctrl", "down up down"),
    ],
)
def test_what_a_key_means(table: dict[str, int], chord: str, keys: str, outcome: str) -> None:
    assert played(chord, keys, table) == outcome


def test_a_key_that_a_system_lacks_is_named() -> None:
    with pytest.raises(DesktopError, match="macOS has no key pause; choose another one"):
        watcher_of(parse_chord("pause"), MAC, "macOS")


class Keys:
    """A keyboard as data."""

    def __init__(self, *, tells_swallowed: bool = False) -> None:
        self.tells_swallowed = tells_swallowed
        self.physical: set[int] = set()
        self.told: list[str] = []
        self.see: Callable[[int, bool], bool] | None = None

    def key_down(self, code: int) -> bool:
        return code in self.physical

    def watch(self, seen: Callable[[int, bool], bool], stale: Callable[[], bool]) -> Callable[[], None]:
        self.see, self.stale = seen, stale
        return lambda: self.told.append("ended")

    def swallowed(self, chord: Chord) -> None:
        self.told.append(f"swallowed {chord}")


async def test_edges_come_out_of_the_systems_thread() -> None:
    keys = Keys()
    hotkey = HookedHotkey(parse_chord("f9"), watcher_of(parse_chord("f9"), WINDOWS, "Windows"), keys)
    edges = hotkey.edges()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(anext(edges))
        while keys.see is None:  # noqa: ASYNC110  # set by a thread
            await asyncio.sleep(0.005)
        see = keys.see
        assert keys.stale()
        assert await asyncio.to_thread(see, WINDOWS["f9"], True)
    assert not keys.stale()
    assert first.result().down
    assert await asyncio.to_thread(see, WINDOWS["f9"], False)
    assert not (await anext(edges)).down
    await hotkey.aclose()
    await hotkey.aclose()
    assert [edge async for edge in edges] == []
    assert keys.told == ["swallowed f9", "ended"]


@pytest.mark.parametrize(
    ("chord", "tells", "physical", "down"),
    [
        ("f9", False, ["f9"], None),  # the system never hears of a key that is swallowed
        ("f9", True, ["f9"], True),
        ("f9", True, [], False),
        ("right_ctrl", False, ["right_ctrl"], True),
        ("right_ctrl", False, [], False),
        ("ctrl+d", False, ["left_ctrl"], None),
        ("ctrl+d", False, [], False),  # a modifier was released, so the chord was
    ],
)
async def test_the_true_state_is_told_as_far_as_it_is_known(
    chord: str, tells: bool, physical: list[str], down: bool | None
) -> None:
    keys = Keys(tells_swallowed=tells)
    keys.physical = {WINDOWS[name] for name in physical}
    hotkey = HookedHotkey(parse_chord(chord), watcher_of(parse_chord(chord), WINDOWS, "Windows"), keys)
    assert await hotkey.is_down() is down
