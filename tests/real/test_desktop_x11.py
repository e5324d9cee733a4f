"""Pasting, typing and hotkeys on a real X server, into real windows of other programs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

import pytest

from pipeline.desktop import find_desk, find_hotkey
from pipeline.desktop.base import DesktopError
from pipeline.desktop.examine import examine_desktop
from pipeline.sinks.clipboard import ClipboardSink
from pipeline.sinks.keystrokes import TypeSink
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import SinkError
from tests.kit.chromium import page
from tests.kit.pulse import note
from tests.kit.settings import settings
from tests.kit.x11 import wait_until, x_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.sinks.text import Receipt, TextSink
    from tests.kit.x11 import XServer

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

FRENCH = "Ça y est : l'œuvre naïve à 20 € – « déjà vu » – où ? 🎉👩‍🚀🇫🇷"
LONG = ("Voilà une phrase plutôt longue, répétée. 🎉 " * 200)[:5000]
HUGE = "é" * 200_000
"""400 kB: more than a request or a piece can hold."""


@pytest.fixture
def desktop(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    with x_server(tmp_path_factory.mktemp("x")) as server:
        monkeypatch.setenv("DISPLAY", server.display)
        monkeypatch.setenv("XDG_SESSION_TYPE", "x11")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.delenv("XAUTHORITY", raising=False)
        yield server


def sink(name: str = "paste", **changes: object) -> TextSink:
    config = settings(**{f"paste__{key}": value for key, value in changes.items()})
    desk = find_desk(config)
    if name == "clipboard":
        return ClipboardSink(desk)
    return (PasteSink if name == "paste" else TypeSink)(desk, config.paste)


async def delivered(text: str, name: str = "paste", **changes: object) -> Receipt:
    """One dictation from the beginning to the end."""
    target = sink(name, **changes)
    try:
        await target.begin()
        return await target.commit(text)
    finally:
        await target.aclose()


@pytest.mark.parametrize("text", [FRENCH, LONG, HUGE], ids=["french", "long", "huge"])
async def test_words_arrive_in_an_editor(desktop: XServer, text: str) -> None:
    editor = desktop.editor()
    receipt = await delivered(text)
    assert (receipt.delivery, receipt.where) == ("confirmed", "editor")
    assert editor.holds(text)


@pytest.mark.parametrize("text", [FRENCH, LONG], ids=["french", "long"])
async def test_words_arrive_in_a_terminal(desktop: XServer, text: str) -> None:
    terminal = desktop.terminal()
    receipt = await delivered(text)
    assert receipt.delivery == "confirmed"
    assert terminal.holds(text)


@pytest.mark.timeout(120)
async def test_words_arrive_in_a_browser(desktop: XServer) -> None:
    desktop.copy(b"before")
    with page(desktop) as area:
        paste = sink()
        for n, text in enumerate([FRENCH, LONG, FRENCH]):
            before = area.text
            await paste.begin()
            receipt = await paste.commit(f"{n} {text}")
            assert receipt.delivery == "confirmed"
            assert area.holds(f"{before}{n} {text}")
        await asyncio.sleep(0.4)
        assert await asyncio.to_thread(desktop.clipboard) == b"before"
        await paste.aclose()


@pytest.mark.parametrize("layout", ["fr", "us -variant dvorak", "us -option ctrl:swapcaps", "ru"])
async def test_the_chord_is_right_on_every_layout(desktop: XServer, layout: str) -> None:
    desktop.run("setxkbmap", *layout.split())
    chords = {"editor": "ctrl+v"} if layout != "ru" else {}
    box = desktop.terminal() if layout == "ru" else desktop.editor()
    receipt = await delivered(FRENCH, chords=chords)
    assert receipt.delivery == "confirmed"
    assert box.holds(FRENCH)


PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 800
"""200 kB with the head of a picture: more than fits into one piece."""


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("UTF8_STRING", "le presse-papiers d'avant ✂".encode()),
        ("text/html", b"<b>avant</b>"),
        ("image/png", PNG),
        ("text/uri-list", b"file:///tmp/a%20b.txt\r\nfile:///tmp/c.txt\r\n"),
        ("x-special/gnome-copied-files", b"copy\nfile:///tmp/a.txt"),
    ],
    ids=["text", "html", "picture", "files", "gnome files"],
)
async def test_the_clipboard_comes_back_byte_for_byte(desktop: XServer, target: str, data: bytes) -> None:
    desktop.copy(data, target)
    editor = desktop.editor()
    paste = sink()
    await paste.begin()
    receipt = await paste.commit(FRENCH)
    assert receipt.delivery == "confirmed"
    assert editor.holds(FRENCH)
    await asyncio.sleep(0.4)
    assert await asyncio.to_thread(desktop.clipboard, target) == data
    await paste.aclose()
    assert desktop.clipboard(target) == data  # also when we are gone


async def test_an_empty_clipboard_is_empty_again(desktop: XServer) -> None:
    desktop.editor()
    paste = sink(restore_ms=50)
    await paste.begin()
    await paste.commit(FRENCH)
    await paste.aclose()
    assert desktop._reads("UTF8_STRING", "clipboard") is None


async def test_what_is_copied_while_one_speaks_is_what_comes_back(desktop: XServer) -> None:
    desktop.copy(b"before")
    editor = desktop.editor()
    paste = sink(restore_ms=50)
    await paste.begin()
    await asyncio.sleep(0.2)
    await asyncio.to_thread(desktop.copy, b"copied while speaking")
    await paste.commit(FRENCH)
    assert editor.holds(FRENCH)
    await paste.aclose()
    assert desktop.clipboard() == b"copied while speaking"


async def test_what_was_copied_meanwhile_is_not_overwritten(desktop: XServer) -> None:
    desktop.copy(b"before")
    editor = desktop.editor()
    paste = sink(restore_ms=400)
    await paste.begin()
    await paste.commit("words")
    assert editor.holds("words")
    await asyncio.to_thread(desktop.copy, b"copied meanwhile")
    await asyncio.sleep(0.6)
    await paste.aclose()
    assert desktop.clipboard() == b"copied meanwhile"


async def test_a_slow_window_gets_the_right_words(desktop: XServer) -> None:
    desktop.copy(b"before")
    editor = desktop.editor(slow_s=2)
    receipt = await delivered(FRENCH)
    assert receipt.delivery == "confirmed"
    assert editor.holds(FRENCH)
    assert desktop.clipboard() == b"before"


async def test_a_window_that_never_reads_leaves_the_words_on_the_clipboard(desktop: XServer) -> None:
    desktop.copy(b"before")
    editor = desktop.editor(slow_s=30)
    receipt = await delivered(FRENCH, read_s=1)
    assert (receipt.delivery, receipt.where) == ("kept", "the clipboard")
    assert receipt.reason == "editor did not take the words within 1 s."
    assert desktop.clipboard() == FRENCH.encode()
    assert editor.text == ""


async def test_words_never_go_to_another_window(desktop: XServer) -> None:
    first = desktop.editor("first")
    second = desktop.editor("second")
    desktop.focus(first)
    paste = sink()
    assert await paste.begin() == "first"
    desktop.focus(second)
    receipt = await paste.commit(FRENCH)
    assert receipt.delivery == "kept"
    assert receipt.reason == "The focus moved from first to second."
    assert await asyncio.to_thread(desktop.clipboard) == FRENCH.encode()
    await paste.aclose()
    assert (first.text, second.text) == ("", "")
    assert desktop.clipboard() == FRENCH.encode()


async def test_a_window_that_was_closed_is_named(desktop: XServer) -> None:
    other = desktop.editor("other")
    editor = desktop.editor()
    paste = sink()
    await paste.begin()
    editor.close()
    receipt = await paste.commit(FRENCH)
    assert (receipt.delivery, receipt.reason) == ("kept", "The window editor was closed.")
    await paste.aclose()
    assert other.text == ""


async def test_modifiers_that_the_user_holds_are_waited_for(desktop: XServer) -> None:
    editor = desktop.editor()
    paste = sink(hands_off_s=10)
    await paste.begin()
    desktop.run("xdotool", "keydown", "shift")
    async with asyncio.TaskGroup() as group:
        committed = group.create_task(paste.commit(FRENCH))
        await asyncio.sleep(0.3)
        assert editor.text == ""
        desktop.run("xdotool", "keyup", "shift")
    assert committed.result().delivery == "confirmed"
    assert editor.holds(FRENCH)
    await paste.aclose()


async def test_modifiers_that_are_held_for_ever_are_let_go(desktop: XServer) -> None:
    editor = desktop.editor()
    desktop.run("xdotool", "keydown", "shift", "keydown", "super")
    receipt = await delivered(FRENCH, hands_off_s=0.2)
    assert receipt.delivery == "confirmed"
    assert editor.holds(FRENCH)


async def test_a_hotkey_that_is_still_held_does_not_get_the_chord(desktop: XServer) -> None:
    editor = desktop.editor()
    hotkey = find_hotkey("f9", settings())
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async for _ in hotkey.edges():
                pass

        group.create_task(watch())
        await asyncio.sleep(0.3)
        desktop.run("xdotool", "keydown", "F9")
        receipt = await delivered(FRENCH, hands_off_s=0.3)
        await hotkey.aclose()
    assert receipt.delivery == "confirmed"
    assert editor.holds(FRENCH)


LOCKER = """
import sys, time
from Xlib import X, display
d = display.Display()
root = d.screen().root
while root.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime): time.sleep(0.01)
open(sys.argv[1], "w").close()
heard = open(sys.argv[1], "a")
while True:
    event = d.next_event()
    if event.type == X.KeyPress: heard.write(f"{event.detail} "); heard.flush()
