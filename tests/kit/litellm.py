"""A real LiteLLM proxy for tests: a gateway that many people put before their models, with a stream of its own shape.

``scripts/setup-litellm`` installs it into .venv-litellm (330 MB); without that the tests skip.

Two models: ``mock`` answers by itself, ``behind`` passes on what the server of the test says.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.kit.llama import _free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Path(__file__).resolve().parents[2] / ".venv-litellm"
PROGRAM = PLACE / "bin" / "litellm"
READY = PLACE / ".prism-litellm"
"""Written last by scripts/setup-litellm."""
KEY = "sk-prism-tests-0123456789abcdef"
"""It refuses to start without a strong one."""
WORDS = "Bonjour, il fait beau et je parle depuis un proxy."
START_LIMIT_S = 240.0
"""It is up in ten seconds when the machine is idle, in two minutes when five times as many processes want to run."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    base_url: str
    """Ends in /v1."""


def missing() -> str | None:
    """Why there is no such proxy here; None when there is."""
    return (
        None if READY.exists() else "no LiteLLM proxy in .venv-litellm: install it with scripts/setup-litellm"
    )


@contextmanager
def litellm_proxy(upstream: str) -> Iterator[Proxy]:
    """A proxy before the server at ``upstream`` (ends in /v1), gone when the block is left."""
    port = _free_port()
    own = {"model": "openai/mock", "api_key": "none", "mock_response": WORDS}
    behind = {"model": "openai/scripted-model", "api_key": "none", "api_base": upstream}
    models = [
        {"model_name": name, "litellm_params": how} for name, how in (("mock", own), ("behind", behind))
    ]
    with tempfile.TemporaryDirectory(prefix="prism-litellm-") as folder:
        config, log = Path(folder) / "config.yaml", Path(folder) / "log"
        config.write_text(json.dumps({"model_list": models, "general_settings": {"master_key": KEY}}))
        command = [str(PROGRAM), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        quiet = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=quiet)
        try:
            _wait(process, port, log)
            yield Proxy(f"http://127.0.0.1:{port}/v1")
        finally:
            process.terminate()
            process.wait(START_LIMIT_S)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < give_up:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=5, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise TimeoutError(f"LiteLLM did not start; it said:\n{log.read_text(errors='replace')[-2000:]}")
