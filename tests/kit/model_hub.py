"""A model hub in this process, over real HTTP: the two requests that are used, with faults as switches."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from unittest.mock import patch

from config import hub as hub_requests

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "Systran/faster-whisper-tiny"
LARGE = (".bin", ".onnx")
"""Files that are kept apart, have a SHA-256, and are what the faults are about."""


def contents() -> dict[str, bytes]:
    return {
        "README.md": b"# not wanted",
        "config.json": b"{}",
        "model.bin": bytes(range(256)) * 12_000,
        "tokenizer.json": b'{"t": 1}',
        "vocabulary.txt": b"a\nb\n",
    }


@dataclass
class Hub:
    """What the hub holds and what is wrong with it."""

    files: dict[str, bytes] = field(default_factory=contents)
    repo: str = REPO
    revision: str = "main"
    ranges: list[str | None] = field(default_factory=list)
    """``Range`` of each request for model.bin."""
    cut_after: list[int] = field(default_factory=list)
    """Bytes after which the next answers with model.bin break off."""
    flip: bool = False
    """Serve model.bin with a wrong byte."""
    no_ranges: bool = False
    """Ignore ``Range``, as some proxies do."""
    portal: bool = False
    """Answer like the log-in page of a hotel."""
    claim: int | None = None
    """Size that is claimed for model.bin."""

    def describe(self) -> dict[str, Any]:
        siblings = []
        for name, data in self.files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            item: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": blob}
            if name.endswith(LARGE):
                size = self.claim or len(data)
                item["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": size, "pointerSize": 134}
            siblings.append(item)
        return {"id": self.repo, "sha": COMMIT, "siblings": siblings}


class Handler(BaseHTTPRequestHandler):
    """The two requests of the hub's protocol."""

    def do_GET(self) -> None:  # the name that http.server looks for
        path, _, query = self.path.partition("?")
        hub = cast("HubServer", self.server).hub
        if hub.portal:
            self.answer(404, b"<html>Please log in to this network</html>")
        elif path == f"/api/models/{hub.repo}/revision/{hub.revision}" and "blobs=true" in query:
            self.answer(200, json.dumps(hub.describe()).encode())
        elif path.startswith(f"/{hub.repo}/resolve/{COMMIT}/"):
            self.redirect(f"/cdn/{path.rpartition('/')[2]}")  # as the real one does
        elif path.startswith("/cdn/"):
            self.serve(hub, path.rpartition("/")[2])
        else:
            self.answer(404, b'{"error": "Repository not found"}')

    def serve(self, hub: Hub, name: str) -> None:
        data = next(data for path, data in hub.files.items() if path.rpartition("/")[2] == name)
        if not name.endswith(LARGE):
            self.answer(200, data)
            return
        asked = self.headers.get("Range")
        hub.ranges.append(asked)
        data = bytes([data[0] ^ 1]) + data[1:] if hub.flip else data
        begin = 0 if asked is None or hub.no_ranges else int(asked.removeprefix("bytes=").rstrip("-"))
        cut = hub.cut_after.pop(0) if hub.cut_after else None
        self.answer(206 if begin else 200, data[begin:], cut)

    def redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, body: bytes, cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json" if body[:1] == b"{" else "text/html")
        self.end_headers()
        self.wfile.write(body[:cut])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature of http.server
        """Keep the test's output clean."""


class HubServer(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub


@contextmanager
def model_hub(files: dict[str, bytes] | None = None) -> Iterator[tuple[Hub, str]]:
    """A running hub and its address; it is there, so a busy machine may take long to reach it."""
    server = HubServer(("127.0.0.1", 0), Handler)
    server.hub = Hub(files) if files else Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with patch.object(hub_requests, "CONNECT_S", 30.0):
            yield server.hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
