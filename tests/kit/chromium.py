"""A page with a text area in a real Chromium, on a private display: what is in it comes back by HTTP."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.kit.x11 import Box, XServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TITLE = "prism page"
PAGE = f"""<!doctype html><meta charset="utf-8"><title>{TITLE}</title><textarea rows=20 cols=80 autofocus></textarea>
<script>
const area = document.querySelector("textarea");
const tell = () => fetch("/text", {{method: "POST", body: area.value}});
area.addEventListener("input", tell);
area.addEventListener("focus", tell);
area.focus();
</script>""".encode()


def chromium() -> str | None:
    """The program, where it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def page(desktop: XServer) -> Iterator[Box]:
    """A window with a text area that has the keyboard; skips where there is no Chromium."""
    program = chromium()
    if program is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    file = desktop.folder / "page.txt"
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(file))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    flags = ["--no-sandbox", "--no-first-run", "--disable-gpu", "--ozone-platform=x11"]
    url = f"http://127.0.0.1:{server.server_port}/"
    process = desktop.start(program, *flags, f"--user-data-dir={desktop.folder / 'profile'}", f"--app={url}")
    try:
        box = desktop.box(TITLE, file, process, limit_s=60)
        yield box
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(file: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(PAGE if self.path == "/" else b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            new = file.with_suffix(".new")
            new.write_bytes(body)
            new.replace(file)
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
