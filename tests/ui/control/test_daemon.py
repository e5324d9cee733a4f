"""The daemon with a real socket: driven by it and by keys, interrupted by lock and sleep, and never disturbed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import DesktopError, Hotkey, Interrupted, KeyEdge, talon_exchange
from tests.kit.daemon import Speaker, running, until
from tests.kit.private_bus import OURS, lacking, logind, private_bus, signal
from tests.kit.settings import settings
from ui.control.beside import KeyWatch, TalonState
from ui.control.daemon import Daemon, Parts
from ui.control.listen import usual_listen
from ui.control.protocol import Refused


async def test_start_speak_stop_and_the_words_are_there(tmp_path: Path) -> None:
    async with running(tmp_path, ["Bonjour."]) as prism:
        assert (await prism.ask("status"))["state"] == "idle"
        assert await prism.ask("start") == {"ok": True, "do": "start"}
        await prism.wait_for("dictation.started", trigger="ctl")
        status = await prism.ask("status")
        assert (status["state"], status["microphone"], status["target"]) == ("listening", "open", "an editor")
        await prism.ask("stop")
        await prism.wait_for("dictation.delivered", text="Bonjour.")
        assert prism.book.texts == ["Bonjour."]
        assert (await prism.ask("status"))["last"]["text"] == "Bonjour."


async def test_toggle_cancel_paste_last_and_retry_last(tmp_path: Path) -> None:
    async with running(tmp_path, ["One.", "One again."]) as prism:
        await prism.ask("toggle")
        await prism.wait_for("dictation.started")
        await asyncio.sleep(0.4)  # what is shorter is no speech to whoever reads a recording
        await prism.ask("toggle")
        await prism.wait_for("dictation.delivered", text="One.")
        await prism.ask("paste-last")
        await prism.wait_for("dictation.state", state="idle")
        await until(lambda: prism.book.texts == ["One.", "One."])
        await prism.ask("retry-last")
        await prism.wait_for("dictation.delivered", text="One again.")
        await prism.ask("start")
        await until(lambda: [event["event"] for event in prism.events].count("dictation.started") == 2)
        await prism.ask("cancel")
        await prism.wait_for("dictation.cancelled", reason="cancelled")
        assert prism.book.texts == ["One.", "One.", "One again."]


async def test_events_tell_levels_states_and_words(tmp_path: Path) -> None:
    async with running(tmp_path, ["Bonjour."]) as prism:
        reader, writer = await asyncio.open_unix_connection(str(prism.path))
        writer.write(b'{"do": "events"}\n{"do": "start"}\n')
        names: list[str] = []
        while names[-1:] != ["dictation.delivered"]:
            record = json.loads(await reader.readline())
            names.append(record.get("event", record.get("do", "hello")))
            if names.count("level") == 3:
                writer.write(b'{"do": "stop"}\n')
                assert -13 < record.get("dbfs", -12) < -11
        assert names[:2] == ["hello", "events"]
        assert {"dictation.state", "dictation.started", "dictation.text", "level"} <= set(names)
        writer.close()


async def test_garbage_on_the_socket_does_not_disturb_a_dictation(tmp_path: Path) -> None:
    async with running(tmp_path, ["Undisturbed."]) as prism:
        await prism.ask("start")
        await prism.wait_for("dictation.started")
        for garbage in (b"\xff" * 100_000, b'{"do": "sto', b"\n" * 1000, b'{"do":"start"}\n' * 500, b""):
            _, writer = await asyncio.open_unix_connection(str(prism.path))
            writer.write(garbage)
            await asyncio.sleep(0.02)
            writer.transport.abort()
        assert (await prism.ask("status"))["state"] == "listening"
        await prism.ask("stop")
        await prism.wait_for("dictation.delivered", text="Undisturbed.")


@pytest.mark.parametrize("why", ["lock", "suspend"])
async def test_who_has_left_finds_the_words_kept_and_can_paste_them(tmp_path: Path, why: str) -> None:
    async with running(tmp_path, ["Kept."]) as prism:
        await prism.ask("start")
        await prism.wait_for("dictation.started")
        prism.daemon.post(Interrupted("lock" if why == "lock" else "suspend"))
        await prism.wait_for("dictation.stopped", reason=why)
        await prism.wait_for("dictation.kept", text="Kept.")
        assert prism.book.texts == []
        await prism.ask("paste-last")
        await prism.wait_for("dictation.delivered", text="Kept.")


async def test_a_locked_session_ends_the_dictation_and_keeps_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := lacking():
        pytest.skip(reason)
    with private_bus() as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "")
        async with logind() as system, running(tmp_path, ["Kept."]) as prism:
            await prism.ask("start")
            await prism.wait_for("dictation.started")
            while not any(event["event"] == "dictation.stopped" for event in prism.events):
                await system.send(signal(OURS, "org.freedesktop.login1.Session", "Lock"))
                await asyncio.sleep(0.05)
            assert (await prism.wait_for("dictation.stopped"))["reason"] == "lock"
            await prism.wait_for("dictation.kept", text="Kept.")
            assert prism.book.texts == []


async def test_a_microphone_that_cannot_be_opened_is_said_and_the_daemon_lives(tmp_path: Path) -> None:
    async with running(tmp_path, refuses="it is used by another program") as prism:
        await prism.ask("start")
        failed = await prism.wait_for("dictation.failed", stage="capture")
        assert "another program" in failed["error"]
        assert (await prism.ask("status"))["state"] == "error"


def test_before_it_is_ready_it_says_so() -> None:
    async def look() -> None:
        daemon = Daemon(Parts(settings(), Speaker, usual_listen()))
        assert daemon.status() == {"state": "starting", "microphone": "closed"}
        with pytest.raises(Refused, match="being loaded"):
            daemon.obey("start")
        assert not daemon.end()

    asyncio.run(look())


@dataclass
class Key:
    """A hotkey that is pressed when ``down`` is set; the desktop tells the press and never the release."""

    down: bool = False
    fails: str = ""
    closed: bool = False

    async def edges(self) -> AsyncGenerator[KeyEdge, None]:
        if self.fails:
            raise DesktopError(self.fails)
        await until(lambda: self.down)
        yield KeyEdge(down=True, at=time.monotonic())
        await asyncio.sleep(60)

    async def is_down(self) -> bool | None:
        return self.down

    async def aclose(self) -> None:
        self.closed = True


async def test_a_key_whose_release_is_lost_ends_the_dictation_all_the_same(tmp_path: Path) -> None:
    key = Key()

    async def made() -> Hotkey:
        return key

    async with running(tmp_path, ["Held."], beside=[KeyWatch(made, "hold", pytest.fail).run]) as prism:
        key.down = True
        await prism.wait_for("dictation.started", trigger="hold")
        await asyncio.sleep(0.2)
        assert prism.daemon.is_listening
        key.down = False
        await prism.wait_for("dictation.delivered", text="Held.")
    assert key.closed


async def test_without_a_key_it_is_said_what_always_works(tmp_path: Path) -> None:
    said: list[str] = []

    async def made() -> Hotkey:
        return Key(fails="Another program has this key.")

    async with running(tmp_path, ["Driven."], beside=[KeyWatch(made, "hold", said.append).run]) as prism:
        await until(lambda: said)
        assert said[0].startswith("Another program has this key.")
        assert "prism ctl toggle" in said[0]
        await prism.ask("start")
        await prism.wait_for("dictation.started")
        await prism.ask("stop")
        await prism.wait_for("dictation.delivered")


async def test_what_fails_beside_dictation_costs_no_word(tmp_path: Path) -> None:
    async def broken(_: Daemon) -> None:
        raise RuntimeError("a bug of a sound player")

    async with running(tmp_path, ["All the same."], beside=[broken]) as prism:
        await prism.ask("start")
        await prism.wait_for("dictation.started")
        await prism.ask("stop")
        await prism.wait_for("dictation.delivered", text="All the same.")


async def test_talon_is_told_while_somebody_dictates(tmp_path: Path) -> None:
    talon_exchange().mkdir(parents=True)
    state = talon_exchange() / "state.json"
    talon = TalonState()

    def shown() -> str:
        return str(json.loads(state.read_text())["state"])

    async with running(tmp_path, ["A."], beside=[talon.run], observers=[talon]) as prism:
        await prism.ask("start")
        await prism.wait_for("dictation.started")
        assert shown() == "listening"
        first = state.stat().st_mtime_ns
        await until(lambda: state.stat().st_mtime_ns != first)
        assert shown() == "listening"
        await prism.ask("stop")
        await prism.wait_for("dictation.delivered")
        assert shown() != "listening"
    assert shown() == "idle"
