"""A D-Bus of a test's own: a real daemon that nobody else is on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS = "/org/freedesktop/login1/session/_32"
"""The session that ``logind`` says is ours."""
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


def lacking() -> str | None:
    """Why there can be none here; None when there can."""
    if shutil.which("dbus-daemon") is None:
        return "dbus-daemon is not installed"
    try:
        import dbus_fast  # noqa: F401
    except ImportError:
        return "dbus-fast is not installed"
    return None


@dataclass(frozen=True, slots=True)
class PrivateBus:
    """One that runs."""

    address: str
    process: subprocess.Popen[str]

    def end(self) -> None:
        """Let it go away under everybody."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def private_bus() -> Iterator[PrivateBus]:
    """It is gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="prism-bus-") as folder:
        config = Path(folder) / "bus.conf"
        config.write_text(CONFIG, "utf-8")
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            if process.stdout is None:
                raise RuntimeError("a pipe was asked for")
            bus = PrivateBus(process.stdout.readline().strip(), process)
            try:
                yield bus
            finally:
                bus.end()


@asynccontextmanager
async def logind(*, service: bool = False) -> AsyncIterator[Any]:
    """Somebody on the system bus who knows our session; gives the bus to send signals from.

    ``service``: we are one of systemd's services, which belong to no session, but our user has one.
    """
    from dbus_fast import BusType, Message
    from dbus_fast.aio import MessageBus

    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()

    def answer(message: Message) -> Message | None:
        if message.member == "GetSessionByPID" and service:
            return Message.new_error(message, "org.freedesktop.login1.NoSessionForPID", "no session")
        asked = message.member == "GetSessionByPID" or (message.member, message.body) == (
            "GetSession",
            ["auto"],
        )
        return Message.new_method_return(message, "o", [OURS]) if asked else None

    bus.add_message_handler(answer)
    await bus.request_name("org.freedesktop.login1")
    try:
        yield bus
    finally:
        bus.disconnect()


def signal(path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None) -> Any:
    """A signal to send."""
    from dbus_fast import Message

    return Message.new_signal(path, interface, member, signature, body)
