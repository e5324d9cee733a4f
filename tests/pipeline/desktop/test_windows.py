"""The Windows desktop over pretended system calls: no Windows runs here; what is held is what the desk asks of it."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import PASTE_INSERT, parse_chord
from pipeline.desktop.windows.calls import KEYS, MASK_KEY, Stroke
from pipeline.desktop.windows.desk import WindowsDesk, strokes_of
from pipeline.desktop.windows.keyboard import WindowsKeyboard
from pipeline.desktop.windows.library import Library
from pipeline.desktop.windows.structures import OURS, HookedKey, Input, packed
from pipeline.sinks.paste import PasteSink
from pipeline.sinks.text import Receipt, SinkError
from tests.kit.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PASTE_SETTINGS = settings(
    paste__restore_ms=20, paste__read_s=0.3, paste__hands_off_s=0.05, paste__type_delay_ms=0
).paste
EDITOR, MANAGER = 100, 200
"""Processes."""
BEFORE = {13: b"b\0e\0\0\0", 15: b"files"}


@dataclass
class System:
    """Windows as data: one editor, a clipboard with delayed rendering, and who reads it when."""

    readers: list[int] = field(default_factory=lambda: [EDITOR])
    """Processes that read after the chord, in their order."""
    eager: int | None = None
    """A process that reads as soon as something is promised."""
    levels: dict[int | None, int | None] = field(default_factory=lambda: {None: 0x2000, EDITOR: 0x2000})
    takes_keys: bool = True
    held: set[int] = field(default_factory=set)
    clipboard: dict[int, bytes] = field(default_factory=lambda: dict(BEFORE))
    ours: bool = False
    chord_pressed: bool = False
    sent: list[list[Stroke]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    promised: tuple[str, Callable[[int], None]] | None = None
    window: int = 7

    def foreground(self) -> int:
        return self.window

    def is_window(self, window: int) -> bool:
        return window == self.window

    def title(self, window: int) -> str:
        return f"letter {window}"

    def process(self, window: int) -> tuple[int, str]:
        return (EDITOR, "notepad.exe") if window == self.window else (0, "")

    def integrity(self, pid: int | None) -> int | None:
        return self.levels[pid]

    def key_down(self, code: int) -> bool:
        return code in self.held

    def send(self, strokes: list[Stroke]) -> int:
        self.sent.append(strokes)
        if not self.takes_keys:
            return 0
        self.held -= {stroke.code for stroke in strokes if not stroke.down}
        if strokes_of(parse_chord("ctrl+v")) == strokes:
            self.chord_pressed = True
            self._reads(self.readers.pop(0) if self.readers else None)
        return len(strokes)

    def copy(self, text: str, *, private: bool, read: Callable[[int], None] | None) -> None:
        self.ours = True
        self.clipboard = {13: text.encode("utf-16-le")}
        self.private = private
        self.promised = (text, read) if read is not None else None
        if self.eager is not None and read is not None:
            pid, self.eager = self.eager, None
            self._reads(pid)
        elif read is not None and self.chord_pressed and self.readers:
            self._reads(self.readers.pop(0))

    def contents(self, budget: int) -> dict[int, bytes]:
        return {kind: data for kind, data in self.clipboard.items() if len(data) <= budget}

    def put(self, contents: Mapping[int, bytes]) -> None:
        self.clipboard = dict(contents)

    def owns_clipboard(self) -> bool:
        return self.ours

    def close(self) -> None:
        self.sent.append([])

    def _reads(self, pid: int | None) -> None:
        if self.promised is not None and pid is not None:
            (text, read), self.promised = self.promised, None  # a promise is kept once
            self.read.append(f"{pid} {text}")
            read(pid)


async def pasted(system: System, text: str = "déjà vu 🎉") -> Receipt:
    sink = PasteSink(WindowsDesk(PASTE_SETTINGS, system), PASTE_SETTINGS)
    try:
        await sink.begin()
        return await sink.commit(text)
    finally:
        await sink.aclose()


async def test_a_paste_is_confirmed_by_the_targets_read() -> None:
    system = System()
    assert await pasted(system) == Receipt("confirmed", "letter 7")
    assert system.read == [f"{EDITOR} déjà vu 🎉"]
    assert system.private
    assert system.clipboard == BEFORE


async def test_a_clipboard_manager_that_reads_first_does_not_use_the_receipt_up() -> None:
    system = System(eager=MANAGER)
    assert (await pasted(system)).delivery == "confirmed"
    assert [line.split()[0] for line in system.read] == [str(MANAGER), str(EDITOR)]


async def test_a_stranger_that_reads_after_the_chord_is_no_receipt() -> None:
    system = System(readers=[MANAGER, EDITOR])
    assert (await pasted(system)).delivery == "confirmed"
    assert len(system.read) == 2


async def test_strangers_alone_prove_nothing() -> None:
    system = System(readers=[MANAGER] * 9)
    assert (await pasted(system)).delivery == "sent"
    assert system.clipboard != BEFORE  # the target may still come


async def test_without_a_read_the_words_are_kept() -> None:
    system = System(readers=[])
    receipt = await pasted(system)
    assert (receipt.delivery, receipt.reason) == ("kept", "letter 7 did not take the words within 0.3 s.")


async def test_a_window_of_higher_rights_is_told_before_a_key_is_pressed() -> None:
    system = System(levels={None: 0x2000, EDITOR: 0x3000})
    receipt = await pasted(system)
    assert receipt.delivery == "kept"
    assert receipt.reason == (
        "letter 7 runs as administrator, and Windows lets no other program press keys there."
    )
    assert system.clipboard == {13: "déjà vu 🎉".encode("utf-16-le")}
    assert system.sent == [[]]


@pytest.mark.parametrize(
    ("ours", "theirs", "free"),
    [(0x2000, None, False), (0x3000, 0x3000, True), (0x3000, 0x2000, True), (None, 1, True)],
)
async def test_rights_are_compared(ours: int | None, theirs: int | None, free: bool) -> None:
    desk = WindowsDesk(PASTE_SETTINGS, System(levels={None: ours, EDITOR: theirs}))
    assert (await desk.obstacle() is None) is free
    await desk.aclose()


async def test_keys_that_are_refused_leave_the_words_on_the_clipboard() -> None:
    system = System(takes_keys=False)
    receipt = await pasted(system)
    assert receipt.delivery == "kept"
    assert receipt.reason is not None
    assert receipt.reason.startswith("Windows did not take the keys")


async def test_what_was_copied_meanwhile_stays() -> None:
    system = System()
    desk = WindowsDesk(PASTE_SETTINGS, system)
    offer = await desk.offer("words", parse_chord("ctrl+v"), await desk.active())
    await offer.deliver(1)
    system.ours, system.clipboard = False, {13: b"meanwhile"}
    offer.restore(0.01)
    await desk.aclose()
    assert system.clipboard == {13: b"meanwhile"}


async def test_the_next_dictation_finds_its_window_while_the_clipboard_waits_to_come_back() -> None:
    class Waiting(System):
        go = threading.Event()

        def owns_clipboard(self) -> bool:
            assert self.go.wait(10)
            return True

    system = Waiting()
    desk = WindowsDesk(PASTE_SETTINGS, system)
    offer = await desk.offer("words", parse_chord("ctrl+v"), await desk.active())
    await offer.deliver(1)
    offer.restore(0)
    async with asyncio.timeout(5):
        assert await desk.active() is not None
    system.go.set()
    await desk.aclose()
    assert system.clipboard == BEFORE


async def test_a_clipboard_that_cannot_be_put_back_costs_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Held(System):
        def put(self, contents: Mapping[int, bytes]) -> None:  # noqa: ARG002
            raise DesktopError("Another program keeps the clipboard open.")

    caplog.set_level("INFO")
    assert (await pasted(Held())).delivery == "confirmed"
    gc.collect()
    assert [record.message for record in caplog.records] == [
        "the clipboard was not put back: Another program keeps the clipboard open."
    ]


async def test_held_modifiers_are_let_go_after_a_while() -> None:
    system = System(held={KEYS["left_shift"]})
    assert (await pasted(system)).delivery == "confirmed"
    assert system.sent[0] == [Stroke(KEYS["left_shift"], down=False)]


@pytest.mark.parametrize(
    ("chord", "masked"), [("super+alt+v", True), ("alt+d", True), ("ctrl+f9", False), ("f9", False)]
)
def test_a_swallowed_key_leaves_no_menu_open(chord: str, masked: bool) -> None:
    """Windows opens a menu when Alt or the Windows key comes up and nothing was pressed between, as far as it knows."""
    system = System()
    WindowsKeyboard(system).swallowed(parse_chord(chord))
    assert system.sent == ([[Stroke(MASK_KEY, down=True), Stroke(MASK_KEY, down=False)]] if masked else [])


async def test_typing_sends_units_of_utf16_and_enter() -> None:
    system = System()
    desk = WindowsDesk(PASTE_SETTINGS, system)
    await desk.type("é🎉\n")
    await desk.aclose()
    codes = [strokes[0].code for strokes in system.sent if strokes]
    assert codes == [0xE9, 0xD83C, 0xDF89, KEYS["enter"]]


def test_a_chord_is_one_array_whose_stride_is_that_of_the_system() -> None:
    array = packed(strokes_of(PASTE_INSERT), lambda code: code + 1)
    assert ctypes.sizeof(Input) == (40 if ctypes.sizeof(ctypes.c_void_p) == 8 else 28)
    assert ctypes.sizeof(HookedKey) == (24 if ctypes.sizeof(ctypes.c_void_p) == 8 else 20)
    seen = [(slot.kind, slot.of.key.code, slot.of.key.flags) for slot in array]
    assert seen == [(1, 0xA0, 0), (1, 0x2D, 1), (1, 0x2D, 3), (1, 0xA0, 2)]  # Insert is an extended key
    assert {slot.of.key.extra for slot in array} == {OURS}
    assert array[1].of.key.scan == 0x2E


def test_characters_are_packed_as_scan_codes() -> None:
    (slot,) = packed([Stroke(0xE9, down=False, character=True)], lambda _: 0)
    assert (slot.of.key.code, slot.of.key.scan, slot.of.key.flags) == (0, 0xE9, 6)


@pytest.mark.skipif(sys.platform == "win32", reason="this is what happens elsewhere")
def test_elsewhere_a_sentence_says_so() -> None:
    with pytest.raises(DesktopError, match="This is not Windows"):
        Library()


async def test_a_closed_clipboard_is_a_sentence() -> None:
    class Closed(System):
        def contents(self, budget: int) -> dict[int, bytes]:  # noqa: ARG002
            raise DesktopError(
                "Another program keeps the clipboard open; close clipboard tools and try again."
            )

    with pytest.raises(SinkError, match="Another program keeps the clipboard open"):
        await pasted(Closed())
