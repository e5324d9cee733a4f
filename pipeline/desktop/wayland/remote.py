"""The RemoteDesktop portal with its clipboard: one session for the life of the program, and its restore token.

With a token the desktop asks the user once and never again, so it is kept, readable for the user alone. All of this
runs in the bus's own loop. Whoever reads the clipboard is told as a transfer; who it is, no portal tells.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from config import state_dir
from pipeline.desktop.base import DesktopError
from pipeline.desktop.contents import Item, within, worth_keeping
from pipeline.desktop.wayland.bus import CALL_S, CONSENT_S, Bus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

REMOTE = "org.freedesktop.portal.RemoteDesktop"
CLIPBOARD = "org.freedesktop.portal.Clipboard"
SESSION = "org.freedesktop.portal.Session"
KEYBOARD = 1
UNTIL_REVOKED = 2
PIECE = 65_536
TRANSFER_S = 10.0
"""How long a reader of the clipboard may take for all of it."""
_sessions = itertools.count(1)


def token_file() -> Path:
    """Where the restore token is kept."""
    return state_dir() / "portal-token"


class RemoteSession:
    """A session that may press keys and own the clipboard, until the desktop ends it: many do when the screen locks."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._handle = ""
        self._clipboard = False
        self._offered: tuple[str, ...] = ()
        self._ours: Mapping[str, Item] = {}
        self._owner = False
        self._read: Callable[[], None] | None = None
        self.read_at = 0.0
        self.ended = False
        """The desktop has ended it; another one can be asked for."""

    async def start(self) -> None:
        """Ask for the session, with the token of the last one. Raises DesktopError when it is not granted."""
        from dbus_fast import Variant

        bus = self._bus
        bus.on(CLIPBOARD, "SelectionOwnerChanged", self._changed)
        bus.on(CLIPBOARD, "SelectionTransfer", lambda body: bus.spawn(self._transfer(body)))
        options = {"session_handle_token": Variant("s", f"prism_remote{next(_sessions)}")}
        self._handle = (await bus.request(REMOTE, "CreateSession", "a{sv}", options))["session_handle"]
        bus.on(SESSION, "Closed", lambda _: self._closed(), path=self._handle)
        wanted = {"types": Variant("u", KEYBOARD), "persist_mode": Variant("u", UNTIL_REVOKED)}
        token = _stored_token()
        if token:
            wanted["restore_token"] = Variant("s", token)
        await bus.request(REMOTE, "SelectDevices", "oa{sv}", self._handle, wanted)
        with suppress(DesktopError):  # an older portal has no clipboard; the Start says what was given
            await bus.call(CLIPBOARD, "RequestClipboard", "oa{sv}", self._handle, {})
        given = await bus.request(REMOTE, "Start", "osa{sv}", self._handle, "", {}, limit_s=CONSENT_S)
        if not given.get("devices", 0) & KEYBOARD:
            raise DesktopError("The desktop does not let Prism press keys; allow the keyboard when it asks.")
        if not given.get("clipboard_enabled"):
            raise DesktopError(
                "The desktop's portal does not share its clipboard (GNOME 46 and Plasma 6 do)."
            )
        self._clipboard = True
        if given.get("restore_token"):
            _store_token(given["restore_token"])

    async def press(self, symbols: list[int]) -> None:
        """Press keys by their symbols and release them in reverse. Raises DesktopError."""
        down: list[int] = []
        try:
            for symbol in symbols:
                await self._key(symbol, 1)
                down.append(symbol)
            while down:
                await self._key(down[-1], 0)
                down.pop()
        finally:
            for symbol in reversed(down):  # it failed in the middle: no key stays down
                with suppress(DesktopError):
                    await self._key(symbol, 0)

    async def _key(self, symbol: int, state: int) -> None:
        await self._bus.call(REMOTE, "NotifyKeyboardKeysym", "oa{sv}iu", self._handle, {}, symbol, state)

    async def snapshot(self, budget: int) -> Mapping[str, Item]:
        """What is on the clipboard, in every format, ``budget`` bytes at most."""
        if self._owner:
            return self._ours
        found: dict[str, Item] = {}
        for kind in worth_keeping(self._offered):
            data = await self._fetched(kind, within(found, budget))
            if data is not None:
                found[kind] = Item(kind, 8, data)
        return found

    async def own(self, contents: Mapping[str, Item], read: Callable[[], None] | None = None) -> None:
        """Put contents on the clipboard; ``read`` is called when somebody has fetched them. Raises DesktopError."""
        self._ours, self._read, self._owner = contents, read, True
        self.read_at = time.monotonic()
        await self._bus.call(CLIPBOARD, "SetSelection", "oa{sv}", self._handle, _formats(contents))

    async def put_back(self, contents: Mapping[str, Item], after_s: float) -> None:
        """Put contents back once nobody has read for ``after_s`` seconds, if the clipboard is still ours."""
        while (left := self.read_at + after_s - time.monotonic()) > 0:  # noqa: ASYNC110  # each read moves it
            await asyncio.sleep(left)
        if self._owner and contents:
            with suppress(DesktopError):
                await self.own(contents)

    @property
    def holding(self) -> Mapping[str, Item]:
        """What of ours is on the clipboard."""
        return self._ours if self._owner else {}

    async def close(self) -> None:
        """End the session; its token stays."""
        if self._handle and not self.ended:
            with suppress(DesktopError):
                await self._bus.call(SESSION, "Close", "", path=self._handle)

    def _changed(self, body: list[Any]) -> None:
        session, options = body
        if session == self._handle:
            self._offered = _kinds(options["mime_types"].value) if "mime_types" in options else ()
            self._owner = bool(options["session_is_owner"].value) if "session_is_owner" in options else False

    def _closed(self) -> None:
        self.ended, self._owner = True, False

    async def _transfer(self, body: list[Any]) -> None:
        """Hand the contents to whoever asks, by a file that the portal opens."""
        session, kind, serial = body
        if session != self._handle or self.ended:
            return
        item, read = self._ours.get(kind), self._read
        try:
            done = item is not None and await self._written(serial, bytes(item.data))
            await self._bus.call(CLIPBOARD, "SelectionWriteDone", "oub", self._handle, serial, done)
        except DesktopError as problem:
            log.info("the clipboard was not handed over: %s", problem)
            return
        self.read_at = time.monotonic()
        if (
            done
            and read is not None
            and kind.lower().startswith(("text/plain", "utf8_string", "string", "text"))
        ):
            read()

    async def _written(self, serial: int, data: bytes) -> bool:
        reply = await self._bus.call(CLIPBOARD, "SelectionWrite", "ou", self._handle, serial)
        file = reply.unix_fds[reply.body[0]]
        try:
            await asyncio.to_thread(_write_all, file, data)
        except OSError:
            return False
        return True

    async def _fetched(self, kind: str, budget: int) -> bytes | None:
        try:
            reply = await self._bus.call(CLIPBOARD, "SelectionRead", "os", self._handle, kind)
            file = reply.unix_fds[reply.body[0]]
            return await asyncio.to_thread(_read_all, file, budget)
        except (DesktopError, OSError) as problem:
            log.info("not kept of the clipboard: %s (%s)", kind, problem)
            return None


