"""The Wayland desktop against pretended portals on a private session bus, and against pretended programs.

No compositor runs here: what is held is the contract with the published interfaces.
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.desktop.base import DesktopError, KeyEdge
from pipeline.desktop.chords import PASTE, PASTE_INSERT, parse_chord
from pipeline.desktop.examine import examine_desktop
from pipeline.desktop.wayland.bus import Bus
from pipeline.desktop.wayland.commands import WtypeDesk, YdotoolDesk, most_telling
from pipeline.desktop.wayland.desk import FirstThatWorks, PortalDesk, symbols_of
from pipeline.desktop.wayland.entry import APP_ID, entry_file
from pipeline.desktop.wayland.hotkey import PortalHotkey, trigger_of
from pipeline.desktop.wayland.remote import token_file
from pipeline.sinks.keystrokes import TypeSink
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import Receipt, SinkError
from tests.kit.portal import portals
from tests.kit.private_bus import lacking, private_bus
from tests.kit.settings import settings
from tests.pipeline.desktop.scripted_desk import ScriptedDesk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.kit.portal import Portal

PASTE_SETTINGS = settings(paste__read_s=1, paste__restore_ms=50).paste
WORDS = "déjà vu 🎉"


@asynccontextmanager
async def pasting(portal: Portal) -> AsyncIterator[PasteSink]:
    sink = PasteSink(PortalDesk(PASTE_SETTINGS), PASTE_SETTINGS)
    try:
        yield sink
    finally:
        await sink.aclose()
    assert portal.asked("Close") or not portal.asked("Start")


async def until(true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # a pretended desktop has no event for everything
            await asyncio.sleep(0.01)


async def test_a_paste_by_the_portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {"text/plain;charset=utf-8": b"before", "image/png": b"\x89PNG" * 50_000}
    async with portals(tmp_path, monkeypatch, contents=before) as portal, pasting(portal) as sink:
        assert await sink.begin() is None
        assert await sink.commit(WORDS) == Receipt("sent", "the active window")
        await until(lambda: portal.pasted == [WORDS.encode()])
        strokes = [body[2:] for body in portal.asked("NotifyKeyboardKeysym")]
        assert strokes == [[0xFFE3, 1], [ord("v"), 1], [ord("v"), 0], [0xFFE3, 0]]
        await until(lambda: set(portal.offered) == set(before))
        portal.read("image/png")
        await until(lambda: len(portal.pasted) == 2)
        assert portal.pasted[1] == before["image/png"]


async def test_one_session_serves_every_paste_and_its_token_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portals(tmp_path, monkeypatch) as portal:
        async with pasting(portal) as sink:
            for n in range(3):
                await sink.commit(f"{n} {WORDS}")
        await until(lambda: portal.pasted == [f"{n} {WORDS}".encode() for n in range(3)])
        assert len(portal.asked("Start")) == 1
        assert stat.S_IMODE(token_file().stat().st_mode) == 0o600
        async with pasting(portal) as sink:
            await sink.commit(WORDS)
        first, second = portal.asked("SelectDevices")
        assert "restore_token" not in first[1]
        assert second[1]["restore_token"].value == "token-1"
        assert token_file().read_text() == "token-2"


async def test_the_program_introduces_itself_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portals(tmp_path, monkeypatch) as portal, pasting(portal) as sink:
        await sink.commit(WORDS)
        assert portal.calls[0] == ("Register", [APP_ID, {}])
        assert entry_file() == tmp_path / "data" / "applications" / f"{APP_ID}.desktop"
        assert "Exec=" in entry_file().read_text()


async def test_a_session_that_the_desktop_has_ended_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many desktops end it when the screen locks; the words after that must not fail for the rest of the day."""
    async with portals(tmp_path, monkeypatch) as portal:
        desk = PortalDesk(PASTE_SETTINGS)
        sink = PasteSink(desk, PASTE_SETTINGS)
        await sink.commit("one")
        await until(lambda: portal.pasted == [b"one"])
        portal.end_session()
        await until(lambda: desk._remote is not None and desk._remote.ended)
        assert (await sink.commit("two")).delivery == "sent"
        await until(lambda: portal.pasted == [b"one", b"two"])
        assert portal.asked("SelectDevices")[1][1]["restore_token"].value == "token-1"
        tokens = [body[0]["session_handle_token"].value for body in portal.asked("CreateSession")]
        assert len(set(tokens)) == 2
        await sink.aclose()