"""


async def test_a_locked_screen_gets_no_key(desktop: XServer) -> None:
    editor = desktop.editor()
    paste = sink()
    await paste.begin()
    locked = desktop.folder / "locked"
    desktop.start(sys.executable, "-c", LOCKER, locked)
    await asyncio.to_thread(wait_until, locked.exists, "the keyboard was not taken")
    receipt = await paste.commit(FRENCH)
    assert receipt.delivery == "kept"
    assert receipt.reason == "Another program has the keyboard to itself (a locked screen, an open menu)."
    await paste.aclose()
    assert locked.read_text() == ""
    assert editor.text == ""


async def test_a_server_that_goes_is_told(desktop: XServer) -> None:
    desktop.editor()
    paste, hotkey = sink(), find_hotkey("f9", settings())
    await paste.begin()

    async def end() -> None:
        await asyncio.sleep(0.3)
        desktop.process.kill()

    async with asyncio.TaskGroup() as group:
        group.create_task(end())
        with pytest.raises(DesktopError, match="The X server closed the connection"):
            await anext(hotkey.edges())
    with pytest.raises(SinkError, match="The X server closed the connection"):
        await paste.commit(FRENCH)
    await paste.aclose()
    await hotkey.aclose()


REWRITER = """
import sys, time
from Xlib import X, display
from pipeline.desktop.contents import of_text
from pipeline.desktop.x11.connection import Connection
from pipeline.desktop.x11.selection import CLIPBOARD, Holding, Selections
from pipeline.desktop.x11.snapshot import Reader
connection = Connection("rewriter")
selections, reader = Selections(connection), Reader(connection)
for n in range(100000):
    connection.post(reader.read, CLIPBOARD, 1000000).result()
    time.sleep(0.02)
    if n % 5 == 0:
        connection.post(selections.take, CLIPBOARD, Holding(of_text(f"rewritten {n}", private=False))).result()
