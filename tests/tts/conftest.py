"""What the tests of speaking share: a store with two tone voices, and reading a voice to its end."""

from __future__ import annotations

import importlib.util
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from tests.tts.tone_voice import install_voice

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tts import SpeechChunk

FRENCH, ENGLISH = "fr_FR-siwis-medium", "en_US-lessac-medium"


@pytest.fixture(scope="session")
def voices_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models directory in which Piper has a French and an English voice."""
    if importlib.util.find_spec("piper") is None or importlib.util.find_spec("onnx") is None:
        pytest.skip("piper-tts and onnx are needed to make a voice")
    root = tmp_path_factory.mktemp("models")
    install_voice(root, FRENCH, "fr")
    install_voice(root, ENGLISH, "en-us")
    return root


async def read(speech: AsyncGenerator[SpeechChunk, None]) -> list[SpeechChunk]:
    """All chunks."""
    async with aclosing(speech) as chunks:
        return [chunk async for chunk in chunks]
