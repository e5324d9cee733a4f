"""What is heard and shown beside dictation: which events, how it sounds, and that nothing of it can fail anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from common.audio_host import AudioLost, AudioUnavailable
from pipeline import (
    CuePlayer,
    DictationCancelled,
    DictationDelivered,
    DictationFailed,
    DictationKept,
    DictationRecovered,
    DictationStarted,
    DictationStateChanged,
    DictationStopped,
    DictationText,
    Notices,
    PipelineEvent,
    QualityChanged,
)
from pipeline.desktop.notices import Notice, Notifier, notice_of, usual_notifier
from pipeline.dictation.cues import NOTES, cue_for, sound_of
from stt import Int16
from tests.kit.private_bus import lacking, private_bus
from tests.kit.settings import settings

STARTED = DictationStarted(t=1, id="d1", trigger="hold")
STOPPED = DictationStopped(t=2, id="d1", seconds=1, reason="released")
FAILED = DictationFailed(t=3, stage="stt", error="The model is gone.")
KEPT = DictationKept(t=3, id="d1", text="my secret", where="the clipboard", reason="The focus has changed.")
RECOVERED = DictationRecovered(t=0, id="d1", text="my secret", language="en", seconds=2, uncertain=False)
FULL = QualityChanged(t=0, what="journal", from_="disk", to="memory", reason="The disk is full.")
OTHERS: list[PipelineEvent] = [
    DictationText(t=3, id="d1", text="my secret", language="en"),
    DictationDelivered(t=4, id="d1", text="my secret", delivery="sent", where="notes"),
    DictationCancelled(t=4, id="d1", reason="cancelled"),
    DictationStateChanged(t=0, state="idle"),
    QualityChanged(t=0, what="speculation", from_="on", to="off", reason="slow"),
]


@pytest.mark.parametrize(
    ("event", "cue"),
    [
        (STARTED, "start"),
        (STOPPED, "stop"),
        (FAILED, "error"),
        (KEPT, "error"),
        *((other, None) for other in OTHERS),
    ],
)
def test_which_events_are_heard(event: PipelineEvent, cue: str | None) -> None:
    assert cue_for(event) == cue


@pytest.mark.parametrize("rate", [22_050, 48_000])
@pytest.mark.parametrize("cue", list(NOTES))
def test_a_cue_is_soft_and_does_not_click(cue: Any, rate: int) -> None:
    sound = sound_of(cue, rate)
    assert np.abs(sound).max() < 0.15 * 32767
    assert abs(int(sound[0])) < 50
    assert abs(int(sound[-1])) < 50
    assert np.abs(np.diff(sound.astype(np.int32))).max() < 0.05 * 32767


def test_who_dictates_is_not_taken_to_speak_by_the_cues() -> None:
    blip_s = settings().turn.blip_ms / 1000
    assert len(sound_of("start", 24_000)) / 24_000 < blip_s
    assert len(sound_of("stop", 24_000)) / 24_000 < blip_s


@dataclass
class Loudspeaker:
    """Remembers what is played; may be missing, or be lost."""

    missing: bool = False
    lost: bool = False
    played: list[int] = field(default_factory=list)
    closed: int = 0
    sample_rate: int = 24_000

    async def open(self) -> None:
        if self.missing:
            raise AudioUnavailable("no speaker was found")

    async def write(self, samples: Int16) -> None:
        self.played.append(len(samples))

    async def drain(self) -> None:
        if self.lost:
            raise AudioLost("the speaker was lost")

    async def aclose(self) -> None:
        self.closed += 1


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        await asyncio.sleep(0.05)
        task.cancel()


@pytest.mark.parametrize("trouble", [{}, {"missing": True}, {"lost": True}])
async def test_cues_are_played_one_after_another_and_trouble_is_silence(trouble: dict[str, Any]) -> None:
    speakers: list[Loudspeaker] = []

    def make() -> Loudspeaker:
        speakers.append(Loudspeaker(**trouble))
        return speakers[-1]

    cues = CuePlayer(None, make)
    async with beside(cues.run()):
        for event in (STARTED, *OTHERS, STOPPED):
            cues.notify(event)
    assert [speaker.closed for speaker in speakers] == [1, 1]
    assert all(speaker.played for speaker in speakers) != trouble.get("missing", False)


@pytest.mark.parametrize(
    ("event", "notice"),
    [
        (KEPT, Notice("Your words are kept: the clipboard", "The focus has changed.")),
        (FAILED, Notice("Dictation failed", "The model is gone.")),
        (FULL, Notice("Dictations are not kept on the disk", "The disk is full.")),
        *((other, None) for other in (STARTED, STOPPED, *OTHERS)),
    ],
)
def test_which_events_are_shown(event: PipelineEvent, notice: Notice | None) -> None:
    assert notice_of(event) == notice


@pytest.mark.parametrize("event", [KEPT, RECOVERED, FAILED, FULL])
def test_no_notice_tells_what_was_dictated(event: PipelineEvent) -> None:
    notice = notice_of(event)
    assert notice is not None
    assert "my secret" not in f"{notice.title} {notice.body}"


@dataclass
class Screen:
    """A notifier that shows, or hangs, or fails."""

    behavior: str = "shows"
    shown: list[str] = field(default_factory=list)

    async def send(self, title: str, message: str, *, timeout: int) -> None:  # noqa: ASYNC109  # the library's
        assert timeout > 0
        assert message
        if self.behavior == "fails":
            raise RuntimeError("the notification daemon has crashed")
        if self.behavior == "hangs":
            await asyncio.sleep(3600)
        self.shown.append(title)


@pytest.mark.parametrize("behavior", ["shows", "fails", "hangs"])
async def test_whatever_the_desktop_does_the_next_notice_is_tried(behavior: str) -> None:
    screens: list[Screen] = []

    def make() -> Notifier:
        screens.append(Screen(behavior if not screens else "shows"))
        return screens[-1]

    notices = Notices(make, limit_s=0.1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(notices.run())
        notices.notify(KEPT)
        notices.notify(FAILED)
        while not (screens and "Dictation failed" in screens[-1].shown):  # noqa: ASYNC110  # nobody sets an event
            await asyncio.sleep(0.01)
        task.cancel()
    assert len(screens) == (1 if behavior == "shows" else 2)


async def test_without_the_library_nothing_is_shown_and_nothing_fails() -> None:
    asked: list[bool] = []
    notices = Notices(lambda: asked.append(True))
    notices.notify(KEPT)
    await notices.run()
    notices.notify(KEPT)
    assert asked == [True]


NAME = "org.freedesktop.Notifications"
INTERFACE = f"""<node><interface name="{NAME}">
<method name="Notify"><arg direction="in" type="s"/><arg direction="in" type="u"/><arg direction="in" type="s"/>
<arg direction="in" type="s"/><arg direction="in" type="s"/><arg direction="in" type="as"/>
<arg direction="in" type="a{{sv}}"/><arg direction="in" type="i"/><arg direction="out" type="u"/></method>
<method name="GetCapabilities"><arg direction="out" type="as"/></method>
<method name="GetServerInformation"><arg direction="out" type="s"/><arg direction="out" type="s"/>
<arg direction="out" type="s"/><arg direction="out" type="s"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""
ANSWERS: dict[str, tuple[str, list[Any]]] = {
    "Introspect": ("s", [INTERFACE]),
    "GetCapabilities": ("as", [["body"]]),
    "GetServerInformation": ("ssss", ["test", "test", "1", "1.2"]),
    "Notify": ("u", [1]),
}
"""What the notification daemon of a desktop says, by its specification."""


async def test_a_real_notification_goes_over_a_real_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := lacking():
        pytest.skip(reason)
    pytest.importorskip("desktop_notifier")
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    shown: list[str] = []

    def answer(message: Message) -> Message | None:
        if message.member == "Notify":
            name, _, _, title, body, *_ = message.body
            shown.append(f"{name}: {title}: {body}")
        known = (
            ANSWERS.get(message.member or "") if message.path == "/org/freedesktop/Notifications" else None
        )
        return Message.new_method_return(message, *known) if known else None

    with private_bus() as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        server = await MessageBus().connect()
        server.add_message_handler(answer)
        await server.request_name(NAME)
        notifier = usual_notifier()
        assert notifier is not None
        async with asyncio.timeout(5):
            await notifier.send("Your words are kept", "The focus has changed.", timeout=8)
        assert shown == ["Prism: Your words are kept: The focus has changed."]
        server.disconnect()
