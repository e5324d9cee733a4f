"""Whether somebody sits before the machine: tells when it goes to sleep and when the session is locked.

On Linux from D-Bus: logind says that the machine will sleep and that a session shall be locked, the screen savers of
GNOME, KDE, MATE and Cinnamon that they are on. It needs ``dbus-fast``. Elsewhere, and without a bus, nothing is told,
and a dictation ends by its key, its length or its silence.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Absence: TypeAlias = Literal["suspend", "lock"]

log = logging.getLogger("prism.dictation")

SAVERS = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.mate.ScreenSaver",
    "org.cinnamon.ScreenSaver",
)
SYSTEM_RULES = (
    "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForSleep'",
    "type='signal',interface='org.freedesktop.login1.Session',member='Lock'",
    "type='signal',interface='org.freedesktop.DBus.Properties',arg0='org.freedesktop.login1.Session'",
)
SESSION_RULES = tuple(f"type='signal',interface='{name}',member='ActiveChanged'" for name in SAVERS)


def absence_in(interface: str, member: str, body: list[Any]) -> Absence | None:
    """What a signal says: that nobody will be there from now on, or nothing of the kind. Pure."""
    match interface, member, body:
        case "org.freedesktop.login1.Manager", "PrepareForSleep", [True]:
            return "suspend"
        case "org.freedesktop.login1.Session", "Lock", _:
            return "lock"
        case "org.freedesktop.DBus.Properties", "PropertiesChanged", [
            "org.freedesktop.login1.Session",
            changed,
            *_,
        ]:
            return "lock" if _is_true(changed, "LockedHint") else None
        case saver, "ActiveChanged", [True] if saver in SAVERS:
            return "lock"
        case _:
            return None


def _is_true(changed: Mapping[str, Any], name: str) -> bool:
    value = changed.get(name) if isinstance(changed, dict) else None
    return getattr(value, "value", value) is True


async def watch_session(told: Callable[[Absence], object], environ: Mapping[str, str] = os.environ) -> None:
    """Call ``told`` whenever nobody will be there from now on, until cancelled. Returns where nothing tells."""
    if not sys.platform.startswith("linux"):
        return
    try:
        from dbus_fast import BusType
    except ImportError:
        log.info("lock and suspend are noticed with prism-voice[desktop]")
        return
    buses: list[tuple[BusType, tuple[str, ...]]] = [(BusType.SYSTEM, SYSTEM_RULES)]
    if environ.get("DBUS_SESSION_BUS_ADDRESS"):
        buses.append((BusType.SESSION, SESSION_RULES))
    async with asyncio.TaskGroup() as group:
        for bus, rules in buses:
            group.create_task(_watch(bus, rules, told))


async def _watch(kind: Any, rules: tuple[str, ...], told: Callable[[Absence], object]) -> None:  # noqa: ANN401  # dbus-fast's enum
    from dbus_fast.aio import MessageBus
    from dbus_fast.errors import DBusFastError

    try:
        bus = await MessageBus(bus_type=kind).connect()
    except (OSError, EOFError, DBusFastError) as error:
        log.info("lock and suspend are not told here: %r", error)
        return
    try:
        ours = await _own_session(bus) if rules is SYSTEM_RULES else None
        bus.add_message_handler(lambda message: _heard(message, ours, told))
        for rule in rules:
            await bus.call(_to_bus("AddMatch", rule))
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast
    except (OSError, EOFError, DBusFastError) as error:
        log.info("lock and suspend are told no more: %r", error)
    finally:
        bus.disconnect()


def _heard(message: Any, ours: str | None, told: Callable[[Absence], object]) -> None:  # noqa: ANN401  # a Message
    from dbus_fast import MessageType

    if message.message_type is not MessageType.SIGNAL:
        return
    if ours and message.path.startswith("/org/freedesktop/login1/session") and message.path != ours:
        return  # another user's session, or one in a terminal
    absence = absence_in(message.interface or "", message.member or "", message.body)
    if absence is not None:
        told(absence)


async def _own_session(bus: Any) -> str | None:  # noqa: ANN401  # a connected MessageBus
    """The path of the session that this process belongs to, where logind knows one.

    A service of systemd belongs to none: its user's graphical session is the one that matters then.
    """
    from dbus_fast import Message, MessageType

    manager = "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
    for member, signature, which in (("GetSessionByPID", "u", os.getpid()), ("GetSession", "s", "auto")):
        reply = await bus.call(Message(*manager, member, signature=signature, body=[which]))
        if reply is not None and reply.message_type is MessageType.METHOD_RETURN and reply.body:
            return str(reply.body[0])
    return None


def _to_bus(member: str, argument: str) -> Any:  # noqa: ANN401  # a Message
    from dbus_fast import Message

    return Message(
        destination="org.freedesktop.DBus",
        path="/org/freedesktop/DBus",
        interface="org.freedesktop.DBus",
        member=member,
        signature="s",
        body=[argument],
    )
