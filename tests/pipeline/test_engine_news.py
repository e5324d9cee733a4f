"""Restarts and take-overs of engines reach whoever listens, also those that came before anybody did."""

from __future__ import annotations

from common.clock import FrameClock
from pipeline import BackendSwitched, EngineNews, EngineRestarted, PipelineEvent, to_json


def test_news_are_kept_for_the_first_listener_and_then_told_at_once() -> None:
    news, clock = EngineNews(), FrameClock()
    first: list[PipelineEvent] = []
    second: list[PipelineEvent] = []
    news.restarted("stt", "faster_whisper", "it died of SIGKILL")
    clock.tick(1.5)
    news.listen(clock, first.append)
    clock.tick(2.0)
    news.switched("stt", "faster_whisper", "pocketsphinx", "it is gone")
    news.listen(clock, second.append)
    news.restarted("stt", "faster_whisper", "it hangs")
    news.leave(first.append)
    news.restarted("stt", "faster_whisper", "it hangs again")
    assert first == [
        EngineRestarted(t=1.5, room="stt", engine="faster_whisper", reason="it died of SIGKILL"),
        BackendSwitched(t=2.0, room="stt", from_="faster_whisper", to="pocketsphinx", reason="it is gone"),
        EngineRestarted(t=2.0, room="stt", engine="faster_whisper", reason="it hangs"),
    ]
    assert [event.name for event in second] == ["engine.restarted"] * 2
    assert to_json(first[0]) == {
        "event": "engine.restarted",
        "t": 1.5,
        "room": "stt",
        "engine": "faster_whisper",
        "reason": "it died of SIGKILL",
    }


def test_a_flood_before_anybody_listens_is_bounded() -> None:
    news, told = EngineNews(), list[PipelineEvent]()
    for number in range(100):
        news.restarted("stt", "engine", str(number))
    news.listen(FrameClock(), told.append)
    assert len(told) == 16
    assert isinstance(told[-1], EngineRestarted)
    assert told[-1].reason == "99"
