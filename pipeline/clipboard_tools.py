"""The clipboard as two tools: what the user has copied, and words put where he can paste them.

Through the library copykitten (extra ``clipboard``), which needs no other program; where it is not installed, the
tools are not offered. What is on a clipboard is often secret, so reading it asks first unless the user has decided
otherwise. The library blocks, and the program that owns a clipboard may be slow to hand it over: each call has a
thread of its own, and a turn that is cut does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from common.worker import Worker
from llm import ToolSpec
from pipeline.tools import Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    T = TypeVar("T")

LONGEST = 100_000
"""Characters that a model may put on the clipboard."""

READ = ToolSpec(
    "clipboard_read",
    "Read the text that the user has copied to the clipboard.",
    {"type": "object", "properties": {}},
)
WRITE = ToolSpec(
    "clipboard_write",
    "Put a text on the clipboard, so that the user can paste it.",
    {
        "type": "object",
        "properties": {"text": {"type": "string", "description": "The text, exactly as it shall be pasted."}},
        "required": ["text"],
    },
)


class Clipboard(Protocol):
    """A clipboard of text. Both calls block."""

    def read(self) -> str:
        """Its text; empty when there is none. Raises ToolError."""

    def write(self, text: str) -> None:
        """Replace what it holds. Raises ToolError."""


class SystemClipboard:
    """The clipboard of the desktop. What was written stays while Prism runs, and longer where a manager keeps it."""

    def read(self) -> str:
        """Its text. Raises ToolError without a desktop, or when it holds something else."""
        import copykitten

        try:
            text: str = copykitten.paste()
        except copykitten.CopykittenError as error:
            raise ToolError(f"the clipboard holds no text that can be read: {error}") from error
        return text

    def write(self, text: str) -> None:
        """Replace what it holds. Raises ToolError without a desktop."""
        import copykitten

        try:
            copykitten.copy(text)
        except copykitten.CopykittenError as error:
            raise ToolError(f"the clipboard cannot be written: {error}") from error


def system_clipboard() -> SystemClipboard | None:
    """The desktop's clipboard; None where the library is not installed."""
    from importlib.util import find_spec

    return SystemClipboard() if find_spec("copykitten") else None


def clipboard_tools(clipboard: Clipboard | None) -> tuple[Tool, ...]:
    """The tools for this clipboard; none for None."""
    if clipboard is None:
        return ()

    async def read(_arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        return {"content": await _apart(clipboard.read)}

    async def write(arguments: Mapping[str, Any], _language: str | None) -> dict[str, Any]:
        text = arguments.get("text")
        if not isinstance(text, str) or not text:
            raise ToolError("there is no text to put on the clipboard")
        if len(text) > LONGEST:
            raise ToolError(f"the clipboard takes {LONGEST} characters at most")
        await _apart(lambda: clipboard.write(text))
        return {"characters": len(text)}

    return Tool(READ, read, default="ask"), Tool(WRITE, write)


async def _apart(job: Callable[[], T]) -> T:
    """Run in a thread of its own, that a hung owner of the clipboard can keep busy without harm."""
    worker = Worker("clipboard")
    try:
        return await worker.run(job)
    finally:
        worker.close()
