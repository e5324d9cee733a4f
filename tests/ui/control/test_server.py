"""The control socket with real peers: polite ones, and those that send garbage, half a line, ten megabytes or nothing.

After each of them the next peer must be served as if nothing had been.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ui.control.listen import Listen, listen_pipe, listen_unix
from ui.control.peer import Limits
from ui.control.protocol import Refused, Verb
from ui.control.server import MAX_BAD, ControlServer


@dataclass
class Bench:
    """A server without a daemon."""

    path: Path
    server: ControlServer
    obeyed: list[Verb] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)

    async def peer(self) -> Talk:
        """A peer that has been greeted."""
        talk = await self.silent()
        assert (await talk.hears())["hello"] == "prism"
        return talk

    async def silent(self) -> Talk:
        """A peer that has only connected."""
        self.talks.append(Talk(*await asyncio.open_unix_connection(str(self.path))))
        return self.talks[-1]

    def close(self) -> None:
        """Let go of all peers, as their programs' ends would."""
        for talk in self.talks:
            talk.writer.transport.abort()


@dataclass
class Talk:
    """The other end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hears(self) -> dict[str, Any]:
        line = await self.reader.readuntil(b"\n")
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    async def says(self, line: bytes) -> dict[str, Any]:
        self.writer.write(line)
        return await self.hears()

    async def is_left(self) -> bool:
        """Whether the server has closed the connection, with nothing more to say."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def serving(
    tmp_path: Path, limits: Limits | None = None, listen: Listen | None = None
) -> AsyncIterator[Bench]:
    obeyed: list[Verb] = []

    def obey(verb: Verb) -> dict[str, Any]:
        obeyed.append(verb)
        if verb == "retry-last":
            raise Refused("nothing", "There is no recording yet.")
        return {"state": "idle"}

    path = tmp_path / "c" / "control.sock"
    bench = Bench(path, ControlServer(obey, "1.2.3", limits), obeyed)
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.server.serve(listen or partial(listen_unix, path), ready.set))
        await ready.wait()
        yield bench
        bench.close()
        task.cancel()


async def is_well(bench: Bench) -> bool:
    peer = await bench.peer()
    answered = await peer.says(b'{"do": "status"}\n')
    peer.writer.close()
    return answered == {"ok": True, "do": "status", "state": "idle"}


