"""The portals of a desktop on a private session bus: what a compositor would answer, as data.

It follows the published interfaces (request paths, responses, file descriptors). It is no compositor: a chord that it
is told to press makes a pretended window read the clipboard, and that is all.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
P = "org.freedesktop.portal."
CTRL, V = 0xFFE3, ord("v")


@dataclass
class Portal:
    """The portals, how they behave, and what was asked of them."""

    bus: Any
    daemon: subprocess.Popen[bytes]
    declined: tuple[str, ...] = ()
    """Members whose question the user declines."""
    silent: tuple[str, ...] = ()
    """Members that never answer."""
    unknown: tuple[str, ...] = ()
    """Interfaces that this desktop lacks."""
    dead_keys: tuple[int, ...] = ()
    """Symbols of keys that it refuses to press."""
    clipboard_enabled: bool = True
    contents: dict[str, bytes] = field(default_factory=dict)
    """Of the clipboard, while another program owns it."""
    packed: bool = False
    """Whether it packs the list of formats into a structure, as that of GNOME 46 does."""
    thinks_s: float = 0.0
    """Seconds that the user takes to allow what is started."""
    reads_after_s: float = 0.0
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    pasted: list[bytes] = field(default_factory=list)
    """What the pretended window read."""
    offered: tuple[str, ...] = ()
    _serial: int = 0
    _pipes: dict[int, int] = field(default_factory=dict)
    _session: str = f"{PATH}/session/test/prism"
    _client: str = ""
    _ended: bool = False

    def asked(self, member: str) -> list[list[Any]]:
        """The bodies of all calls of this member."""
        return [body for name, body in self.calls if name == member]

    def handle(self, message: Any) -> Any:
        """A call of a client."""
        from dbus_fast import Message, MessageType

        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.member == "Get" and message.interface == "org.freedesktop.DBus.Properties":
            return self._version(message)
        if not message.interface.startswith((P, "org.freedesktop.host")):
            return None
        self.calls.append((message.member, message.body))
        if message.interface in self.unknown:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "No such interface")
        if message.member in self.silent:
            return True
        self._client = message.sender
        if message.member == "CreateSession":
            self._ended = False
        if self._ended or (message.member == "NotifyKeyboardKeysym" and message.body[2] in self.dead_keys):
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "Invalid session")
        return self._done(message)

    def _done(self, message: Any) -> Any:
        from dbus_fast import Message

        if message.member in {"CreateSession", "BindShortcuts", "SelectDevices", "Start"}:
            return self._question(message)
        if message.member == "SelectionWrite":
            reply = Message.new_method_return(message, "h", [0])
            reply.unix_fds = [self._pipes[message.body[1]]]
            return reply
        if message.member == "SelectionRead":
            return self._given(message)
        self._act(message)
        return Message.new_method_return(message)

    def _version(self, message: Any) -> Any:
        from dbus_fast import Message, Variant

        if message.body[0] in self.unknown:
            return Message.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "No such interface")
        return Message.new_method_return(message, "v", [Variant("u", 2)])

    def _question(self, message: Any) -> Any:
        from dbus_fast import Message, Variant

        token = message.body[-1]["handle_token"].value
        path = f"{PATH}/request/{message.sender.lstrip(':').replace('.', '_')}/{token}"
        results = {
            "CreateSession": {"session_handle": Variant("s", self._session)},
            "BindShortcuts": {"shortcuts": Variant("a(sa{sv})", [["dictate", {}]])},
            "SelectDevices": {},
            "Start": {
                "devices": Variant("u", 1),
                "clipboard_enabled": Variant("b", self.clipboard_enabled),
                "restore_token": Variant("s", f"token-{len(self.asked('Start'))}"),
            },
        }[message.member]
        code = 1 if message.member in self.declined else 0
        asyncio.get_running_loop().call_later(
            self.thinks_s if message.member == "Start" else 0,
            lambda: self.signal(P + "Request", "Response", "ua{sv}", [code, {} if code else results], path),
        )
        if message.member == "Start" and self.contents:
            asyncio.get_running_loop().call_soon(lambda: self.copied(self.contents))
        return Message.new_method_return(message, "o", [path])

    def _act(self, message: Any) -> None:
        if message.member == "SetSelection":
            self.offered = tuple(message.body[1]["mime_types"].value)
            self._told_owner(ours=True, kinds=self.offered)
        elif message.member == "SelectionWriteDone":
            os.close(self._pipes.pop(message.body[1]))
        elif message.member == "NotifyKeyboardKeysym" and message.body[2:] == [V, 1]:
            asyncio.get_running_loop().call_later(self.reads_after_s, self.read)

    def read(self, kind: str = "text/plain;charset=utf-8") -> None:
        """A window reads the clipboard, which Prism owns."""
        if kind not in self.offered:
            return
        self._serial += 1
        end, self._pipes[self._serial] = os.pipe()
        data = bytearray()
        loop = asyncio.get_running_loop()

        def more() -> None:
            piece = os.read(end, 65_536)
            data.extend(piece)
            if not piece:
                loop.remove_reader(end)
                os.close(end)
                self.pasted.append(bytes(data))

        loop.add_reader(end, more)
        self.signal(P + "Clipboard", "SelectionTransfer", "osu", [self._session, kind, self._serial])

    def copied(self, contents: dict[str, bytes]) -> None:
        """Another program copies something."""
        self.contents = contents
        self.offered = ()
        self._told_owner(ours=False, kinds=tuple(contents))

    def key(self, *, down: bool) -> None:
        """The user presses or releases the shortcut."""
        member = "Activated" if down else "Deactivated"
        self.signal(P + "GlobalShortcuts", member, "osta{sv}", [self._session, "dictate", 1, {}])

    def end_session(self) -> None:
        """The desktop ends the session, which is of no use from then on."""
        self._ended = True
        self.signal(P + "Session", "Closed", "", [], self._session)

    def signal(self, interface: str, member: str, signature: str, body: list[Any], path: str = PATH) -> None:
        from dbus_fast import Message

        signal = Message.new_signal(path, interface, member, signature, body)
        signal.destination = self._client
        self.bus.send(signal)

    def _told_owner(self, *, ours: bool, kinds: tuple[str, ...]) -> None:
        from dbus_fast import Variant

        formats = Variant("(as)", [list(kinds)]) if self.packed else Variant("as", list(kinds))
        told = {"mime_types": formats, "session_is_owner": Variant("b", ours)}
        self.signal(P + "Clipboard", "SelectionOwnerChanged", "oa{sv}", [self._session, told])

    def _given(self, message: Any) -> Any:
        from dbus_fast import Message

        end, start = os.pipe()
        data = self.contents[message.body[1]]

        def write() -> None:
            with os.fdopen(start, "wb") as target:
                target.write(data)

        asyncio.get_running_loop().run_in_executor(None, write)
        asyncio.get_running_loop().call_later(1, os.close, end)
        reply = Message.new_method_return(message, "h", [0])
        reply.unix_fds = [end]
        return reply


@asynccontextmanager
async def portals(folder: Path, monkeypatch: pytest.MonkeyPatch, **behavior: Any) -> AsyncIterator[Portal]:
    """A private session bus with the portals on it; this process sees no other. Skips where there is no dbus-daemon."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed (Debian: dbus-daemon)")
    aio = pytest.importorskip("dbus_fast.aio")
    config = folder / "bus.conf"
    config.write_text(CONFIG.format(folder=folder))
    process = subprocess.Popen(  # noqa: ASYNC220  # a daemon, gone with the block
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout:
        address = process.stdout.readline().decode().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    bus = await aio.MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
    try:
        portal = Portal(bus, process, **behavior)
        bus.add_message_handler(portal.handle)
        await bus.request_name(NAME)
        yield portal
    finally:
        bus.disconnect()
        process.terminate()
        process.wait(10)
