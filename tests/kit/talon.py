"""As much of Talon as the generated files use, in a process of its own: Talon itself is not free to be shipped or run.

    with talon(folder, home) as running:    # folder: what `prism ctl talon-install` wrote
        running.told()                      # what Talon was made to do, in order

The names and what they do are those of Talon's documentation and of the files its community publishes. Whether Talon
agrees is for Talon to say: this shows only that both ends of ours understand each other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAKE = """
import json, sys, time, types
from pathlib import Path

HOME = Path(sys.argv[1])

def tell(what, value=None):
    with (HOME / "told").open("a", encoding="utf-8") as out:
        out.write(json.dumps([what, value]) + "\\n")

class Module:
    def tag(self, name, desc): pass
    def setting(self, name, type, default, desc): settings.values["user." + name] = default
    def action_class(self, cls):
        for name, action in vars(cls).items():
            if not name.startswith("_"):
                setattr(actions.user, name, action)

class Context:
    def __init__(self): object.__setattr__(self, "tags", [])
    def __setattr__(self, name, value):
        tell(name, value)
        object.__setattr__(self, name, value)

class settings:
    values = {}
    get = classmethod(lambda cls, name: cls.values[name])

class speech:
    awake = True
    def enabled(self): return speech.awake
    def enable(self): speech.awake = True; tell("awake")
    def disable(self): speech.awake = False; tell("asleep")

def auto_insert(text):
    if "REFUSE" in text:
        raise RuntimeError("this window takes no text")
    time.sleep(0.5 if "SLOW" in text else 0)
    tell("insert", text)

class window:
    def __init__(self, name): self.id, self.title = hash(name), name
    app = types.SimpleNamespace(name="editor")

actions = types.SimpleNamespace(user=types.SimpleNamespace(), speech=speech(), auto_insert=auto_insert)
app = types.SimpleNamespace(notify=lambda title, body: tell("notify", body))
clip = types.SimpleNamespace(set_text=lambda text: tell("clipboard", text))
ui = types.SimpleNamespace(active_window=lambda: window((HOME / "focus").read_text()))
cron = types.SimpleNamespace(interval=lambda spec, work: jobs.append(work))
jobs = []

if __name__ == "__main__":
    sys.modules["talon"] = sys.modules["__main__"]
    source = Path(sys.argv[2])
    exec(compile(source.read_text("utf-8"), str(source), "exec"), {"__name__": "prism_dictation"})
    (HOME / "ready").touch()
    while True:
        command = HOME / "say"
        if command.exists():
            said = command.read_text()
            command.unlink()
            actions.user.prism(said)
        for job in jobs:
            job()
        time.sleep(0.01)
"""


@dataclass(frozen=True, slots=True)
class Talon:
    """The running fake."""

    home: Path

    def told(self) -> list[list[Any]]:
        """What it was made to do: [what, value]."""
        file = self.home / "told"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def wait_for(self, what: str, value: Any = None) -> None:  # whatever JSON holds
        """Return once it was made to do this. Raises TimeoutError."""
        give_up = time.monotonic() + 10
        while [what, value] not in self.told():
            if time.monotonic() > give_up:
                raise TimeoutError(f"{what} {value!r} not in {self.told()}")
            time.sleep(0.01)

    def focus(self, window: str) -> None:
        """Give another window the keyboard."""
        (self.home / "focus").write_text(window, "utf-8")

    def say(self, verb: str) -> None:
        """Say "prism VERB"."""
        draft = self.home / "say.new"
        draft.write_text(verb)
        draft.replace(self.home / "say")


@contextmanager
def talon(module: Path, home: Path) -> Iterator[Talon]:
    """Run the generated module until the block is left."""
    home.mkdir()
    (home / "fake_talon.py").write_text(FAKE, "utf-8")
    running = Talon(home)
    running.focus("notes")
    with subprocess.Popen([sys.executable, home / "fake_talon.py", home, module]) as process:
        try:
            while not (home / "ready").exists():
                if process.poll() is not None:
                    raise RuntimeError("the generated module does not start")
                time.sleep(0.01)
            yield running
        finally:
            process.kill()
