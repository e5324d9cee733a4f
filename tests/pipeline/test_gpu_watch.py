"""The watch over the graphics card: what it tells, and what rests meanwhile."""

from __future__ import annotations

from pipeline.engine_news import EngineNews
from pipeline.events import PipelineEvent, to_json
from pipeline.gpu_watch import watch_card
from pipeline.quality import Quality
from stt import Card


class Clock:
    def now(self) -> float:
        return 1.0


def card(celsius: int) -> Card:
    return Card(0, "A4000", 9000, 16_000, celsius, 50)


async def test_a_hot_card_is_told_once_and_spared() -> None:
    seen = [card(60), card(88), card(88), card(84), card(70), None]
    news, told = EngineNews(), list[PipelineEvent]()
    quality = Quality(lambda *_: None, lambda: news.strained)
    rests = []

    def look() -> Card | None:
        rests.append(not quality.may_speculate and not quality.may_caption)
        return seen.pop(0)

    news.listen(Clock(), told.append)  # type: ignore[arg-type]
    await watch_card(look, news, every_s=0)
    assert rests == [False, False, True, True, True, False]
    assert [(event["what"], event["from"], event["to"]) for event in map(to_json, told)] == [
        ("gpu", "well", "strained"),
        ("gpu", "strained", "well"),
    ]
    assert "A4000 at 88 degrees" in to_json(told[0])["reason"]
