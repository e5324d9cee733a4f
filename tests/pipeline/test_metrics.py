"""Metrics: what is counted of a conversation, and the page that a scraper reads."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest

from llm import LLMUnavailable, ScriptedReply, Step
from pipeline import Metrics, MetricsUnavailable
from stt import Line
from tests.kit.conversation import Said, Stages, hold


def test_a_conversation_is_counted() -> None:
    metrics = Metrics()
    dead = ScriptedReply((Step(LLMUnavailable("No server.")),))
    hold(
        [Said(0.5, 1.5), Said(5.0, 6.0), Said(10.0, 11.0)],
        Stages([Line("Hello there."), Line(""), Line("Again.")], ["Good morning.", dead]),
        watch=(metrics,),
    )
    value = metrics.registry.get_sample_value
    assert value("prism_turns_total", {"outcome": "completed"}) == 1
    assert value("prism_turns_total", {"outcome": "failed_llm"}) == 1
    assert value("prism_transcripts_rejected_total", {"reason": "empty"}) == 1
    assert value("prism_speculation_total", {"result": "hit"}) == 1
    assert value("prism_mouth_to_ear_seconds_count") == 1
    ear = value("prism_mouth_to_ear_seconds_sum")
    assert ear is not None
    assert 0.45 < ear < 0.55


def test_the_page_is_on_the_loopback_interface_and_goes_with_its_owner() -> None:
    metrics = Metrics()
    port = metrics.serve(0)
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        assert b"prism_mouth_to_ear_seconds_bucket" in page.read()
    metrics.close()
    metrics.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MetricsUnavailable, match=f"Port {port} .* in use"):
            Metrics().serve(port)