async def test_who_answers_late_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paste that has been given up leaves the desktop's question on the screen; its answer counts."""
    async with portals(tmp_path, monkeypatch, thinks_s=1.0) as portal, pasting(portal) as sink:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await sink.commit("given up")
        assert (await sink.commit(WORDS)).delivery == "sent"
        await until(lambda: portal.pasted == [WORDS.encode()])
        assert len(portal.asked("CreateSession")) == len(portal.asked("Start")) == 1


async def test_a_chord_that_fails_in_the_middle_leaves_no_key_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portals(tmp_path, monkeypatch, dead_keys=(ord("v"),)) as portal, pasting(portal) as sink:
        receipt = await sink.commit(WORDS)
        assert receipt.delivery == "kept"
        strokes = [body[2:] for body in portal.asked("NotifyKeyboardKeysym")]
        assert strokes == [[0xFFE3, 1], [ord("v"), 1], [0xFFE3, 0]]


async def test_formats_that_are_packed_into_a_structure_are_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {"text/plain;charset=utf-8": b"before", "text/html": b"<b>before</b>"}
    async with (
        portals(tmp_path, monkeypatch, contents=before, packed=True) as portal,
        pasting(portal) as sink,
    ):
        assert (await sink.commit(WORDS)).delivery == "sent"
        await until(lambda: set(portal.offered) == set(before))


async def test_a_slow_window_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with portals(tmp_path, monkeypatch, reads_after_s=0.4) as portal, pasting(portal) as sink:
        assert (await sink.commit(WORDS)).delivery == "sent"
        await until(lambda: portal.pasted == [WORDS.encode()])


async def test_what_was_copied_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = settings(paste__read_s=1, paste__restore_ms=500).paste
    async with portals(tmp_path, monkeypatch, contents={"text/plain": b"before"}) as portal:
        sink = PasteSink(PortalDesk(late), late)
        await sink.commit(WORDS)
        portal.copied({"text/plain": b"meanwhile"})
        await sink.aclose()  # it waits for what was to be put back
        assert portal.offered == ()


@pytest.mark.parametrize(
    ("behavior", "complaint"),
    [
        ({"declined": ("Start",)}, "RemoteDesktop is not allowed: you declined it; start again and allow it"),
        ({"unknown": ("org.freedesktop.portal.RemoteDesktop",)}, "This desktop has no RemoteDesktop portal"),
        pytest.param(
            {"silent": ("CreateSession",)},
            "The desktop's RemoteDesktop portal did not answer within 2 s.",
            marks=pytest.mark.real,
        ),
        ({"clipboard_enabled": False}, "The desktop's portal does not share its clipboard"),
    ],
    ids=["declined", "missing", "hung", "no clipboard"],
)
async def test_a_portal_that_cannot_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behavior: dict[str, Any], complaint: str
) -> None:
    async with portals(tmp_path, monkeypatch, **behavior):
        desk = PortalDesk(PASTE_SETTINGS)
        with pytest.raises(DesktopError) as caught:
            await desk.offer(WORDS, PASTE, None)
        assert str(caught.value).startswith(complaint)
        await desk.aclose()


async def test_without_a_session_bus_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    desk = PortalDesk(PASTE_SETTINGS)
    with pytest.raises(DesktopError, match="There is no session bus"):
        await desk.keep(WORDS)
    await desk.aclose()


@pytest.mark.real
async def test_keys_that_hang_are_pressed_by_the_next_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portals(tmp_path, monkeypatch, silent=("NotifyKeyboardKeysym",)) as portal:
        second = ScriptedDesk([None], taken="someone", tells_windows=False)
        desk = FirstThatWorks([lambda: PortalDesk(PASTE_SETTINGS), lambda: second])
        sink = PasteSink(desk, PASTE_SETTINGS)
        assert (await sink.commit(WORDS)).delivery == "sent"
        assert second.diary[0].startswith(f"offer {WORDS}")  # laid down anew
        assert (await sink.commit("more")).delivery == "sent"
        assert len(portal.asked("NotifyKeyboardKeysym")) == 1
        await sink.aclose()


