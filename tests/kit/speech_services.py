"""Speech services in this process, over real sockets and with a real voice (eSpeak): OpenAI's interface and Wyoming's.

Faults are switches. The Wyoming service is made of the package's own server classes.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tts.espeak_library import load

if TYPE_CHECKING:
    from tts.types import Int16

RATE = 22_050
LANGUAGES = {"siwis": "fr", "lessac": "en-us"}


def spoken(text: str, voice: str, speed: float = 1.0) -> Int16:
    """eSpeak's samples for a text."""
    parts: list[Int16] = [np.zeros(0, np.int16)]

    def keep(block: Int16) -> bool:
        parts.append(block)
        return True

    load().say(text, [LANGUAGES.get(voice, voice)], speed, keep)
    return np.concatenate(parts)


@dataclass
class Service:
    """What a service does wrong, and what it was asked."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    voices: list[str] = field(default_factory=lambda: list(LANGUAGES))
    kind: str = "wav"
    """``wav``, ``pcm`` or ``html``."""
    status: int = 200
    cut_after: int | None = None
    """Bytes of sound after which the connection breaks."""
    stall_s: float = 0.0
    """Seconds before each piece of sound."""
    level: float = 1.0
    """Factor of the loudness."""

    made: list[bytes] = field(default_factory=list)
    """The sound of each answer; eSpeak never makes quite the same twice."""

    def sound(self, text: str, voice: str, speed: float = 1.0) -> bytes:
        made = (spoken(text, voice, speed) * self.level).astype("<i2").tobytes()[: self.cut_after]
        self.made.append(made)
        return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> Service:
        return cast("_Server", self.server).service

    def do_GET(self) -> None:  # the name that http.server looks for
        voices = self.service.voices
        self.answer(200 if voices else 404, "application/json", json.dumps({"voices": voices}).encode())

    def do_POST(self) -> None:  # the name that http.server looks for
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.service.asked.append({**asked, "authorization": self.headers.get("Authorization")})
        service = self.service
        if service.status != 200:
            said = (
                f"no such\nluck with {self.headers.get('Authorization')}"  # some repeat what they were given
            )
            self.answer(service.status, "application/json", json.dumps({"error": said}).encode())
            return
        if service.kind == "html":
            self.answer(200, "text/html", b"<html>" + b"hello" * 99)
            return
        sound = service.sound(asked["input"], asked["voice"], asked["speed"])
        self.stream(sound, "audio/pcm" if service.kind == "pcm" else "audio/wav")

    def stream(self, sound: bytes, kind: str) -> None:
        """In pieces, as it would be made, without a length."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        head = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            b"RIFF",
            0xFFFFFFFF,
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            RATE,
            RATE * 2,
            2,
            16,
            b"data",
            0xFFFFFFFF,
        )
        body = sound if kind == "audio/pcm" else head + sound
        for start in range(0, len(body), 4001):  # odd: samples are cut in two
            time.sleep(self.service.stall_s)
            part = body[start : start + 4001]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if self.service.cut_after is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that http.server calls
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in mid-sentence is no news."""


@contextmanager
def openai_speech() -> Iterator[Service]:
    """OpenAI's /v1/audio/speech on a free port."""
    load()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.service = Service(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def wyoming_speech() -> Iterator[Service]:
    """A Wyoming text-to-speech service on a free port. Needs ``wyoming``."""
    from tests.kit.wyoming_speaker import serve

    load()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = Service(f"tcp://127.0.0.1:{port}")
    begun, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(serve(service, begun, stop))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(5)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
