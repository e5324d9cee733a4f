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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit.daemon import script
from tests.kit.prism import ROOT, Live, Prism, prism_program

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


@contextmanager
def daemon(prism: Prism, texts: list[str], *overrides: str) -> Iterator[Live]:
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
            env=prism.environment({}),
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


@pytest.mark.parametrize(
    "sent",
    [b"\xde\xad\xbe\xef" * 100 + b"\n", b'{"do": "sta', b"x" * 10_000_000, b"", b"[" * 4000 + b"\n"],
    ids=["garbage", "half a line", "10 MB", "nothing", "brackets"],
)
def test_a_rude_peer_disturbs_nobody(prism: Prism, sent: bytes) -> None:
    with daemon(prism, ["Undisturbed."]) as live:
        ctl(prism, "start")
        live.wait_for("dictation.started")
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(control_socket(prism)))
            assert b'"hello"' in rude.recv(1000)
            try:
                rude.sendall(sent)
            except (BrokenPipeError, ConnectionResetError):
                assert len(sent) > 4096
            if sent.endswith(b"\n") or len(sent) > 4096:
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