def _kinds(told: list[Any]) -> tuple[str, ...]:
    """The names of formats; the portal of GNOME 46 packs their list into a structure of one field."""
    return tuple(told[0] if told and isinstance(told[0], list) else told)


def _formats(contents: Mapping[str, Item]) -> dict[str, Any]:
    from dbus_fast import Variant

    return {"mime_types": Variant("as", list(contents))}


def _write_all(file: int, data: bytes) -> None:
    """Into a pipe whose reader may be slow, or gone. Raises OSError."""
    give_up = time.monotonic() + TRANSFER_S
    os.set_blocking(file, False)
    try:
        while data:
            _, ready, _ = select.select([], [file], [], max(0.0, give_up - time.monotonic()))
            if not ready:
                raise TimeoutError("nobody reads the clipboard's pipe")
            data = data[os.write(file, data[:PIECE]) :]
    finally:
        os.close(file)


def _read_all(file: int, budget: int) -> bytes | None:
    """A pipe to its end; None beyond the budget, or when its writer is too slow."""
    give_up = time.monotonic() + CALL_S
    pieces: list[bytes] = []
    try:
        while budget >= 0:
            ready, _, _ = select.select([file], [], [], max(0.0, give_up - time.monotonic()))
            piece = os.read(file, PIECE) if ready else None
            if not piece:
                return None if piece is None else b"".join(pieces)
            pieces.append(piece)
            budget -= len(piece)
    finally:
        os.close(file)
    return None


def _stored_token() -> str | None:
    try:
        return token_file().read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _store_token(token: str) -> None:
    file = token_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            file.unlink()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(token)
    except OSError as problem:
        log.warning("the desktop will ask again next time: %s", problem)