async def test_a_call_that_the_session_bus_leaves_behind_fails_and_is_not_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dictation that was cancelled by nobody would end without a word, and block all that come after it."""
    if reason := lacking():
        pytest.skip(reason)
    with private_bus() as session:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.address)
        bus = Bus()
        await bus.open()
        asyncio.get_running_loop().call_later(0.1, session.end)
        async with asyncio.timeout(10):
            with pytest.raises(DesktopError, match="session bus has ended"):
                await bus.do(asyncio.sleep(30))
        with pytest.raises(DesktopError, match="session bus has ended"):
            await bus.do(asyncio.sleep(0))
        await bus.aclose()


async def test_the_desktop_that_types_is_found_once() -> None:
    typist = ScriptedDesk([None], tells_windows=False)
    made: list[ScriptedDesk] = []

    def second() -> ScriptedDesk:
        made.append(typist)
        return typist

    desk = FirstThatWorks([lambda: PortalDesk(PASTE_SETTINGS), second])
    sink = TypeSink(desk, PASTE_SETTINGS)
    await sink.commit("word " * 100)
    assert len(made) == 1
    assert len(typist.diary) > 5
    await sink.aclose()
    assert typist.diary[-1] == "close"


async def test_when_every_desktop_refuses_all_reasons_are_told_and_the_next_words_try_again() -> None:
    first, second = ScriptedDesk(no_offer="The first says no."), ScriptedDesk(no_offer="So does the second.")
    desk = FirstThatWorks([lambda: first, lambda: second])
    sink = PasteSink(desk, PASTE_SETTINGS)
    with pytest.raises(SinkError) as caught:
        await sink.commit(WORDS)
    assert str(caught.value) == "The first says no. So does the second."
    first.no_offer = None
    await sink.commit("more")
    assert first.diary[0] == "offer more by ctrl+v to anyone"
    await sink.aclose()
    assert (first.diary[-1], second.diary) == ("close", ["close"])


async def edges_of(portal: Portal, hotkey: PortalHotkey) -> list[KeyEdge]:
    seen: list[KeyEdge] = []
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async for edge in hotkey.edges():
                seen.append(edge)  # noqa: PERF401  # looked at while it grows

        group.create_task(watch())
        await until(lambda: portal.asked("BindShortcuts"))
        await asyncio.sleep(0.2)
        portal.key(down=True)
        await until(lambda: len(seen) == 1)
        portal.key(down=False)
        await until(lambda: len(seen) == 2)
        await hotkey.aclose()
    return seen


async def test_a_shortcut_of_the_desktop_has_both_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portals(tmp_path, monkeypatch) as portal:
        hotkey = PortalHotkey(parse_chord("ctrl+alt+d"))
        seen = await edges_of(portal, hotkey)
        assert [edge.down for edge in seen] == [True, False]
        assert await hotkey.is_down() is None
        ((_, shortcuts, _, _),) = portal.asked("BindShortcuts")
        assert shortcuts[0][1]["preferred_trigger"].value == "CTRL+ALT+d"
        await hotkey.aclose()


@pytest.mark.parametrize(
    ("behavior", "complaint"),
    [
        ({"declined": ("BindShortcuts",)}, "GlobalShortcuts is not allowed: you declined it"),
        (
            {"unknown": ("org.freedesktop.portal.GlobalShortcuts",)},
            "This desktop has no GlobalShortcuts portal",
        ),
    ],
    ids=["declined", "missing"],
)
async def test_a_shortcut_that_cannot_be_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behavior: dict[str, Any], complaint: str
) -> None:
    async with portals(tmp_path, monkeypatch, **behavior):
        hotkey = PortalHotkey(parse_chord("f9"))
        with pytest.raises(DesktopError, match=complaint):
            await anext(hotkey.edges())
        await hotkey.aclose()


@pytest.mark.parametrize("way", ["the desktop ends it", "the bus goes"])
async def test_a_shortcut_that_the_desktop_ends_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with portals(tmp_path, monkeypatch) as portal:
        hotkey = PortalHotkey(parse_chord("f9"))

        async def end() -> None:
            await until(lambda: portal.asked("BindShortcuts"))
            await asyncio.sleep(0.2)
            if way == "the bus goes":
                portal.daemon.kill()
            else:
                portal.end_session()

        async with asyncio.TaskGroup() as group:
            group.create_task(end())
            with pytest.raises(DesktopError, match="The desktop ended the hotkey"):
                await anext(hotkey.edges())
        await hotkey.aclose()


async def test_doctor_tells_which_portals_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: Path
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    (programs / "wl-paste").unlink()
    lacking = ("org.freedesktop.portal.Clipboard",)
    async with portals(tmp_path, monkeypatch, unknown=lacking) as portal:
        found = [examined async for examined in examine_desktop(settings(), "f9")]
        assert portal.asked("CreateSession") == []  # nobody is asked anything
    assert [(look.name, look.works) for look in found] == [
        ("hotkey", True),
        ("paste", False),
        ("programs", False),
    ]
    assert found[0].detail == "portal: GlobalShortcuts 2"
    assert found[1].detail.startswith("This desktop has no Clipboard portal")
    assert found[2].detail.startswith("wl-copy, wtype, ydotool found; for a desktop without portals")


@pytest.mark.parametrize(
    ("chord", "trigger"),
    [
        ("f9", "F9"),
        ("super+space", "LOGO+space"),
        ("right_ctrl", "Control_R"),
        ("ctrl+shift+d", "CTRL+SHIFT+d"),
    ],
)
def test_triggers_are_written_as_the_specification_says(chord: str, trigger: str) -> None:
    assert trigger_of(parse_chord(chord)) == trigger


def test_symbols_of_the_chords_that_paste() -> None:
    assert symbols_of(PASTE) == [0xFFE3, 0x76]
    assert symbols_of(PASTE_INSERT) == [0xFFE1, 0xFF63]
    with pytest.raises(DesktopError, match="f9 cannot be pressed here"):
        symbols_of(parse_chord("f9"))


SCRIPT = """#!/bin/sh
cat >"$DIARY/$(basename "$0").in"
echo "$(basename "$0") $*" >>"$DIARY/diary"
case "$*" in
  --list-types) printf 'text/plain\\ntext/uri-list\\nimage/png\\n' ;;
  *uri-list*) printf 'file:///a' ;;
  "--no-newline --type text/plain;charset=utf-8") cat "$DIARY/wl-copy.in" ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretended wl-copy, wl-paste, wtype and ydotool that write down how they were called."""
    for name in ("wl-copy", "wl-paste", "wtype", "ydotool"):
        file = tmp_path / name
        file.write_text(SCRIPT)
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("DIARY", str(tmp_path))
    return tmp_path


@pytest.mark.real
async def test_a_paste_by_wtype(programs: Path) -> None:
    sink = PasteSink(WtypeDesk(PASTE_SETTINGS), PASTE_SETTINGS)
    assert await sink.commit(WORDS) == Receipt("sent", "the active window")
    await sink.aclose()
    assert (programs / "diary").read_text().splitlines() == [
        "wl-paste --list-types",
        "wl-paste --no-newline --type text/uri-list",
        "wl-copy --type text/plain;charset=utf-8",
        "wl-copy --primary --type text/plain;charset=utf-8",
        "wtype -M ctrl -k v -m ctrl",
        "wl-paste --no-newline --type text/plain;charset=utf-8",
        "wl-copy --type text/uri-list",
    ]
    assert (programs / "wl-copy.in").read_bytes() == b"file:///a"


@pytest.mark.real
async def test_what_was_copied_after_a_paste_by_wtype_stays(programs: Path) -> None:
    sink = PasteSink(WtypeDesk(PASTE_SETTINGS), PASTE_SETTINGS)
    await sink.commit(WORDS)
    (programs / "wl-copy.in").write_text("copied since")
    await sink.aclose()
    assert (programs / "wl-copy.in").read_text() == "copied since"


async def test_words_are_typed_from_stdin_never_from_the_command_line(programs: Path) -> None:
    desk = WtypeDesk(PASTE_SETTINGS)
    await desk.type(WORDS)
    assert (programs / "wtype.in").read_text() == WORDS
    assert (programs / "diary").read_text() == "wtype -d 12 -\n"
    await desk.aclose()


async def test_ydotool_pastes_by_the_key_that_every_layout_has(programs: Path) -> None:
    desk = YdotoolDesk(PASTE_SETTINGS)
    offer = await desk.offer(WORDS, PASTE, None)
    assert await offer.deliver(1) == "untold"
    assert (programs / "diary").read_text().splitlines()[-1] == "ydotool key 42:1 110:1 110:0 42:0"
    with pytest.raises(DesktopError, match="ydotool cannot type"):
        await desk.type(WORDS)
    await desk.aclose()


async def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    desk = WtypeDesk(PASTE_SETTINGS)
    with pytest.raises(DesktopError) as caught:
        await desk.offer(WORDS, PASTE, None)
    assert (
        str(caught.value) == "wtype and wl-copy and wl-paste not installed; install wl-clipboard and wtype."
    )
    await desk.aclose()


@pytest.mark.parametrize(
    ("kinds", "best"),
    [
        (["text/plain", "text/html", "image/png"], "image/png"),
        (["text/plain", "text/uri-list"], "text/uri-list"),
        (["UTF8_STRING", "TARGETS"], "UTF8_STRING"),
        (["TARGETS", ""], None),
    ],
)
def test_of_several_formats_the_most_telling_comes_back(kinds: list[str], best: str | None) -> None:
    assert most_telling(kinds) == best
