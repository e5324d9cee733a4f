"""Sleep and lock: what each signal means as a table, and the same over a real bus with a logind and a screen saver of
ours. The real logind cannot be asked to sleep here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.desktop.session import absence_in, watch_session
from tests.kit.private_bus import OURS, PrivateBus, lacking, logind, private_bus, signal

SESSION = "org.freedesktop.login1.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
MEANINGS: list[tuple[str, str, list[Any], str | None]] = [
    ("org.freedesktop.login1.Manager", "PrepareForSleep", [True], "suspend"),
    ("org.freedesktop.login1.Manager", "PrepareForSleep", [False], None),
    ("org.freedesktop.login1.Manager", "SessionNew", ["2", OURS], None),
    (SESSION, "Lock", [], "lock"),
    (SESSION, "Unlock", [], None),
    (PROPERTIES, "PropertiesChanged", [SESSION, {"LockedHint": SimpleNamespace(value=True)}, []], "lock"),
    (PROPERTIES, "PropertiesChanged", [SESSION, {"LockedHint": SimpleNamespace(value=False)}, []], None),
    (PROPERTIES, "PropertiesChanged", [SESSION, {"IdleHint": SimpleNamespace(value=True)}, []], None),
    (PROPERTIES, "PropertiesChanged", ["org.other", {"LockedHint": SimpleNamespace(value=True)}, []], None),
    ("org.gnome.ScreenSaver", "ActiveChanged", [True], "lock"),
    ("org.freedesktop.ScreenSaver", "ActiveChanged", [False], None),
    ("org.evil.ScreenSaver", "ActiveChanged", [True], None),
    ("", "", [], None),
]


@pytest.mark.parametrize(("interface", "member", "body", "meaning"), MEANINGS)
def test_what_a_signal_means(interface: str, member: str, body: list[Any], meaning: str | None) -> None:
    assert absence_in(interface, member, body) == meaning


@pytest.fixture
def buses(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PrivateBus, PrivateBus]]:
    """A system bus and a session bus of our own."""
    if reason := lacking():
        pytest.skip(reason)
    with private_bus() as system, private_bus() as session:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", system.address)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.address)
        yield system, session


@pytest.mark.parametrize("service", [False, True], ids=["in a terminal", "as a service"])
@pytest.mark.usefixtures("buses")
async def test_sleep_and_lock_are_told_and_other_sessions_are_not_ours(service: bool) -> None:
    from dbus_fast import BusType, Variant
    from dbus_fast.aio import MessageBus

    told: list[str] = []
    async with logind(service=service) as system, asyncio.TaskGroup() as group:
        watching = group.create_task(watch_session(told.append))
        saver = await MessageBus(bus_type=BusType.SESSION).connect()
        manager, properties = "/org/freedesktop/login1", [SESSION, {"LockedHint": Variant("b", True)}, []]
        while not told:  # the first one it hears says that it listens on the system bus
            await system.send(signal(manager, f"{SESSION[:-7]}Manager", "PrepareForSleep", "b", [True]))
            await asyncio.sleep(0.05)
        while "lock" not in told:  # and this one, on the session bus
            await saver.send(
                signal("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged", "b", [True])
            )
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
        told.clear()
        await system.send(signal(f"{OURS}9", SESSION, "Lock"))
        await system.send(signal(f"{OURS}9", PROPERTIES, "PropertiesChanged", "sa{sv}as", properties))
        await system.send(signal(OURS, SESSION, "Unlock"))
        await system.send(signal(OURS, SESSION, "Lock"))
        await system.send(signal(OURS, PROPERTIES, "PropertiesChanged", "sa{sv}as", properties))
        while len(told) < 2:  # noqa: ASYNC110  # nobody could set an event
            await asyncio.sleep(0.02)
        assert told == ["lock", "lock"]
        saver.disconnect()
        watching.cancel()


async def test_without_a_bus_nothing_is_told_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := lacking():
        pytest.skip(reason)
    for kind in ("SYSTEM", "SESSION"):
        monkeypatch.setenv(f"DBUS_{kind}_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    told: list[str] = []
    await watch_session(told.append)
    assert told == []


async def test_a_bus_that_goes_away_ends_the_watching_only(buses: tuple[PrivateBus, PrivateBus]) -> None:
    told: list[str] = []
    async with asyncio.timeout(10), logind() as system, asyncio.TaskGroup() as group:
        group.create_task(watch_session(told.append))
        while not told:
            await system.send(signal("/m", "org.freedesktop.login1.Manager", "PrepareForSleep", "b", [True]))
            await asyncio.sleep(0.05)
        for bus in buses:
            await asyncio.to_thread(bus.end)
