"""The daemon as a process of its own, driven by ``prism ctl`` as other processes, ended in every way.

Its microphone always hears somebody speak and its recognizer reads from a script (tests/kit/daemon.py); the socket, the
lock, the journal, the signals and the program at the other end are the real ones.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit.daemon import script
from tests.kit.prism import ROOT, Live, Prism, prism_program
from tests.kit.x11 import Box, XServer, x_server

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


@contextmanager
def daemon(
    prism: Prism, texts: list[str], *overrides: str, environment: Mapping[str, str] | None = None
) -> Iterator[Live]:
    """One that is ready; its words go to the file "words" of its home."""
    (prism.home / "words").touch()
    keys = {**script(prism.home, texts), "dictation__sounds": False, "dictation__key": None}
    flags = [f"{key.replace('__', '.')}={json.dumps(value)}" for key, value in keys.items()]
    command = [
        sys.executable,
        "-m",
        "tests.kit.daemon",
        *flags,
        f"dictation.sink=file:{prism.home / 'words'}",
    ]
    out, err = prism.home / "out", prism.home / "err"
    with out.open("wb") as told, err.open("wb") as complained:
        process = subprocess.Popen(
            [*command, *overrides],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=complained,
            env=prism.environment(environment or {}),
            cwd=ROOT,
        )
    with process:
        live = Live(process, out, err)
        try:
            live.wait_until(lambda: "Ready" in err.read_text(), "daemon")
            yield live
        finally:
            process.kill()


def ctl(prism: Prism, *words: str) -> dict[str, Any]:
    """What ``prism ctl ... --json`` answers."""
    ran = prism("ctl", *words, "--json")
    assert ran.code == 0, ran.err
    (answer,) = (json.loads(line) for line in ran.out.splitlines())
    assert isinstance(answer, dict)
    return answer


def words(prism: Prism) -> str:
    return (prism.home / "words").read_text("utf-8")


def wait(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)


def control_socket(prism: Prism) -> Path:
    return prism.home / "run" / "prism" / "control.sock"


def test_a_whole_dictation_driven_by_ctl(prism: Prism) -> None:
    with daemon(prism, ["Élan vital.", "Encore."]) as live:
        assert ctl(prism, "ping")["ok"]
        assert ctl(prism, "status")["state"] == "idle"
        ctl(prism, "start")
        live.wait_for("dictation.started")
        status = prism("ctl", "status")
        assert status.out.startswith("listening, into ")
        ctl(prism, "stop")
        live.wait_for("dictation.delivered")
        assert words(prism) == "Élan vital.\n"
        assert ctl(prism, "status")["last"]["text"] == "Élan vital."
        ctl(prism, "paste-last")
        wait(lambda: words(prism).count("\n") == 2)
        live.send(signal.SIGTERM)
        ran = live.finish()
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert not control_socket(prism).exists()
    assert prism("ctl", "status").code == 3


def test_events_are_streamed_until_the_daemon_ends(prism: Prism) -> None:
    with daemon(prism, ["Un."]) as live, prism.started("ctl", "events", "--json") as follower:
        follower.wait_until(lambda: '"do"' in follower.out.read_text(), "subscription")
        ctl(prism, "start")
        live.wait_for("dictation.started")
        follower.wait_until(lambda: '"level"' in follower.out.read_text(), "level")
        ctl(prism, "stop")
        live.wait_for("dictation.delivered")
        live.send(signal.SIGINT)
        assert live.finish().code == 130
        ran = follower.finish()
    assert ran.code == 0
    names = [json.loads(line).get("event") for line in ran.out.splitlines()]
    assert {"level", "dictation.state", "dictation.started", "dictation.text", "dictation.delivered"} <= set(
        names
    )


def test_a_second_instance_says_that_one_runs_and_ends_with_1(prism: Prism) -> None:
    with daemon(prism, []) as live:
        second = prism("dictate")
        assert second.code == 1
        assert second.complaint == (
            f"prism: Prism dictates here already (process {live.process.pid}): "
            "drive it with prism ctl, or end it first."
        )
        assert ctl(prism, "status")["state"] == "idle"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=["term", "int", "kill"]
)
def test_what_was_being_said_is_kept_and_recovered_at_the_next_start(
    prism: Prism, number: signal.Signals
) -> None:
    with daemon(prism, ["Not to be lost."]) as live:
        ctl(prism, "start")
        live.wait_for("dictation.started")
        time.sleep(1.0)
        live.send(number)
        assert live.finish().code == (-9 if number is signal.SIGKILL else 130)
    assert words(prism) == ""
    with daemon(prism, ["Not to be lost."]) as live:
        recovered = live.wait_for("dictation.recovered")
        assert recovered["text"] == "Not to be lost."
        assert recovered["seconds"] > 0.7
        assert words(prism) == ""
        ctl(prism, "paste-last")
        live.wait_for("dictation.delivered")
        assert words(prism) == "Not to be lost.\n"
        live.send(signal.SIGTERM)
        live.finish()
    with daemon(prism, []) as live:
        time.sleep(0.5)
        assert "dictation.recovered" not in [event["event"] for event in live.events()]


def test_a_second_ctrl_c_ends_it_at_once(prism: Prism) -> None:
    with daemon(prism, []) as live:
        ctl(prism, "start")
        live.wait_for("dictation.started")
        (prism.home / "script.yaml").write_text("[]")
        live.send(signal.SIGINT)
        live.send(signal.SIGINT)
        ran = live.finish()
    assert ran.code == 130
    assert "Traceback" not in ran.err


RUDE = {
    "garbage": b"\xde\xad\xbe\xef" * 100 + b"\n",
    "half a line": b'{"do": "sta',
    "10 MB": b"x" * 10_000_000,
    "nothing": b"",
    "brackets": b"[" * 4000 + b"\n",
}


def test_rude_peers_disturb_nobody(prism: Prism) -> None:
    with daemon(prism, ["Undisturbed."]) as live:
        ctl(prism, "start")
        live.wait_for("dictation.started")
        for name, sent in RUDE.items():
            with socket.socket(socket.AF_UNIX) as rude:
                rude.connect(str(control_socket(prism)))
                assert b'"hello"' in rude.recv(1000)
                try:
                    rude.sendall(sent)
                except (BrokenPipeError, ConnectionResetError):
                    assert name == "10 MB"
                if name in {"garbage", "10 MB", "brackets"}:
                    assert b'"ok":false' in rude.recv(1000)
                assert ctl(prism, "status")["state"] == "listening"
        ctl(prism, "stop")
        live.wait_for("dictation.delivered")
        assert words(prism) == "Undisturbed.\n"


def test_a_follower_that_is_stopped_costs_the_daemon_nothing(prism: Prism) -> None:
    with daemon(prism, ["All the same."]) as live, prism.started("ctl", "events", "--json") as follower:
        follower.wait_until(lambda: '"do"' in follower.out.read_text(), "subscription")
        follower.process.send_signal(signal.SIGSTOP)
        ctl(prism, "start")
        live.wait_for("dictation.started")
        time.sleep(1.0)
        ctl(prism, "stop")
        live.wait_for("dictation.delivered")
        assert words(prism) == "All the same.\n"
        follower.process.send_signal(signal.SIGCONT)
        follower.wait_until(lambda: "dictation.delivered" in follower.out.read_text(), "rest of the events")


def test_the_program_itself_without_a_microphone_says_so_and_goes_on(prism: Prism) -> None:
    """``prism dictate`` as it is, on a machine without a sound card."""
    overrides = [
        f"{key.replace('__', '.')}={json.dumps(value)}" for key, value in script(prism.home, []).items()
    ]
    flags = [word for pair in overrides for word in ("--set", pair)]
    device = ("--set", "audio.input_device=no such microphone", "--set", "dictation.key=null")
    with prism.started("dictate", *flags, *device, "--sink", "stdout", "--json") as live:
        live.wait_until(lambda: "Ready" in live.err.read_text(), "daemon")
        ctl(prism, "start")
        failed = live.wait_for("dictation.failed")
        assert failed["stage"] == "capture"
        assert ctl(prism, "status")["state"] == "error"
        live.send(signal.SIGTERM)
        assert live.finish().code == 130


@pytest.fixture(name="x11")
def desktop(tmp_path: Path) -> Iterator[XServer]:
    """A display with a window manager."""
    with x_server(tmp_path) as server:
        yield server


def on(x11: XServer) -> dict[str, str]:
    return {"DISPLAY": x11.display, "XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": ""}


PASTE = ("dictation.sink=paste", "dictation.key=f9", "dictation.gesture=hold")


def press(x11: XServer, live: Live) -> None:
    """Hold F9 for half a second; again, when the daemon does not watch it yet."""
    before = live.events()
    while live.events() == before:
        x11.run("xdotool", "keydown", "F9")
        time.sleep(0.5)
        x11.run("xdotool", "keyup", "F9")
        time.sleep(0.1)


def test_hold_the_key_speak_release_and_the_words_are_in_the_window(prism: Prism, x11: XServer) -> None:
    editor = x11.editor()
    x11.copy(b"mine")
    with daemon(prism, ["Élan vital 😀.", "Encore."], *PASTE, environment=on(x11)) as live:
        press(x11, live)
        assert editor.holds("Élan vital 😀.", 20)
        press(x11, live)
        assert editor.holds("Élan vital 😀.Encore.", 20)
        started = live.wait_for("dictation.started")
        assert (started["trigger"], started["target"]) == ("hold", "editor")
        assert live.wait_for("dictation.delivered")["delivery"] == "confirmed"
        time.sleep(
            1.0
        )  # what was there comes back when nobody has read for a moment: looking would put it off
        assert x11.clipboard() == b"mine"
        live.send(signal.SIGTERM)
        assert live.finish().code == 130


def test_who_moves_to_another_window_finds_the_words_on_the_clipboard(prism: Prism, x11: XServer) -> None:
    editor = x11.editor("first")
    with daemon(prism, ["For the first."], *PASTE, environment=on(x11)) as live:
        ctl(prism, "start")
        live.wait_for("dictation.started", lambda event: event["target"] == "first")
        other: Box = x11.editor("second")
        ctl(prism, "stop")
        kept = live.wait_for("dictation.kept")
        assert (kept["where"], other.text, editor.text) == ("the clipboard", "", "")
        assert "The focus moved from first to second" in kept["reason"]
        assert x11.clipboard() == b"For the first."
        x11.focus(editor)
        pasted = prism("history", "paste", "last", environment=on(x11))
        assert (pasted.code, pasted.err) == (0, "Written to first.\n")
        assert editor.holds("For the first.")


def test_a_key_that_is_taken_leaves_the_daemon_to_be_driven(prism: Prism, x11: XServer) -> None:
    with daemon(prism, [], *PASTE, environment=on(x11)):
        again = Prism(prism.home / "other")
        again.home.mkdir()
        with daemon(again, ["Driven."], *PASTE[1:], environment=on(x11)) as second:
            second.wait_until(lambda: "taken the key" in second.err.read_text(), "complaint")
            assert "prism ctl toggle" in second.err.read_text()
            ctl(again, "start")
            second.wait_for("dictation.started")
            ctl(again, "stop")
            second.wait_for("dictation.delivered")


def test_a_daemon_that_does_not_answer_is_said_so(prism: Prism) -> None:
    with daemon(prism, []) as live:
        live.process.send_signal(signal.SIGSTOP)
        ran = prism("ctl", "status")
        assert ran.code == 1
        assert "does not answer" in ran.complaint
        live.process.send_signal(signal.SIGCONT)
        assert ctl(prism, "status")["state"] == "idle"
