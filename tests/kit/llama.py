"""A real language model server for tests: llama.cpp behind the OpenAI-compatible server of llama-cpp-python.

``scripts/setup-llama`` builds it once into .venv-llama; without that the tests skip. The model is tiny and has random
weights: left alone it talks nonsense until its context is full. A ``grammar`` in the request makes it say exactly what
a test wants (``saying``) or never come to an end (``ENDLESS``); the tokens are still sampled and streamed one by one.

What is odd about this server, and why it is worth a test: a prompt that is too long gets status 200 and an empty body;
``usage`` is never sent; a new request cuts off the one that runs, with ``[DONE]`` and no finish reason.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLACE = Path(__file__).resolve().parents[2] / ".venv-llama"
PYTHON = PLACE / "bin" / "python"
MODEL_FILE = PLACE / "prism-tiny.gguf"
READY = PLACE / ".prism-llama"
"""Written last by scripts/setup-llama."""
MODEL = "prism-tiny"
"""The name under which the server lists its model."""
CONTEXT = 2048
"""Tokens; an endless reply fills it in some seconds."""
START_LIMIT_S = 60.0
"""It is up in one or two seconds when the machine is idle."""

ENDLESS = 'root ::= "la " root'
"""A grammar that never allows the end: the reply goes on until the context is full."""


def saying(text: str) -> str:
    """A grammar that allows this text and nothing else."""
    return f"root ::= {json.dumps(text, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A running server."""

    base_url: str
    """Ends in /v1."""
    log: Path

    def says(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, true: Callable[[], bool], complaint: str, patience_s: float = 10.0) -> None:
        """Return when ``true()`` holds. Raises TimeoutError with the end of the log."""
        give_up = time.monotonic() + patience_s
        while not true():
            if time.monotonic() > give_up:
                raise TimeoutError(f"{complaint}; the server said:\n{self.says()[-2000:]}")
            time.sleep(0.02)


def missing() -> str | None:
    """Why there is no such server here; None when there is."""
    return None if READY.exists() else "no llama.cpp server in .venv-llama: build it with scripts/setup-llama"


@contextmanager
def llama_server(context: int = CONTEXT) -> Iterator[LlamaServer]:
    """A server with a context of so many tokens, gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="prism-llama-") as folder:
        port = _free_port()
        server = LlamaServer(f"http://127.0.0.1:{port}/v1", Path(folder) / "log")
        with server.log.open("wb") as log:
            process = subprocess.Popen(
                _command(port, context), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            server.wait_for(lambda: _answers(server, process), "llama.cpp did not start", START_LIMIT_S)
            yield server
        finally:
            process.kill()
            process.wait(START_LIMIT_S)


@pytest.fixture(name="llama", scope="module")
def running_server() -> Iterator[LlamaServer]:
    """One server for the tests of a module; skips with the reason where there is none."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with llama_server() as server:
        yield server


def _command(port: int, context: int) -> list[str]:
    options = {
        "model": MODEL_FILE,
        "model_alias": MODEL,
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": context,
        "n_threads": 1,  # more only get into each other's way with a model this small
        "n_threads_batch": 1,
    }
    flags = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    return [str(PYTHON), "-u", "-m", "llama_cpp.server", *flags]


def _answers(server: LlamaServer, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"llama.cpp ended with {process.returncode}; it said:\n{server.says()[-2000:]}")
    try:
        return httpx.get(f"{server.base_url}/models", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    """Free a moment ago; the server takes it at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