async def test_a_peer_is_greeted_and_each_request_is_answered_in_order(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.silent()
        assert await peer.hears() == {"hello": "prism", "protocol": 1, "version": "1.2.3", "pid": os.getpid()}
        peer.writer.write(b'{"do": "start", "id": 1}\n{"do": "ping", "id": 2}\n')
        assert [await peer.hears(), await peer.hears()] == [
            {"ok": True, "do": "start", "id": 1, "state": "idle"},
            {"ok": True, "do": "ping", "id": 2},
        ]
        assert bench.obeyed == ["start"]


async def test_what_the_daemon_refuses_is_told_with_the_id(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.peer()
        assert await peer.says(b'{"do": "retry-last", "id": "x"}\n') == {
            "ok": False,
            "error": "nothing",
            "message": "There is no recording yet.",
            "id": "x",
        }


async def test_only_the_user_can_open_socket_and_folder(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        assert stat.S_IMODE(bench.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(bench.path.parent.stat().st_mode) == 0o700
    assert not bench.path.exists()


async def test_a_socket_that_a_dead_daemon_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "control.sock").write_text("left over")
    async with serving(tmp_path) as bench:
        assert await is_well(bench)


async def test_garbage_is_answered_and_the_same_peer_may_go_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.peer()
        assert (await peer.says(os.urandom(100).replace(b"\n", b"") + b"\n"))["error"] == "bad_json"
        assert (await peer.says(b'{"do": "ping"}\n'))["ok"]
        assert await is_well(bench)


async def test_who_sends_nothing_but_garbage_is_left(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.peer()
        peer.writer.write(b"x\n" * MAX_BAD)
        said = [await peer.hears() for _ in range(MAX_BAD + 1)]
        assert [line["error"] for line in said] == ["bad_json"] * MAX_BAD + ["too_many"]
        assert await peer.is_left()
        assert await is_well(bench)


async def test_ten_megabytes_without_a_line_are_not_taken(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.peer()
        peer.writer.write(b"x" * 10_000_000)
        assert (await peer.hears())["error"] == "too_long"
        assert await peer.is_left()
        assert await is_well(bench)


async def test_a_line_that_is_cut_short_is_said_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        peer = await bench.peer()
        peer.writer.write(b'{"do": "sta')
        peer.writer.write_eof()
        assert (await peer.hears())["error"] == "bad_json"
        assert await peer.is_left()
        assert bench.obeyed == []


@pytest.mark.parametrize("sent", [b"", b'{"do": "sta'], ids=["nothing", "half a line"])
async def test_who_sends_nothing_is_left_after_a_while(tmp_path: Path, sent: bytes) -> None:
    async with serving(tmp_path, Limits(idle_s=0.5)) as bench:
        peer = await bench.peer()
        peer.writer.write(sent)
        assert (await peer.hears())["error"] == "idle"
        assert await peer.is_left()
        assert await is_well(bench)


async def test_who_follows_events_may_be_silent(tmp_path: Path) -> None:
    async with serving(tmp_path, Limits(idle_s=0.5)) as bench:
        peer = await bench.peer()
        assert await peer.says(b'{"do": "events"}\n') == {"ok": True, "do": "events", "state": "idle"}
        await asyncio.sleep(0.7)
        bench.server.publish({"event": "dictation.state", "state": "listening"})
        assert await peer.hears() == {"event": "dictation.state", "state": "listening"}
        assert (await peer.says(b'{"do": "ping"}\n'))["ok"]


async def test_one_peer_too_many_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path, Limits(clients=2)) as bench:
        first, _second = await bench.peer(), await bench.peer()
        third = await bench.silent()
        assert (await third.hears())["error"] == "busy"
        assert await third.is_left()
        first.writer.close()
        while len(bench.server._peers) == 2:  # noqa: ASYNC110  # nobody could set an event
            await asyncio.sleep(0.01)
        assert await is_well(bench)


async def test_a_slow_reader_loses_the_oldest_events_and_is_told_how_many(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        slow, quick = await bench.peer(), await bench.peer()
        for peer in (slow, quick):
            await peer.says(b'{"do": "events"}\n')
        sent, read = 3000, 0
        for number in range(sent):
            bench.server.publish({"event": "level", "n": number, "pad": "x" * 500})
            assert (await quick.hears())["n"] == number
        last, lost = -1, 0
        while last < sent - 1:
            record = await slow.hears()
            if record["event"] == "events.dropped":
                lost += record["count"]
            else:
                assert record["n"] == read + lost
                read, last = read + 1, record["n"]
        assert lost > 0
        assert read + lost == sent


async def test_who_takes_nothing_for_long_is_left(tmp_path: Path) -> None:
    async with serving(tmp_path, Limits(stalled_s=0.1)) as bench:
        peer = await bench.peer()
        await peer.says(b'{"do": "events"}\n')
        while bench.server._peers:
            bench.server.publish({"event": "level", "pad": "x" * 50_000})
            await asyncio.sleep(0.005)
        assert await is_well(bench)


async def test_a_peer_may_vanish_at_any_time(tmp_path: Path) -> None:
    async with serving(tmp_path) as bench:
        for line in (b"", b'{"do": "events"}\n', b'{"do": "ping"}\n' * 50, b'{"do": '):
            peer = await bench.silent()
            peer.writer.write(line)
            peer.writer.transport.abort()
            bench.server.publish({"event": "level"})
        assert await is_well(bench)


async def test_a_named_pipe_serves_the_same_peers(tmp_path: Path) -> None:
    """Windows' own loop cannot run here: its one method is played by a socket, with the same streams behind it."""
    path = tmp_path / "pipe"
    served: list[str] = []
    loop = asyncio.get_running_loop()

    async def start_serving_pipe(factory: Any, address: str) -> list[asyncio.Server]:
        served.append(address)
        return [await loop.create_unix_server(factory, str(path))]

    loop.start_serving_pipe = start_serving_pipe  # type: ignore[attr-defined]
    async with serving(tmp_path, listen=partial(listen_pipe, r"\\.\pipe\prism-test")) as bench:
        bench.path = path
        assert served == [r"\\.\pipe\prism-test"]
        peer = await bench.peer()
        peer.writer.write(b"x" * 10_000)
        assert (await peer.hears())["error"] == "too_long"
        assert await is_well(bench)
