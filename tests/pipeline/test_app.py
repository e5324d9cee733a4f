"""The composition root: what is left when a conversation is over."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from pipeline import Rooms, run_with_rooms
from tests.kit.settings import settings
from tests.tts.tone_voice import install_voice


async def test_a_conversation_that_ends_at_once_waits_for_no_phrase(tmp_path: Path) -> None:
    """They are spoken beside it; whoever went on would load the voice again after it was closed."""
    pytest.importorskip("onnx")
    install_voice(tmp_path, "en_US-lessac-medium", "en-us")
    config = settings(
        stt__backend="scripted",
        stt__model=str(script(tmp_path)),
        stt__language="en",
        llm__base_url="builtin",
        tts__backends=("piper",),
        models__dir=tmp_path,
    )

    async def body(rooms: Rooms) -> Rooms:
        await asyncio.sleep(0)
        return rooms

    before = set(threading.enumerate())  # other tests may have left theirs
    rooms = await run_with_rooms(config, None, body)
    stats = rooms.tts.cache_stats
    assert stats is not None
    assert stats.misses < 5
    threads = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("piper")]
    for thread in threads:
        await asyncio.to_thread(thread.join, 5.0)
    assert not any(thread.is_alive() for thread in threads)


def script(folder: Path) -> Path:
    """A recognizer that hears nothing."""
    file = folder / "script.yaml"
    file.write_text("[]\n")
    return file
