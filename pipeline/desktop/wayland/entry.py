"""The ``.desktop`` file: portals believe a program only when its id names one that is installed for the user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

APP_ID = "org.prism_voice.Prism"
"""Also the base name of the file; portals show the name in it when they ask for permission."""
_ENTRY = """[Desktop Entry]
Type=Application
Name=Prism
Comment=Dictation: hold a key, speak, the words are in your window
Comment[fr]=Dictée : tenez une touche, parlez, les mots sont dans votre fenêtre
Exec="{program}" dictate
Icon=audio-input-microphone
Categories=Utility;Accessibility;
Keywords=voice;speech;dictation;voix;dictée;
NoDisplay=true
Terminal=false
"""


def entry_file() -> Path:
    """Where the file belongs; XDG_DATA_HOME is honored."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "applications" / f"{APP_ID}.desktop"


def install_entry(program: str | None = None) -> Path:
    """Write the file if it is not there as it should be; where it is. Raises OSError.

    ``program`` is what is started; by default the ``prism`` beside this Python.
    """
    text = _ENTRY.format(program=program or Path(sys.executable).with_name("prism"))
    file = entry_file()
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file
