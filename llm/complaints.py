"""What a server's refusal means: PURE, from a status and a body to one error with one sentence.

Servers word the same fact in many ways, so each fact is found by a pattern over their words. The sentences
name the URL, what was asked and the setting to change. They never hold the key, nor what the server says
about one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm.base import LLMBusy, LLMEmpty, LLMError, LLMRejected, LLMTimedOut, LLMTooLong, LLMUnavailable

if TYPE_CHECKING:
    from config import LlmSettings

MAX_QUOTE = 300
"""Characters of a server's own words in a message."""

_CONTEXT = re.compile(
    r"exceed_context|context_length_exceeded|n_ctx|maximum context|too many tokens|"
    r"(?:context|prompt|input)\W+(?:\w+\W+){0,3}too long|exceed\w*\W+(?:\w+\W+){0,4}context|"
    r"context\W+(?:length|size|window)\W+(?:\w+\W+){0,3}exceed",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"n_ctx\W{1,6}(\d{3,7})|maximum context length (?:is|of) (\d{3,7})|context (?:size|window|length) "
    r"\(?(?:of |is )?(\d{3,7})",
    re.IGNORECASE,
)
"""How llama.cpp, vLLM and OpenAI, and others name the size of the context."""
_MODEL = re.compile(
    r"model_not_found|(?:unknown|invalid|no such) model|"
    r"\bmodels?\b.{0,200}?(?:not found|not exist|not available|not loaded|unknown|is not (?:a )?valid)",
    re.IGNORECASE | re.DOTALL,
)
_LOADING = re.compile(r"loading model|model is (?:still )?loading|being loaded", re.IGNORECASE)
_KEY = re.compile(
    r"invalid_api_key|(?:invalid|incorrect|missing|no) api[ _-]?key|api[ _-]?key not valid|no connected db",
    re.IGNORECASE,
)
"""The last one is LiteLLM, which looks an unknown key up in a database that it need not have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a server, as messages name it."""

    base_url: str
    """Without secrets."""
    line: str
    """Method and URL: ``POST http://127.0.0.1:8080/v1/chat/completions``."""
    model: str = ""
    with_key: bool = False


def unreachable(asked: Asked) -> LLMUnavailable:
    return LLMUnavailable(
        f"No LLM server answers at {asked.base_url} (asked for {asked.line}): "
        "start it, correct llm.base_url, or set llm.base_url=auto."
    )


def broke_off(asked: Asked, words: str = "") -> LLMUnavailable:
    said = f" ({words})" if words else ""
    return LLMUnavailable(
        f"The LLM server at {asked.base_url} broke off in the middle of the reply{said}: "
        "ask again, and look into its log if that goes on."
    )


def said_nothing(asked: Asked) -> LLMEmpty:
    return LLMEmpty(
        f"The LLM server at {asked.base_url} sent an empty answer to {asked.line}: the conversation may be "
        "too long for the model, or the server stopped; look into its log."
    )


def too_slow(shown: str, settings: LlmSettings, *, begun: bool, in_all: bool) -> LLMTimedOut:
    """The server kept us waiting: ``begun``: within a reply, ``in_all``: longer than a whole one may take."""
    if in_all:
        return LLMTimedOut(
            f"The LLM server at {shown} took more than {settings.total_timeout_s:g} s for one reply: choose a "
            "faster model, or raise llm.total_timeout_s."
        )
    if begun:
        return LLMTimedOut(
            f"The LLM server at {shown} fell silent for {settings.stall_timeout_s:g} s in the middle of the "
            "reply: look into its log, or raise llm.stall_timeout_s."
        )
    return LLMTimedOut(
        f"The LLM server at {shown} gave no first word in {settings.first_token_timeout_s:g} s: it may be "
        "loading its model; wait a little, or raise llm.first_token_timeout_s."
    )


def not_an_api(asked: Asked, kind: str) -> LLMRejected:
    return LLMRejected(
        f"{asked.line} answered with {kind or 'something'} that is no reply of a language model: "
        "correct llm.base_url, which usually ends in /v1."
    )


def words_of(body: object) -> str:
    """The server's own words, on one line and not too long; empty when it had none."""
    while isinstance(body, dict):
        body = next(
            (body[key] for key in ("error", "message", "detail", "type", "code") if body.get(key)), ""
        )
    if isinstance(body, str) and body.lstrip().startswith("<"):
        return ""
    text = " ".join(str(body or "").split()).rstrip(".")
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE] + " ..."


def complaint(status: int | None, body: object, asked: Asked) -> LLMError:
    """The error for a refusal. ``status`` None: the error came inside a stream that had begun with 200."""
    words, all_of_it = words_of(body), str(body)
    if status is None:
        status = _status_in(body)
    if status in (401, 403) or (status in (None, 400) and _KEY.search(all_of_it)):
        return _about_key(asked)
    if _CONTEXT.search(all_of_it):
        limit = _LIMIT.search(all_of_it)
        return LLMTooLong(
            f"The conversation is too long for the model at {asked.base_url} ({words}): "
            "start a new one, or give the server a longer context.",
            int(next(filter(None, limit.groups()))) if limit else None,
        )
    if _LOADING.search(all_of_it):
        return LLMBusy(f"The LLM server at {asked.base_url} is still loading its model: wait a little.")
    if _MODEL.search(all_of_it) and asked.model:
        return UnknownModel(f"The LLM server at {asked.base_url} does not know the model {asked.model!r}")
    return _by_status(status, words, asked)


class UnknownModel(LLMRejected):
    """The model is not there. The backend adds what the server does list."""

    def listing(self, names: tuple[str, ...]) -> LLMRejected:
        offer = f"it lists {', '.join(names)}" if names else "it lists none"
        return LLMRejected(f"{self}: set llm.model ({offer}).")


def _about_key(asked: Asked) -> LLMRejected:
    if asked.with_key:
        return LLMRejected(f"The LLM server at {asked.base_url} refuses the API key: correct llm.api_key.")
    return LLMRejected(f"The LLM server at {asked.base_url} wants an API key: set llm.api_key.")


def _by_status(status: int | None, words: str, asked: Asked) -> LLMError:
    said = f": {words}" if words else ""
    if status is None:
        return broke_off(asked, words)
    if status in (404, 405):
        return LLMRejected(
            f"{asked.line} is not there (HTTP {status}{said}): correct llm.base_url, "
            "which usually ends in /v1."
        )
    if status == 429:
        return LLMBusy(f"The LLM server at {asked.base_url} is busy (HTTP 429{said}): try again later.")
    if status >= 500:
        return LLMUnavailable(
            f"The LLM server at {asked.base_url} failed (HTTP {status}{said}): look into its log."
        )
    return LLMRejected(f"The LLM server at {asked.base_url} refused {asked.line} (HTTP {status}{said}).")


def _status_in(body: object) -> int | None:
    """An HTTP status that an error object carries as its code."""
    code = body.get("code", body.get("status")) if isinstance(body, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else None
