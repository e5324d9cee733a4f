"""A terminal of its own for each test: folders under tmp_path, no configuration of the machine, captured streams."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ui.cli.main import main

ROOT = Path(__file__).resolve().parent.parent.parent
"""Where a process of its own finds Prism."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str


Prism = Callable[..., Ran]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands in for the user's home."""
    for name in [name for name in os.environ if name.startswith(("PRISM_", "HF_"))]:
        monkeypatch.delenv(name)
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    return tmp_path


@pytest.fixture
def prism(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Prism:
    """Runs one command line in this process, ``stdin`` bytes given to it."""

    def run(*argv: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code = main(list(argv))
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run
