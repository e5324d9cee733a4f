"""Writes the small folder by which Talon drives Prism, and Prism Talon.

The files are templates in ``ui/assets/talon``; two facts are put in: which program Prism is here, and where both leave
files for each other. Only files that this command made are replaced.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path

from ui.cli.exits import Exit, Failure

MARK = "prism ctl talon-install"
"""Stands in the first lines of every file that may be replaced."""
TEMPLATES = ("prism.talon", "prism_asleep.talon", "prism_dictation.py.in")


def usual_folder() -> Path:
    """Where Talon looks for what its user wrote."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", str(Path.home()))) / "talon" / "user"
    return Path.home() / ".talon" / "user"


def install(user_folder: Path) -> list[Path]:
    """Write ``prism/`` into Talon's user folder; the files. Raises Failure when that is not possible."""
    from pipeline import talon_exchange

    if not user_folder.is_dir():
        raise Failure(
            Exit.MISSING,
            f"{user_folder} is not there; install Talon and run it once, or name its user folder.",
        )
    exchange = talon_exchange()
    folder = user_folder / "prism"
    folder.mkdir(exist_ok=True)
    values = {"{folder}": repr(str(exchange)), "{command}": repr(program())}
    return [_written(folder, name, values) for name in TEMPLATES]


def program() -> list[str]:
    """The command by which this Prism can be started from anywhere."""
    script = shutil.which("prism", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "ui.cli.main"]


def _written(folder: Path, template: str, values: dict[str, str]) -> Path:
    file = folder / template.removesuffix(".in")
    if file.exists() and MARK not in file.read_text(encoding="utf-8", errors="replace")[:500]:
        raise Failure(Exit.FAILED, f"{file} was not made by Prism; move it away and try again.")
    text = files("ui").joinpath("assets", "talon", template).read_text(encoding="utf-8")
    for hole, value in values.items():
        text = text.replace(hole, value)
    draft = file.with_name(file.name + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
    return file
