"""What dictation needs of a desktop: keys, clipboard, windows. Here the backend for this one is chosen.

Each desktop is a folder or file beside this one and is imported only when it is chosen. Which one it is follows from
the platform and, on Linux, from the variables that the session sets; ``paste.backend`` insists on one.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipeline.desktop.base import DesktopError
from pipeline.desktop.chords import parse_chord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config import PasteSettings, Settings
    from pipeline.desktop.base import Desk, Hotkey
    from pipeline.desktop.chords import Chord

Kind: TypeAlias = Literal["x11", "wayland", "windows", "macos"]

BACKENDS: dict[Kind, tuple[str, ...]] = {
    "x11": ("x11",),
    "wayland": ("portal", "wtype", "ydotool"),
    "windows": ("windows",),
    "macos": ("macos",),
}
"""What ``paste.backend`` may be where."""
NO_DESKTOP = (
    "There is no desktop here (neither WAYLAND_DISPLAY nor DISPLAY is set); start Prism inside the session, "
    "or use --sink stdout or file:PATH."
)


def kind_of(platform: str, environ: Mapping[str, str]) -> Kind:
    """Which desktop this is, from ``sys.platform`` and the environment. Raises DesktopError when there is none."""
    if platform == "win32":
        return "windows"
    if platform == "darwin":
        return "macos"
    if environ.get("WAYLAND_DISPLAY") and environ.get("XDG_SESSION_TYPE") != "x11":
        return "wayland"
    if environ.get("DISPLAY"):
        return "x11"
    raise DesktopError(NO_DESKTOP)


def find_hotkey(spec: str, settings: Settings) -> Hotkey:  # noqa: ARG001  # what a backend may want to know
    """The watcher of a key such as ``f9``, ``ctrl+alt+d`` or ``right_ctrl``.

    Raises DesktopError when there is no such key or no way to watch it here.
    """
    chord = parse_chord(spec)
    kind = kind_of(sys.platform, os.environ)
    if kind == "x11":
        from pipeline.desktop.x11.hotkey import X11Hotkey

        return X11Hotkey(chord)
    if kind == "wayland":
        from pipeline.desktop.wayland.hotkey import PortalHotkey

        return PortalHotkey(chord)
    return _hooked(chord, kind)


def find_desk(settings: Settings) -> Desk:
    """The desktop for the sinks. Raises DesktopError when there is none, or a library is missing."""
    wanted = settings.paste.backend
    kind = kind_of(sys.platform, os.environ)
    fitting = BACKENDS[kind]
    if wanted != "auto" and wanted not in fitting:
        raise DesktopError(
            f"paste.backend is {wanted}, but this desktop is {kind}; set it to auto or {' or '.join(fitting)}."
        )
    if kind == "x11":
        from pipeline.desktop.x11.desk import X11Desk

        return X11Desk(settings.paste)
    if kind == "wayland":
        return _wayland(wanted, settings.paste)
    if kind == "windows":
        from pipeline.desktop.windows.desk import WindowsDesk
        from pipeline.desktop.windows.system import System

        return WindowsDesk(settings.paste, System())
    from pipeline.desktop.macos.desk import MacDesk
    from pipeline.desktop.macos.system import System as MacSystem

    return MacDesk(settings.paste, MacSystem())


def _hooked(chord: Chord, kind: Kind) -> Hotkey:
    """Where every key passes by us."""
    from pipeline.desktop.hooked import HookedHotkey, watcher_of

    if kind == "windows":
        from pipeline.desktop.windows.calls import KEYS
        from pipeline.desktop.windows.keyboard import WindowsKeyboard
        from pipeline.desktop.windows.system import System

        return HookedHotkey(chord, watcher_of(chord, KEYS, "Windows"), WindowsKeyboard(System()))
    from pipeline.desktop.macos.calls import KEYS as MAC_KEYS
    from pipeline.desktop.macos.keyboard import MacKeyboard
    from pipeline.desktop.macos.system import System as MacSystem

    return HookedHotkey(chord, watcher_of(chord, MAC_KEYS, "macOS"), MacKeyboard(MacSystem()))


def _wayland(wanted: str, settings: PasteSettings) -> Desk:
    """The portal, then the programs, or the one that is wanted."""
    from pipeline.desktop.wayland.commands import WtypeDesk, YdotoolDesk
    from pipeline.desktop.wayland.desk import FirstThatWorks, PortalDesk

    known: dict[str, Callable[[], Desk]] = {
        "portal": lambda: PortalDesk(settings),
        "wtype": lambda: WtypeDesk(settings),
        "ydotool": lambda: YdotoolDesk(settings),
    }
    return FirstThatWorks([make for name, make in known.items() if wanted in {"auto", name}])
