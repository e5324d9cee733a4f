"""Prometheus metrics of conversations: an observer that counts, and a page on the loopback interface.

Only figures: no text, no names of models or devices, so that a page of metrics tells nothing of what was said.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from pipeline.events import (
    BackendSwitched,
    PipelineEvent,
    TranscriptRejected,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
    TurnSuperseded,
)

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

HOST = "127.0.0.1"
BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Seconds."""
STAGES = {"stt_ms": "stt", "llm_ttft_ms": "llm", "tts_ms": "tts"}
"""Durations in ``turn.completed.latency`` and the stage that each belongs to."""


class MetricsUnavailable(OSError):
    """The port cannot be had."""


class Metrics:
    """An observer for any number of conversations. ``serve`` and ``close`` it; closing twice is fine."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = CollectorRegistry()
        self._turns = Counter("prism_turns", "Turns by how they ended", ["outcome"], registry=self.registry)
        self._speculation = Counter(
            "prism_speculation",
            "Committed turns by what speculation gave",
            ["result"],
            registry=self.registry,
        )
        self._rejected = Counter(
            "prism_transcripts_rejected",
            "Utterances that were not believed",
            ["reason"],
            registry=self.registry,
        )
        self._switched = Counter(
            "prism_backend_switches", "Backends that took over", ["room"], registry=self.registry
        )
        self._ear = Histogram(
            "prism_mouth_to_ear_seconds",
            "From the last voiced sample to the first audible one",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._stage = Histogram(
            "prism_stage_seconds", "What each stage took", ["stage"], buckets=BUCKETS, registry=self.registry
        )
        self._server: tuple[WSGIServer, Thread] | None = None

    def notify(self, event: PipelineEvent) -> None:
        """Count."""
        match event:
            case TurnCompleted():
                self._ended("completed", event.latency)
            case TurnInterrupted():
                self._ended("interrupted", event.latency)
            case TurnFailed():
                self._turns.labels(f"failed_{event.stage}").inc()
            case TurnSuperseded():
                self._turns.labels("superseded").inc()
            case TranscriptRejected():
                self._rejected.labels(event.reason).inc()
            case BackendSwitched():
                self._switched.labels(event.room).inc()
            case _:
                pass

    def serve(self, port: int) -> int:
        """Answer on the loopback interface; port 0 takes any free one. The port. Raises MetricsUnavailable."""
        from prometheus_client import start_http_server

        try:
            self._server = start_http_server(port, HOST, self.registry)
        except OSError as error:
            why = (
                "is in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be had ({error})"
            )
            raise MetricsUnavailable(
                f"Port {port} for metrics {why}; choose another one (metrics.port)."
            ) from error
        return int(self._server[0].server_port)

    def close(self) -> None:
        """Answer no more."""
        server, self._server = self._server, None
        if server is not None:
            server[0].shutdown()
            server[0].server_close()

    def _ended(self, outcome: str, latency: Any) -> None:  # noqa: ANN401  # a mapping of milliseconds and words, or None
        self._turns.labels(outcome).inc()
        if latency is None:
            return
        self._speculation.labels(latency["speculation"]).inc()
        if "first_audio" in latency:
            self._ear.observe(latency["first_audio"] / 1000)
        for name, stage in STAGES.items():
            if name in latency:
                self._stage.labels(stage).observe(latency[name] / 1000)
