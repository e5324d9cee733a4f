"""What kind of window words are meant for, and what follows from it: the chord that pastes there. Pure.

Terminals give Ctrl+V another meaning. Which chord they take is known by their window class; the user's own table
(``paste.chords``) comes first. Konsole is with the Shift+Insert family because it drops a simulated Ctrl+Shift+V.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from pipeline.desktop.chords import PASTE, PASTE_INSERT, PASTE_SHIFTED, Chord, parse_chord

if TYPE_CHECKING:
    from collections.abc import Mapping

INSERT_APPLICATIONS = (
    *("xterm", "uxterm", "koi8rxterm", "urxvt", "rxvt", "st", "st-256color", "aterm", "eterm", "mlterm"),
    *("konsole", "org.kde.konsole", "yakuake", "zutty"),
    *("emacs", "gvim", "vim"),
)
SHIFTED_APPLICATIONS = (
    *("gnome-terminal*", "org.gnome.terminal", "kgx", "org.gnome.console", "org.gnome.ptyxis", "ptyxis"),
    *("xfce4-terminal", "mate-terminal", "lxterminal", "qterminal", "deepin-terminal", "terminator", "tilix"),
    *("alacritty", "kitty", "foot", "footclient", "org.wezfurlong.wezterm", "wezterm*", "*ghostty"),
    *("terminology", "guake", "tilda", "cool-retro-term", "contour", "rio", "warp", "tabby", "hyper"),
    *("io.elementary.terminal", "org.kde.kate-terminal", "termite", "sakura", "roxterm"),
)


def chord_for(application: str, own: Mapping[str, str], fixed: str = "auto") -> Chord:
    """The chord that pastes into a window of this class: the user's table, then ``fixed``, then what is known.

    Patterns are shell patterns over the lower-case class. Raises DesktopError for a chord that is none.
    """
    for pattern, chord in own.items():
        if fnmatch.fnmatchcase(application, pattern.lower()):
            return parse_chord(chord)
    if fixed != "auto":
        return parse_chord(fixed)
    if any(fnmatch.fnmatchcase(application, pattern) for pattern in INSERT_APPLICATIONS):
        return PASTE_INSERT
    if any(fnmatch.fnmatchcase(application, pattern) for pattern in SHIFTED_APPLICATIONS):
        return PASTE_SHIFTED
    return PASTE


def harmless(text: str) -> str:
    """The text without control characters but line ends and tabs: pasted into a terminal, an escape is a command."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in whole if c in "\n\t" or not (c < " " or "\x7f" <= c <= "\x9f"))
