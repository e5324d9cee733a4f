"""Remarks about the program itself, as one sentence for the person in front of the terminal. Events in, text out.

An event names things as other programs want them (``speculation``, ``on``, ``off``); here they are said in plain words.
What has no sentence of its own is told as the event tells it, so that nothing is ever silent.
"""

from __future__ import annotations

from typing import TypeAlias

from pipeline import BackendSwitched, DeviceLost, DeviceRestored, QualityChanged, SessionStarted

Remark: TypeAlias = SessionStarted | BackendSwitched | QualityChanged | DeviceLost | DeviceRestored

_CHANGES = {
    ("speculation", "off"): "Thinking ahead rests",
    ("speculation", "on"): "Thinking ahead is back",
    ("gpu", "strained"): "Thinking ahead and words while you speak rest",
    ("gpu", "well"): "Thinking ahead and words while you speak are back",
    ("tools", "none"): "Some tools are missing",
}
"""(what, to) of a change of quality: what it means for the user."""
_MEASURES = {
    "lead": "Replies begin when {to} of speech is ready, before it was {before}",
    "history": "The model is shown {to} messages, before it was {before}",
    "buffer": "The loudspeaker's buffer is {to}, before it was {before}",
}
"""The same where the change is one of amount."""


def remark(event: Remark) -> str:
    """What that event says to a person."""
    match event:
        case SessionStarted():
            return f"Hears with {event.stt},\nthinks with {event.llm},\nspeaks with {event.tts}."
        case BackendSwitched():
            return f"{event.room}: {event.to} takes over from {event.from_}: {event.reason}"
        case QualityChanged():
            return f"{_change(event)}: {event.reason}"
        case DeviceLost():
            named = "" if event.device == event.kind else f" {event.device}"  # one that never said its name
            return f"The {event.kind}{named} is lost: {event.reason}"
        case DeviceRestored():
            return f"The {event.kind} is {event.device} now."


def _change(event: QualityChanged) -> str:
    if measure := _MEASURES.get(event.what):
        return measure.format(to=event.to, before=event.from_)
    return _CHANGES.get((event.what, event.to), f"{event.what}: {event.to} in place of {event.from_}")
