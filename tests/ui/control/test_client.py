"""The asking side against real servers: a good one, none, a mute one, one of another time."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from ui.control.client import PIPE_BUSY, ControlError, NoDaemon, connect
from ui.control.listen import listen_unix
from ui.control.lock import held
from ui.control.place import lock_path, pipe_name, private, runtime_dir, socket_path
from ui.control.protocol import Refused, Verb, hello, line_of
from ui.control.server import ControlServer


def obey(verb: Verb) -> dict[str, Any]:
    if verb == "paste-last":
        raise Refused("nothing", "There are no words yet.")
    return {"state": "idle", "text": "é" * 100_000}


async def serve(then: Any) -> Any:
    """Run ``then`` in a thread beside a real server."""
    server, ready = ControlServer(obey, "1"), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve(partial(listen_unix, socket_path()), ready.set))
        await ready.wait()
        result = await asyncio.to_thread(then, server, asyncio.get_running_loop())
        task.cancel()
    return result


async def test_a_verb_is_answered() -> None:
    def asks(*_: Any) -> dict[str, Any]:
        with connect() as client:
            assert client.ask("ping") == {"ok": True, "do": "ping"}
            return client.ask("status")

    assert (await serve(asks))["text"] == "é" * 100_000


async def test_a_refusal_is_an_error_with_its_sentence() -> None:
    def asks(*_: Any) -> None:
        with connect() as client, pytest.raises(ControlError, match="no words yet") as refused:
            client.ask("paste-last")
        assert refused.value.code == "nothing"

    await serve(asks)


async def test_events_come_until_the_daemon_ends() -> None:
    def follows(server: ControlServer, loop: asyncio.AbstractEventLoop) -> None:
        with connect() as client:
            events = client.events()
            assert next(events)["do"] == "events"
            loop.call_soon_threadsafe(server.publish, {"event": "a"})
            assert next(events) == {"event": "a"}
            for peer in list(server._peers):
                loop.call_soon_threadsafe(peer._writer.close)
            assert list(events) == []

    await serve(follows)


def test_without_a_daemon_it_is_said_how_to_start_one() -> None:
    with pytest.raises(NoDaemon, match="prism dictate"):
        connect()


def test_a_socket_of_a_dead_daemon_is_no_daemon() -> None:
    private(runtime_dir())
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path()))
    with pytest.raises(NoDaemon, match="prism dictate"):
        connect()


def test_a_daemon_that_does_not_listen_yet_is_said_so() -> None:
    private(runtime_dir())
    with held(lock_path()), pytest.raises(NoDaemon, match="just starting or ending"):
        connect()


@contextmanager
def saying(first: bytes) -> Iterator[None]:
    """Something at the socket that says ``first`` and nothing more."""
    private(runtime_dir())
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path()))
        listening.listen()
        kept: list[socket.socket] = []

        def accept() -> None:
            peer, _ = listening.accept()
            kept.append(peer)
            peer.sendall(first)

        thread = threading.Thread(target=accept)
        thread.start()
        yield
        thread.join()
        for peer in kept:
            peer.close()


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (b"", "does not answer"),
        (b"HTTP/1.1 400 Bad Request\r\n", "does not answer"),
        (b"[1]\n", "ended the connection"),
        (b'{"hello": "prism", "protocol": 99}\n', "another version"),
        (b'{"ok": false, "error": "busy", "message": "16 programs are connected."}\n', "16 programs"),
    ],
)
def test_whatever_else_answers_is_an_error(first: bytes, told: str) -> None:
    with saying(first), pytest.raises(ControlError, match=told):
        connect(timeout_s=0.2)


def test_a_pipe_that_lets_another_one_in_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' named pipes, pretended: two keys of a deck that are pressed at once."""
    asked = 0

    def pipe(name: str, mode: str, buffering: int) -> io.BytesIO:
        nonlocal asked
        asked += 1
        if asked < 3:
            busy = OSError("all pipe instances are busy")
            busy.winerror = PIPE_BUSY  # type: ignore[attr-defined,unused-ignore]  # Windows alone has it
            raise busy
        assert (name, mode, buffering) == (pipe_name(), "r+b", 0)
        return io.BytesIO(line_of(hello("1", 7)))

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("ui.control.client.open", pipe, raising=False)
    with connect() as client:
        assert client.hello["pid"] == 7
    assert asked == 3
