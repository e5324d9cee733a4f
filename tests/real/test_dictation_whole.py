"""``prism dictate`` as a user has it: a key of a real display, a virtual microphone, a real recognizer, windows.

Everything is the program's own; only the room (PulseAudio), the screen (Xvfb) and the finger (xdotool) are ours.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from tests.kit.chromium import page
from tests.kit.prism import ROOT, Live, Prism, prism_program
from tests.kit.pulse import PulseServer, missing, pulse_server
from tests.kit.x11 import XServer, x_server

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

SPOKEN = ROOT / "ui" / "assets" / "demo" / "fr_sum.flac"
WORDS = "Combien font sept fois huit?"


@dataclass(frozen=True, slots=True)
class Place:
    """A desk, a microphone, and a Prism that listens for F9."""

    x11: XServer
    sound: PulseServer
    live: Live
    home: Path

    def dictate(self) -> float:
        """Hold the key, speak, release; when it was released (s, monotonic)."""
        wav = self.home / "spoken.wav"
        samples, rate = soundfile.read(SPOKEN, dtype="int16")
        soundfile.write(wav, samples, rate)
        started = len(self.told("dictation.started"))
        while len(self.told("dictation.started")) == started:  # until the key is watched and the device open
            self.x11.run("xdotool", "keydown", "F9")
            time.sleep(1.0)
            if len(self.told("dictation.started")) == started:
                self.x11.run("xdotool", "keyup", "F9")
                time.sleep(0.2)
        assert self.sound.play(wav).wait(30) == 0
        time.sleep(0.2)
        self.x11.run("xdotool", "keyup", "F9")
        return time.monotonic()

    def told(self, name: str) -> list[dict[str, object]]:
        return [event for event in self.live.events() if event["event"] == name]


@pytest.fixture
def place(prism: Prism, tmp_path: Path) -> Iterator[Place]:
    if reason := missing():
        pytest.skip(reason)
    with ExitStack() as stack:
        x11 = stack.enter_context(x_server(tmp_path))
        sound = stack.enter_context(pulse_server())
        environment = prism.environment({**x11_of(x11), **pulse_of(sound)})
        flags = ("stt.model=prism-tiny", "dictation.sounds=true")
        sets = [word for flag in flags for word in ("--set", flag)]
        out, err = tmp_path / "out", tmp_path / "err"
        with out.open("wb") as told, err.open("wb") as complained:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "ui.cli.main",
                    "dictate",
                    "--hold",
                    "f9",
                    "--lang",
                    "fr",
                    "--json",
                    *sets,
                ],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=complained,
                env=environment,
                cwd=ROOT,
            )
        stack.enter_context(process)
        stack.callback(process.kill)
        live = Live(process, out, err)
        live.wait_until(lambda: "Ready: f9 (hold)" in err.read_text(), "daemon")
        yield Place(x11, sound, live, tmp_path)


def x11_of(server: XServer) -> dict[str, str]:
    return {"DISPLAY": server.display, "XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": ""}


def pulse_of(server: PulseServer) -> dict[str, str]:
    wanted = ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "ALSA_CONFIG_PATH")
    return {name: server.environment[name] for name in wanted}


def test_hold_speak_release_and_what_was_said_is_in_the_editor(place: Place) -> None:
    editor = place.x11.editor()
    place.x11.copy("ce que j'avais copié".encode())
    place.dictate()
    assert editor.holds(WORDS, 20)
    delivered = place.live.wait_for("dictation.delivered")
    assert (delivered["delivery"], delivered["where"]) == ("confirmed", "editor")
    place.dictate()
    assert editor.holds(f"{WORDS} {WORDS}", 20)
    time.sleep(1.0)
    assert place.x11.clipboard() == "ce que j'avais copié".encode()
    place.live.send(signal.SIGTERM)
    ran = place.live.finish()
    assert ran.code == 130
    assert "Traceback" not in ran.err


def test_a_key_that_is_held_again_while_the_former_words_come_is_not_let_go(place: Place) -> None:
    editor = place.x11.editor()
    place.dictate()
    time.sleep(0.1)  # longer than a key that bounces
    place.x11.run("xdotool", "keydown", "F9")
    time.sleep(2.5)  # paste.hands_off_s and more
    assert editor.text == ""
    assert place.sound.play(place.home / "spoken.wav").wait(30) == 0
    time.sleep(0.3)
    place.x11.run("xdotool", "keyup", "F9")
    assert editor.holds(f"{WORDS} {WORDS}", 20)
    assert [event["reason"] for event in place.told("dictation.stopped")] == ["released", "released"]


def test_a_terminal_gets_the_words_too(place: Place) -> None:
    terminal = place.x11.terminal()
    place.dictate()
    assert terminal.holds(WORDS, 20)
    assert place.told("dictation.started")[0]["trigger"] == "hold"


@pytest.mark.timeout(180)
def test_a_browser_gets_the_words_too(place: Place) -> None:
    with page(place.x11) as area:
        place.dictate()
        assert area.holds(WORDS, 20)
        delivered = place.live.wait_for("dictation.delivered")
        assert (delivered["delivery"], delivered["text"]) == ("confirmed", WORDS)