"""


async def test_ten_in_a_row_while_another_program_rewrites_the_clipboard(desktop: XServer) -> None:
    editor = desktop.editor()
    desktop.start(sys.executable, "-c", REWRITER)
    await asyncio.sleep(0.5)
    paste = sink(restore_ms=50)
    texts = [f"dictation {n} {FRENCH}\n" for n in range(10)]
    for text in texts:
        await paste.begin()
        receipt = await paste.commit(text)
        assert receipt.delivery == "confirmed"
    assert editor.holds("".join(texts))
    await paste.aclose()


async def test_a_program_that_only_reads_all_the_time_does_not_keep_the_clipboard_from_coming_back(
    desktop: XServer,
) -> None:
    desktop.copy(b"before", "UTF8_STRING")
    editor = desktop.editor()
    desktop.start(sys.executable, "-c", REWRITER.replace("n % 5 == 0", "False"))
    await asyncio.sleep(2)
    paste = sink(restore_ms=300)  # reads come every 20 ms
    await paste.begin()
    assert (await paste.commit(FRENCH)).delivery == "confirmed"
    assert editor.holds(FRENCH)
    await asyncio.sleep(3)
    assert desktop.clipboard() == b"before"
    await paste.aclose()


async def test_a_program_that_takes_the_clipboard_before_the_read_does_not_get_its_words_pasted(
    desktop: XServer,
) -> None:
    editor = desktop.editor(slow_s=0.8)
    paste = sink()
    await paste.begin()
    async with asyncio.TaskGroup() as group:
        committed = group.create_task(paste.commit(FRENCH))
        await asyncio.sleep(0.3)  # the keys are pressed, and the editor has not read yet
        process = desktop.start("xclip", "-i", "-selection", "clipboard", stdin=subprocess.PIPE)
        await asyncio.to_thread(process.communicate, b"other words")
    assert committed.result().delivery == "confirmed"
    assert editor.holds(FRENCH)
    await paste.aclose()


@pytest.mark.parametrize("before", [b"before", PNG * 25], ids=["text", "picture of 5 MB"])
async def test_how_long_the_paste_itself_takes(desktop: XServer, before: bytes) -> None:
    target = "image/png" if len(before) > 100 else "UTF8_STRING"
    desktop.copy(before, target)
    editor = desktop.editor()
    paste = sink(restore_ms=20)
    whole, took = "", []
    for n in range(20):
        whole += (text := f"{n} {FRENCH}\n")
        await paste.begin()
        await asyncio.sleep(0.3)  # somebody speaks, and the former paste has been put back
        began = time.monotonic()
        await paste.commit(text)
        assert editor.holds(whole)
        took.append((time.monotonic() - began) * 1000)
    await paste.aclose()
    assert desktop.clipboard(target) == before
    p50, p95 = median(took), quantiles(took, n=20)[-1]
    note(f"paste step to text, {len(before)} bytes on the clipboard: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


async def test_doctor_pastes_into_a_window_of_its_own(desktop: XServer) -> None:
    desktop.copy(b"before")
    editor = desktop.editor()
    found = [examined async for examined in examine_desktop(settings(), "super+alt+v")]
    assert [(look.name, look.works) for look in found] == [("hotkey", True), ("paste", True)], found
    assert found[1].detail.startswith("X11: into a window of our own in ")
    assert desktop.clipboard() == b"before"
    assert editor.text == ""


@pytest.mark.parametrize("window", ["editor", "terminal"])
async def test_typing_writes_every_character(desktop: XServer, window: str) -> None:
    box = desktop.editor() if window == "editor" else desktop.terminal()
    receipt = await delivered(FRENCH, "type")
    assert (receipt.delivery, receipt.where) == ("sent", window)
    assert box.holds(FRENCH)


async def test_typing_stops_when_the_window_changes(desktop: XServer) -> None:
    first = desktop.editor("first")
    second = desktop.editor("second")
    desktop.focus(first)
    typing = sink("type")
    await typing.begin()
    text = "Une phrase assez longue pour être tapée en plusieurs fois. " * 6
    async with asyncio.TaskGroup() as group:
        committed = group.create_task(typing.commit(text))
        await asyncio.to_thread(wait_until, lambda: len(first.text) >= 30, "nothing was typed")
        desktop.run("xdotool", "windowminimize", first.id)  # takes the keyboard away between two pieces
    receipt = committed.result()
    assert receipt.delivery == "kept"
    await typing.aclose()
    rest = desktop.clipboard().decode()
    assert text.endswith(rest)
    assert rest
    assert first.text + second.text + rest == text or text.startswith(first.text)


async def test_the_clipboard_sink_stays_after_the_end(desktop: XServer) -> None:
    receipt = await delivered(LONG, "clipboard")
    assert (receipt.delivery, receipt.where) == ("confirmed", "the clipboard")
    assert desktop.clipboard() == LONG.encode()


async def edges_while(desktop: XServer, spec: str, *commands: str, pause_s: float = 0.1) -> list[list[bool]]:
    """What a hotkey tells after each thing that xdotool does."""
    hotkey = find_hotkey(spec, settings())
    seen: list[bool] = []
    after = []
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async for edge in hotkey.edges():
                seen.append(edge.down)  # noqa: PERF401  # looked at while it grows

        group.create_task(watch())
        await asyncio.sleep(0.3)
        for command in commands:
            await asyncio.to_thread(desktop.run, "xdotool", *command.split())
            await asyncio.sleep(pause_s)
            after.append(list(seen))
            seen.clear()
        await hotkey.aclose()
    return after


@pytest.mark.parametrize(
    ("spec", "key"),
    [("f9", "F9"), ("pause", "Pause"), ("ctrl+alt+d", "ctrl+alt+d"), ("super+space", "super+space")],
)
async def test_a_held_key_is_one_press_and_one_release(desktop: XServer, spec: str, key: str) -> None:
    editor = desktop.editor()
    desktop.run("xset", "r", "rate", "200", "50")
    seen = await edges_while(desktop, spec, f"keydown {key}", f"keyup {key}", pause_s=1.0)
    assert seen == [[True], [False]]
    assert editor.text == ""  # nobody else was told


@pytest.mark.parametrize(
    ("spec", "key"), [("right_ctrl", "Control_R"), ("left_super", "Super_L"), ("alt", "Alt_L")]
)
async def test_a_modifier_alone_can_be_the_hotkey(desktop: XServer, spec: str, key: str) -> None:
    seen = await edges_while(desktop, spec, f"keydown {key}", "key a", f"keyup {key}")
    assert seen == [[True], [], [False]]


async def test_locks_do_not_hide_the_hotkey(desktop: XServer) -> None:
    seen = await edges_while(desktop, "f9", "key Num_Lock", "key Caps_Lock", "keydown F9", "keyup F9")
    assert seen == [[], [], [True], [False]]


@pytest.mark.usefixtures("desktop")
async def test_a_key_that_another_program_has_is_refused_with_a_sentence() -> None:
    first, second = find_hotkey("f9", settings()), find_hotkey("f9", settings())
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async for _ in first.edges():
                pass

        group.create_task(watch())
        await asyncio.sleep(0.2)
        with pytest.raises(DesktopError, match="Another program has taken the key f9"):
            await anext(second.edges())
        await second.aclose()
        await first.aclose()


async def test_the_true_state_of_a_key_can_be_asked(desktop: XServer) -> None:
    hotkey = find_hotkey("f9", settings())
    async with asyncio.TaskGroup() as group:

        async def watch() -> None:
            async for _ in hotkey.edges():
                pass

        group.create_task(watch())
        await asyncio.sleep(0.2)
        assert await hotkey.is_down() is False
        desktop.run("xdotool", "keydown", "F9")
        assert await hotkey.is_down() is True
        desktop.run("xdotool", "keyup", "F9")
        assert await hotkey.is_down() is False
        await hotkey.aclose()
    await hotkey.aclose()
