"""Keys, chords, window classes and clipboard formats: the pure part of the desktop, as tables."""

from __future__ import annotations

import pytest

from pipeline.desktop import NO_DESKTOP, kind_of
from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import KEYS, parse_chord
from pipeline.desktop.contents import HINT, Item, of_text, within, worth_keeping
from pipeline.desktop.shared import SharedDesk
from pipeline.desktop.targets import chord_for, harmless
from pipeline.desktop.x11.typist import symbol_of
from pipeline.sinks.keystrokes import PIECE, pieces
from pipeline.sinks.text import SinkError
from tests.kit.settings import settings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("F9", "f9"),
        ("Ctrl+Alt+D", "ctrl+alt+d"),
        ("alt + control + d", "ctrl+alt+d"),
        ("cmd+shift+Space", "shift+super+space"),
        ("AltGr", "right_alt"),
        ("Right Ctrl", "right_ctrl"),
        ("left_ctrl+v", "ctrl+v"),
        ("page-up", "page_up"),
    ],
)
def test_a_chord_is_read(written: str, read: str) -> None:
    assert str(parse_chord(written)) == read
    assert parse_chord(read) == parse_chord(written)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "There is no key '' (in ''); examples are f9, ctrl+alt+d, right_ctrl."),
        ("ctrl+spce", "There is no key 'spce' (in 'ctrl+spce'); did you mean space?"),
        ("a+b", "a in the key 'a+b' is no modifier; write one key, after any of ctrl, alt, shift, super."),
        ("ctrl+", "There is no key '' (in 'ctrl+'); examples are f9, ctrl+alt+d, right_ctrl."),
    ],
)
def test_what_is_no_chord_is_said(written: str, complaint: str) -> None:
    with pytest.raises(DesktopError) as caught:
        parse_chord(written)
    assert str(caught.value) == complaint


def test_which_keys_can_only_be_watched() -> None:
    alone = {key for key in KEYS if parse_chord(key).modifier_only}
    assert alone == {
        *("ctrl", "alt", "shift", "super"),
        *(k for k in KEYS if k.startswith(("left_", "right_"))),
    }


@pytest.mark.parametrize(
    ("application", "own", "fixed", "chord"),
    [
        ("firefox", {}, "auto", "ctrl+v"),
        ("", {}, "auto", "ctrl+v"),
        ("xterm", {}, "auto", "shift+insert"),
        ("konsole", {}, "auto", "shift+insert"),
        ("gnome-terminal-server", {}, "auto", "ctrl+shift+v"),
        ("com.mitchellh.ghostty", {}, "auto", "ctrl+shift+v"),
        ("xterm", {}, "ctrl+v", "ctrl+v"),
        ("xterm", {"XTerm": "ctrl+shift+v"}, "auto", "ctrl+shift+v"),
        ("my-editor", {"my*": "shift+insert"}, "ctrl+v", "shift+insert"),
    ],
)
def test_the_chord_follows_from_the_window(
    application: str, own: dict[str, str], fixed: str, chord: str
) -> None:
    assert str(chord_for(application, own, fixed)) == chord


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("déjà vu 🎉\n\tà 20 €", "déjà vu 🎉\n\tà 20 €"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[201~rm -rf\x07", "[201~rm -rf"),
        ("a\x00b\x7fc\x9bd", "abcd"),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_no_control_character_reaches_a_terminal(text: str, left: str) -> None:
    assert harmless(text) == left


def test_text_is_offered_in_every_form_that_readers_ask_for() -> None:
    contents = of_text("déjà 🎉", private=False)
    assert contents["UTF8_STRING"] == Item("UTF8_STRING", 8, "déjà 🎉".encode())
    assert contents["STRING"].data == "déjà ?".encode("latin-1")
    assert HINT not in contents
    assert of_text("x", private=True)[HINT].data == b"secret"


def test_formats_that_tell_most_are_kept_first() -> None:
    offered = [
        "TIMESTAMP",
        "image/bmp",
        "TARGETS",
        "image/png",
        "application/x-qt-image",
        "text/html",
        "text/html",
    ]
    assert worth_keeping(offered) == ["application/x-qt-image", "text/html", "image/png", "image/bmp"]


def test_the_budget_counts_bytes_of_every_width() -> None:
    assert within({"a": Item("a", 8, b"1234"), "b": Item("b", 32, (1, 2))}, 20) == 8


@pytest.mark.parametrize(
    ("platform", "environ", "kind"),
    [
        ("linux", {"DISPLAY": ":0"}, "x11"),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ("linux", {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "x11"}, "x11"),
        ("win32", {}, "windows"),
        ("darwin", {}, "macos"),
    ],
)
def test_the_desktop_is_told_by_its_variables(platform: str, environ: dict[str, str], kind: str) -> None:
    assert kind_of(platform, environ) == kind


def test_where_there_is_no_desktop_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(SinkError) as caught:
        SharedDesk(settings()).sink("paste")
    assert str(caught.value) == NO_DESKTOP


@pytest.mark.parametrize("text", ["", "court", "mot " * 100, "x" * 150, "é" * PIECE, " " * (PIECE + 1)])
def test_pieces_make_up_the_text(text: str) -> None:
    cut = list(pieces(text))
    assert "".join(cut) == text
    assert all(0 < len(piece) <= PIECE for piece in cut)


@pytest.mark.parametrize(
    ("character", "symbol"), [("a", 0x61), ("é", 0xE9), ("€", 0x10020AC), ("🎉", 0x101F389), ("\n", 0xFF0D)]
)
def test_every_character_has_a_symbol(character: str, symbol: int) -> None:
    assert symbol_of(character) == symbol
