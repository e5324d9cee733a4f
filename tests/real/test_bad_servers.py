"""A language model server that is not there, refuses, dies or talks nonsense, as the terminal program tells of it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.kit.prism import CLOSED_PORT, ENGINES, ROOT, Prism, Ran, prism_program
from tests.kit.sse_server import Reply, sse_server

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

FRENCH = ROOT / "tests/audio/fr_16k.wav"
FAST = ("--once", "--fast", "--json")
NOWHERE = f"http://127.0.0.1:{CLOSED_PORT}"
APOLOGY = "Désolé, le modèle de langage ne répond pas."


def asking(prism: Prism, base_url: str) -> Ran:
    return prism("talk", "--input", FRENCH, *FAST, *ENGINES, "--set", f"llm.base_url={base_url}")


def test_an_unreachable_language_model_is_named_with_what_was_asked(prism: Prism) -> None:
    ran = asking(prism, f"{NOWHERE}/v1")
    assert (ran.code, ran.out) == (3, "")
    assert f"No LLM server answers at {NOWHERE}/v1" in ran.complaint
    assert f"GET {NOWHERE}/v1/models" in ran.complaint


@pytest.mark.parametrize("url", ["127.0.0.1:9", "http://localhost:port/v1", "http://[::1/v1", "ftp://x/v1"])
def test_what_is_no_url_is_told(prism: Prism, url: str) -> None:
    ran = asking(prism, url)
    assert (ran.code, ran.out) == (3, "")
    assert "is no URL of an LLM server" in ran.complaint


class Refusing(BaseHTTPRequestHandler):
    """A server that lets nobody in."""

    def do_GET(self) -> None:
        body = b'{"error": {"message": "Incorrect API key provided: sk-123", "code": "invalid_api_key"}}'
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the terminal of the tests."""


@contextmanager
def refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def test_a_refused_key_is_told_and_never_shown(prism: Prism) -> None:
    with refusing() as url:
        ran = prism(
            *("talk", "--input", FRENCH, *FAST, *ENGINES, "--set", f"llm.base_url={url}"),
            *("--set", "llm.api_key=sk-very-secret"),
        )
    assert (ran.code, ran.out) == (1, "")
    assert "refuses the API key: correct llm.api_key" in ran.complaint
    assert "secret" not in ran.err
    assert all("sk-very-secret" not in log.read_text() for log in prism.home.rglob("*.log*"))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            Reply([(0.0, "Il est midi. "), (0.0, "Et")], finish_reason=None),
            "broke off in the middle of the reply",
        ),
        (Reply.refusal(401, "no key"), "wants an API key"),
        (Reply.refusal(500, "out of memory"), "failed (HTTP 500: out of memory)"),
        (Reply([], finish_reason=None), "LLM server"),
    ],
    ids=["dies in mid-reply", "refuses", "fails", "says nothing"],
)
def test_a_failed_reply_fails_the_turn(prism: Prism, reply: Reply, words: str) -> None:
    with sse_server([reply]) as llm:
        ran = asking(prism, llm.base_url)
    assert ran.code == 5
    failed = ran.one("turn.failed")
    assert failed["stage"] == "llm"
    assert words in failed["error"]
    assert words in ran.complaint
    assert llm.base_url in ran.complaint
    assert "turn.completed" not in ran.names
    assert ran.names[-1] == "session.ended"
    spoken = [event["text"] for event in ran.events if event["event"] == "reply.sentence"]
    assert spoken == (["Il est midi."] if reply.steps and reply.status == 200 else [APOLOGY])


def test_without_once_a_failed_turn_is_one_of_many(prism: Prism) -> None:
    with sse_server([Reply.refusal(500, "out of memory"), Reply.of("Oui.")]) as llm:
        ran = prism(
            *("talk", "--text", "--fast", "--json", *ENGINES, "--set", f"llm.base_url={llm.base_url}"),
            stdin=b"bonjour\nbonsoir\n",
        )
    assert (ran.code, ran.err) == (0, "")
    assert [name for name in ran.names if name in ("turn.failed", "turn.completed")] == [
        "turn.failed",
        "turn.completed",
    ]
