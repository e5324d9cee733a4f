"""``prism models pull --tts fr`` against a hub in this process: resumed, checked, and then spoken with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.model_hub import Hub, model_hub
from tests.tts.tone_voice import make_voice
from tests.ui.conftest import Prism

NAME = "fr_FR-siwis-medium"
FOLDER = "fr/fr_FR/siwis/medium"
PULL = ("models", "pull", "--tts", "fr", "--json")


@pytest.fixture(name="hub")
def hub_with_a_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """It has one real voice: a small one, made on the spot."""
    pytest.importorskip("onnx", reason="onnx is needed to make a voice")
    pytest.importorskip("piper", reason="piper-tts is not installed")
    made = make_voice(tmp_path / "made" / f"{NAME}.onnx", "fr")
    files = {
        f"{FOLDER}/{NAME}.onnx": made.read_bytes(),
        f"{FOLDER}/{NAME}.onnx.json": made.with_name(f"{NAME}.onnx.json").read_bytes(),
        f"{FOLDER}/MODEL_CARD": b"# Model card\n",
        "README.md": b"# not wanted\n",
    }
    with model_hub(files) as (hub, address):
        hub.repo = "rhasspy/piper-voices"
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield hub


@pytest.mark.real
def test_a_voice_is_fetched_through_a_broken_line_and_speaks(prism: Prism, hub: Hub, home: Path) -> None:
    hub.cut_after = [100, 150]
    ran = prism(*PULL)
    assert ran.code == 0, ran.err
    assert hub.ranges == [None, "bytes=100-", "bytes=250-"]
    *steps, last = map(json.loads, ran.out.splitlines())
    assert (last["event"], last["name"]) == ("installed", NAME)
    assert steps, "progress was told"
    assert prism("models", "verify", NAME).code == 0
    said = prism(
        *("say", "Bonjour.", "--lang", "fr", "--backend", "piper", "--voice", NAME, "--json"),
        *("--output", str(home / "a.flac")),
    )
    assert said.code == 0, said.err
    assert json.loads(said.out)["backend"] == "piper"


@pytest.mark.real
def test_what_was_fetched_before_a_dead_line_is_not_fetched_again(prism: Prism, hub: Hub) -> None:
    hub.cut_after = [200, 0, 0, 0, 0, 0, 0, 0]
    ran = prism(*PULL)
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    asked = len(hub.ranges)
    hub.cut_after = []
    assert prism(*PULL).code == 0
    assert hub.ranges[asked:] == ["bytes=200-"]


def test_a_damaged_voice_is_refused_and_leaves_nothing_to_speak_with(
    prism: Prism, hub: Hub, home: Path
) -> None:
    hub.flip = True
    ran = prism(*PULL)
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert not list((home / "data").rglob("*.onnx"))
    hub.flip = False
    assert prism(*PULL).code == 0
    assert prism("models", "verify", NAME).code == 0
