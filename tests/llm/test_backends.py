"""What every backend owes, for each file in the folder, found by itself."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm import ChatModel, Message, ReplyEnd, TextDelta, backends, create_chat_model
from tests.kit.settings import settings
from tests.llm.chaos import END, HOLD, Chaos, Piece, said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = backends.names()
ASK = (Message("user", "Bonjour", "fr"),)
SECRET = "sk-very-secret"  # noqa: S105


@contextlib.asynccontextmanager
async def made(name: str, *, endless: bool) -> AsyncIterator[ChatModel]:
    """A model of one backend that says one word, and then ends or never does."""
    body: tuple[Piece, ...] = (said("Bon"), HOLD) if endless else (said("Bon"), END)
    script = [["Bon", *[{"text": "!", "after_ms": 3_600_000}] * endless]] * 3
    extra = {"replies": script} if name == "scripted" else {}
    changes = {"llm__backend": name, "llm__api_key": SECRET, "llm__extra_body": extra, "llm__model": "m"}
    async with Chaos(body, models={"data": [{"id": "m"}]}).running() as url:
        model = create_chat_model(settings(**changes).llm, base_url=url)
        yield model
        await model.aclose()


def test_every_file_is_a_backend() -> None:
    files = {file.stem for file in Path(backends.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_made_by_create(name: str) -> None:
    module = importlib.import_module(f"llm.backends.{name}")
    parameters = inspect.signature(module.create).parameters
    assert list(parameters) == ["settings", "base_url", "client"]
    assert parameters["client"].default is None
    assert ast.get_docstring(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", NAMES)
async def test_it_warms_and_replies_with_one_end(name: str) -> None:
    async with made(name, endless=False) as model:
        await model.warm()
        assert [event async for event in model.reply(ASK)] == [TextDelta("Bon"), ReplyEnd("stop")]


@pytest.mark.parametrize("name", NAMES)
async def test_closing_it_twice_is_fine(name: str) -> None:
    async with made(name, endless=False) as model:
        await model.aclose()
        await model.aclose()


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_is_left_of_a_reply_that_is_cut(name: str) -> None:
    async with made(name, endless=True) as model:
        before = asyncio.all_tasks()
        replies = model.reply(ASK)
        assert await anext(replies) == TextDelta("Bon")
        await replies.aclose()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                pytest.fail(f"ended with {[event async for event in model.reply(ASK)]}")
        left = asyncio.all_tasks() - before
        if left:  # the server's side, and what httpx left suspended: the loop finalizes it
            assert not (await asyncio.wait(left, timeout=5))[1]


@pytest.mark.parametrize("name", NAMES)
async def test_it_shows_no_key(name: str) -> None:
    async with made(name, endless=False) as model:
        assert SECRET not in repr(model)


def test_the_room_is_cheap_to_import() -> None:
    heavy = ["httpx", "pydantic", "numpy", "yaml", "uvicorn", "starlette"]
    probe = f"import sys, llm; print(*(name for name in {heavy} if name in sys.modules))"
    root = Path(backends.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", probe], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
