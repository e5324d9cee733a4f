"""What is sent to an OpenAI-compatible server: PURE, from settings and messages to the body of a request.

Only shapes of that one API may live here; who sends them and what comes back stands elsewhere.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config import LlmSettings
    from llm.types import Message, ToolSpec

NOT_CHAT = re.compile(
    r"embed|rerank|whisper|transcri|moderation|minilm|mpnet|sentence-t|paraphrase|stable-?diffusion|dall-e|"
    r"(?:^|[-_/.])(?:bge|e5|gte|gtr|tts|asr|stt|vad|clip|ocr|flux|sdxl)(?:[-_/.:]|$)",
    re.IGNORECASE,
)
"""Names of models that a server lists beside its chat models, as LM Studio, Ollama and LocalAI do."""

SPECIAL = re.compile(
    r"(?:^|[-_/.:])(?:(?:coder?|code|math|guard|base|vl|vision)(?:[-_/.:\d]|$)|"
    r"code(?:llama|gemma|stral|qwen)|llava|moondream|minicpm-v|mathstral)|"
    r"star-?coder|sqlcoder|opencoder|deepcoder|shieldgemma|translategemma|functiongemma|bakllava|minicheck|reader-lm",
    re.IGNORECASE,
)
"""Names of chat models that are made for something else than a conversation: taken when there is no other."""


def chat_models(listing: object) -> tuple[str, ...]:
    """Names of the chat models in the answer to ``GET /models``: in the server's order, special ones last."""
    names = (name for name in model_names(listing) if not NOT_CHAT.search(name))
    return tuple(sorted(names, key=lambda name: bool(SPECIAL.search(name))))


def model_names(listing: object) -> tuple[str, ...]:
    """All model names in the answer to ``GET /models``; none when it is not such an answer."""
    data = listing.get("data") if isinstance(listing, dict) else None
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    return tuple(entry["id"] for entry in entries if isinstance(entry.get("id"), str) and entry["id"])


def request_body(
    settings: LlmSettings,
    model: str,
    messages: Sequence[Message],
    tools: Sequence[ToolSpec],
    extras: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The JSON of ``POST /chat/completions``, with ``extras`` that this server understands.

    A key of ``extra_body`` replaces ours; null removes it.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "tools": [_tool(tool) for tool in tools] or None,
    }
    body |= {**(extras or {}), **settings.extra_body}
    return {key: value for key, value in body.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    shape: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        shape["content"] = message.content or None
        shape["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        shape["tool_call_id"] = message.tool_call_id
    return shape


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def last_language(messages: Sequence[Message]) -> str | None:
    """The language of the user's last words, where it is known."""
    return next((message.language for message in reversed(messages) if message.role == "user"), None)
