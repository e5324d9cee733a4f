"""A language model server that misbehaves, as a table: what it does, what Prism does about it, what the user hears.

The table is data for ``test_hostile_server`` and is printed into docs/thinking.md by

    python -m tests.pipeline.hostile
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

from pipeline.phrases import apology, no_words, too_long
from tests.kit.raw_server import HOLD, RESET, Answer
from tests.llm.chaos import DONE, END, STOP, chunk, data, said

SORRY, NO_WORDS, TOO_LONG = apology("fr"), no_words("fr"), too_long("fr")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
EVENTS = HEAD + b"\r\n"
HELLO = said("Bon", "jour, il ", "fait beau.")
WORDS = "Bonjour, il fait beau."


def answer(status: str, body: bytes = b"", kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def error(status: str, message: str) -> bytes:
    return answer(status, json.dumps({"error": {"message": message}}).encode())


def chunked(*pieces: bytes) -> bytes:
    """Pieces in HTTP chunks, without the last one."""
    head = HEAD + b"transfer-encoding: chunked\r\n\r\n"
    return head + b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces)


def zipped(body: bytes) -> bytes:
    return HEAD + b"content-encoding: gzip\r\n\r\n" + body


@dataclass(frozen=True)
class Row:
    """One way to misbehave."""

    does: str
    """What the server does."""
    prism: str
    """What Prism does about it."""
    heard: str
    """What the voice is given; with … at its end, how that begins."""
    answers: tuple[Answer, ...]
    failed: bool | None = None
    """Whether the turn fails; None: when Prism apologizes."""

    @property
    def waits(self) -> bool:
        """Whether it is about how long Prism waits."""
        return "deadline" in self.prism or "for ever" in self.does

    @property
    def fails(self) -> bool:
        return self.heard in (SORRY, NO_WORDS, TOO_LONG) if self.failed is None else self.failed


def row(does: str, prism: str, heard: str, *one: bytes | float | str, failed: bool | None = None) -> Row:
    return Row(does, prism, heard, (one,), failed)


FINE = EVENTS + HELLO + END
THOUGHT = said("<think>Il faut que je ", "réfléchisse</think>", WORDS)
HARMONY = said(
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant", f"<|channel|>final<|message|>{WORDS}"
)
MARKUP = said("## Météo\n**Il** fait `beau` 😀 : ", "https://www.meteo.fr/a?b=c\n```\ncode\n```\n| a | b |\n")
CALL = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "timer", "arguments": '{"seconds": '}}]}
WHOLE = {"choices": [{"message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}]}
LONG = {
    "error": {
        "message": "the request exceeds the available context size",
        "type": "exceed_context_size_error",
    }
}
GZIP = gzip.compress(HELLO + END)

TABLE = (
    # It is not there, or not what it should be.
    row("accepts the connection and says nothing", "gives up at the first-token deadline", SORRY, HOLD),
    row("closes the connection without a word", "tries once more, then gives up", SORRY),
    row("resets the connection", "tries once more, then gives up", SORRY, RESET),
    Row("resets the first time, then works", "tries once more", WORDS, ((RESET,), (FINE,))),
    row("answers in another protocol", "tells that no LLM server answers", SORRY, b"SSH-2.0-OpenSSH_9.2\r\n"),
    row("sends the head of an answer, then nothing", "gives up at the first-token deadline", SORRY, EVENTS, HOLD),
    row("sends headers without end", "gives up: the head is too long", SORRY, HEAD + b"x: " + b"y" * 300_000),
    row("answers with a web page", "tells to correct llm.base_url", SORRY, answer("200 OK", b"<html>", "text/html")),
    row("redirects to a login page", "does not follow", SORRY, answer("302 Found", more="location: /login\r\n")),
    row("is another API", "tells to correct llm.base_url", SORRY, answer("200 OK", b'{"hello": 1}')),
    # It refuses.
    row("wants a key (401)", "names llm.api_key", SORRY, error("401 Unauthorized", "no key")),
    row("does not know the model (404)", "names llm.model", SORRY, error("404 Not Found", "model not found")),
    row("fails (500) with a page of HTML", "tells to look into its log", SORRY, answer("500 Error", b"<h1>", "text/html")),
    Row("is busy (429), then works", "asks again", WORDS, ((error("429 Too Many", "slow down"),), (FINE,))),
    Row("loads its model (503), then works", "asks again", WORDS, ((error("503 Busy", "Loading model"),), (FINE,))),
    row("loads its model for ever", "gives up at the first-token deadline", SORRY, error("503 Busy", "Loading model")),
    row("finds the conversation too long (400)", "has nothing left to shorten", TOO_LONG, answer("400 Bad", json.dumps(LONG).encode())),
    row("finds it too long within the stream", "has nothing left to shorten", TOO_LONG, EVENTS + data(LONG)),
    # It says nothing.
    row("accepts, then ends without a byte", "tells of an empty answer", SORRY, EVENTS),
    row("sends [DONE] alone", "tells of an empty answer", SORRY, EVENTS + DONE),
    row("finishes without a word", "says so", NO_WORDS, EVENTS + END),
    row("finishes in the middle of its thought", "says so", NO_WORDS, EVENTS + said("<think>hm") + END),
    row("sends its role, then nothing", "gives up at the first-token deadline", SORRY, EVENTS + data(chunk({"role": "assistant"})), HOLD),
    row("sends keep-alive comments for ever", "does not take them for words", SORRY, EVENTS, *(b": ping\n\n", 0.02) * 100),
    row("sends empty deltas for ever", "does not take them for words", SORRY, EVENTS, *(said(""), 0.02) * 100),
    # It stops in the middle.
    row("falls silent in mid-sentence", "gives up at the stall deadline, says whole sentences", "Oui. Il fait beau.", EVENTS + said("Oui. ", "Il fait beau. ", "Et de"), HOLD, failed=True),
    row("breaks off in mid-sentence", "says whole sentences", "Oui. Il fait beau.", EVENTS + said("Oui. Il fait beau. ", "Et de"), RESET, failed=True),
    row("breaks off before the first sentence is whole", "says none of it", SORRY, EVENTS + said("Il fait"), RESET),
    row("ends without finish reason and [DONE]", "says it, and that it broke off", WORDS, EVENTS + HELLO, failed=True),
    row("sends [DONE] in mid-sentence, no finish reason", "takes it for cut off", "Oui.", EVENTS + said("Oui. Il fait") + DONE, failed=True),
    row("promises more bytes than it sends", "takes it for cut off", WORDS, HEAD + b"content-length: 99999\r\n\r\n" + HELLO, failed=True),
    row("ends in the middle of an HTTP chunk", "takes it for cut off", WORDS, chunked(HELLO) + b"ff\r\ndata", failed=True),
    row("reports an error in mid-stream (status 200)", "says whole sentences", "Oui.", EVENTS + said("Oui. Et ") + data({"error": {"message": "out of memory"}}), failed=True),
    row("reports an error as a bare text", "tells it", SORRY, EVENTS + data({"error": "out of memory"})),
    row("reports an error as an SSE event", "tells it", SORRY, EVENTS + b"event: error\n" + data("oom")),
    row("reports an error as JSON with status 200", "tells it", SORRY, error("200 OK", "out of memory")),
    row("never ends", "cuts it off at the total deadline", "Oui. Oui.…", EVENTS, *(said("Oui. "), 0.01) * 500, failed=True),
    # It ends in its own way.
    row("holds the line after [DONE]", "leaves", WORDS, FINE, HOLD),
    row("holds the line after the finish reason", "leaves after half a second", WORDS, EVENTS + HELLO + STOP, HOLD),
    row("never sends [DONE]", "takes the finish reason", WORDS, EVENTS + HELLO + STOP),
    row("never sends a finish reason", "takes [DONE] after a whole sentence", WORDS, EVENTS + HELLO + DONE),
    row("resets after the finish reason", "takes no notice", WORDS, EVENTS + HELLO + STOP, RESET),
    row("forgets the last blank line", "reads the last event all the same", WORDS, EVENTS + HELLO + STOP.rstrip()),
    # Its stream is odd.
    row("sends an early hint first (103)", "waits for the answer", WORDS, b"HTTP/1.1 103 Early Hints\r\n\r\n", FINE),
    row("speaks HTTP/1.0", "reads to the end", WORDS, FINE.replace(b"HTTP/1.1", b"HTTP/1.0")),
    row("does not stream at all", "reads the whole answer", WORDS, answer("200 OK", json.dumps(WHOLE).encode())),
    row("sends byte by byte", "joins them", "Élève 🙂, ça va ?".replace(" 🙂", ""), EVENTS, *(bytes([b]) for b in said("Élève 🙂, ça va ?") + END)),
    row("ends lines with CR LF", "reads them", WORDS, EVENTS + (HELLO + END).replace(b"\n", b"\r\n")),
    row("ends lines with CR", "reads them", WORDS, EVENTS + (HELLO + END).replace(b"\n", b"\r")),
    row("begins with a byte order mark", "drops it", WORDS, EVENTS + b"\xef\xbb\xbf" + HELLO + END),
    row("compresses with gzip", "unpacks it", WORDS, zipped(GZIP)),
    row("compresses, and breaks the archive", "tells that it broke off", SORRY, zipped(b"\x1f\x8b\x08\x00junk" * 9)),
    row("puts line separators into its words", "keeps the event whole", "Il fait\u2028beau.", EVENTS + said("Il fait\u2028beau.") + END),
    row("sends unreadable chunks between", "skips and counts them", WORDS, EVENTS + said("Bonjour, il ") + data('{"cho') + data("[]") + b"data: 7\n\n" + said("fait beau.") + END),
    row("nests a chunk 100,000 deep", "skips it", WORDS, EVENTS + data("[" * 100_000) + HELLO + END),
    row("sends bytes that are no UTF-8", "leaves them out", "Il fait beau.", EVENTS + said("Il fait b@eau.").replace(b"@", b"\xff") + END),
    row("sends half a character", "leaves it out", "Il fait beau.", EVENTS + b'data: {"choices":[{"delta":{"content":"Il fait\\ud83d beau."}}]}\n\n' + END),
    row("sends control characters", "leaves them out", "Il fait beau.", EVENTS + said("Il \x07fait\x00 beau\x1b.") + END),
    row("sends a line of five megabytes", "gives up", SORRY, EVENTS + b"data: " + b"x" * 5_000_000),
    row("sends content of other types", "reads texts and parts, skips the rest", WORDS, EVENTS + data(chunk({"content": 7})) + data(chunk({"content": {"a": 1}})) + data(chunk({"content": [{"type": "text", "text": WORDS}]})) + END),
    row("counts tokens in words and below zero", "takes no harm", WORDS, EVENTS + HELLO + data({"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": -3}}) + END),
    row("sends a second choice", "reads the first", WORDS, EVENTS + data({"choices": [{"index": 1, "delta": {"content": "Non."}}]}) + HELLO + END),
    # Its words are odd.
    row("thinks in a field of its own", "keeps it silent", WORDS, EVENTS + data(chunk({"reasoning_content": "hm"})) + HELLO + END),
    row("thinks aloud between tags", "keeps it silent", WORDS, EVENTS + THOUGHT + END),
    row("speaks harmony", "says the final channel", WORDS, EVENTS + HARMONY + END),
    row("writes Markdown, code, a table, emoji and links", "says the words", "Météo Il fait beau : meteo.fr a, b", EVENTS + MARKUP + END),
    row("runs past its end and plays the user", "stops at its end", WORDS, EVENTS + said(f"{WORDS}<|im_end|>\n<|im_start|>user\nEt toi ?") + END),
    row("writes a tool call into its words", "does not say it", WORDS, EVENTS + said('{"name": "timer", "arguments": {}}\n', WORDS) + END),
    row("calls a tool with broken arguments", "tells it", SORRY, EVENTS + data(chunk(CALL)) + data(chunk(finish="tool_calls")) + DONE),
)  # fmt: skip


def markdown() -> str:
    """The table as docs/thinking.md shows it."""
    lines = ["| The server ... | Prism ... | You hear |", "| --- | --- | --- |"]
    for each in TABLE:
        heard = each.heard.replace("\u2028", " ")
        lines.append(f"| {each.does} | {each.prism} | {heard} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201
