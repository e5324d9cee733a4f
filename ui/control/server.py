"""The daemon's side of the control socket: who may ask what, and who is told of events.

The server decides nothing: it hands each verb to ``obey`` and its answer back. It belongs to the daemon's task group
and outlives every peer: what a peer sends or does not send ends that peer's connection at worst.
"""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from ui.control.peer import Limits, Peer, is_foreign
from ui.control.protocol import Refused, answer, hello, line_of, refusal, request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from ui.control.listen import Listen
    from ui.control.protocol import Verb

    Obey: TypeAlias = Callable[[Verb], Mapping[str, Any]]
    """Do what a verb says, at once, and give back the fields of the answer. Raises Refused."""

log = logging.getLogger(__name__)

MAX_BAD = 20
"""Requests in a row that make no sense; then a peer is left."""


class ControlServer:
    """Answers peers; ``serve`` runs until it is cancelled."""

    def __init__(self, obey: Obey, version: str, limits: Limits | None = None) -> None:
        self._obey = obey
        self._version = version
        self._limits = limits or Limits()
        self._peers: set[Peer] = set()

    def __repr__(self) -> str:
        followers = sum(peer.follows for peer in self._peers)
        return f"<ControlServer {len(self._peers)} peers, {followers} follow events>"

    def publish(self, record: Mapping[str, Any]) -> None:
        """Tell everybody who follows events; never waits."""
        followers = [peer for peer in self._peers if peer.follows]
        if followers:
            line = line_of(record)
            for peer in followers:
                peer.offer(line)

    async def serve(self, listen: Listen, ready: Callable[[], object] = lambda: None) -> None:
        """Listen until cancelled; ``ready`` is called when peers can connect. Raises PlaceUnsafe or OSError."""
        async with asyncio.TaskGroup() as peers:
            listening = await listen(partial(self._accept, peers))
            try:
                ready()
                await asyncio.Event().wait()
            finally:
                listening.close()

    def _accept(
        self, peers: asyncio.TaskGroup, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if is_foreign(writer.get_extra_info("socket")):
            log.warning("another user was turned away from the control socket")
            writer.close()
        elif len(self._peers) >= self._limits.clients:
            busy = Refused(
                "busy", f"{self._limits.clients} programs are connected already; close one of them."
            )
            writer.write(line_of(refusal(busy)))
            writer.close()
        else:
            peer = Peer(reader, writer, self._limits)
            self._peers.add(peer)
            peers.create_task(self._converse(peer))

    async def _converse(self, peer: Peer) -> None:
        because: Refused | None = None
        try:
            async with asyncio.TaskGroup() as both:
                pump = both.create_task(peer.pump())
                because = await self._answer_all(peer)
                pump.cancel()
        except* OSError:
            log.debug("a peer of the control socket has gone or takes nothing")
        finally:
            self._peers.discard(peer)
            await peer.leave(because)

    async def _answer_all(self, peer: Peer) -> Refused | None:
        """Answer request after request; why the connection should end, unless the peer ended it."""
        await peer.tell(hello(self._version, os.getpid()))
        bad = 0
        while bad < MAX_BAD:
            try:
                line = await peer.line()
            except Refused as reason:
                return reason
            if line is None:
                return None
            reply = self._reply(line, peer)
            bad = 0 if reply["ok"] else bad + 1
            await peer.tell(reply)
            await asyncio.sleep(0)  # a peer that asks without pause must not keep the others waiting
        return Refused("too_many", f"{MAX_BAD} requests in a row made no sense.")

    def _reply(self, line: bytes, peer: Peer) -> dict[str, Any]:
        try:
            request = request_of(line)
        except Refused as reason:
            return refusal(reason)
        try:
            if request.verb == "events":
                peer.follows = True
                return answer(request, self._obey("status"))
            return answer(request, {} if request.verb == "ping" else self._obey(request.verb))
        except Refused as reason:
            return refusal(Refused(reason.code, str(reason), request.id))
