"""The built-in responder's mind: messages in, one answer out. Pure; the caller brings the time and the tools.

Each skill looks at the last thing the user said, in the language of the answer first and in the other one next, and
either answers or passes on. When all pass, the honest answer says that no language model is connected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from llm.builtin import tools as toolbox
from llm.builtin.answers import Answer, Language
from llm.builtin.arithmetic import SumError, answer_sum
from llm.builtin.clock import say_date, say_time
from llm.builtin.lang import guess
from llm.builtin.text import MAX_CHARACTERS, core
from llm.builtin.timers import timer_label, timer_request, whole_duration
from llm.builtin.volume import volume_request
from llm.builtin.wording import Texts, wording
from llm.types import Message

_LANGUAGES: tuple[Language, Language] = ("en", "fr")


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a skill may look at."""

    text: str
    """What the user said last."""
    said: Language
    """The language of the answer."""
    now: datetime
    tools: frozenset[str]
    earlier: tuple[str, ...]
    """What the assistant said before, oldest first."""

    @property
    def texts(self) -> Texts:
        return wording(self.said).texts

    @property
    def last_said(self) -> str:
        return self.earlier[-1] if self.earlier else ""


def reply(
    messages: Sequence[Message],
    *,
    now: datetime,
    language: Language | None = None,
    tools: frozenset[str] = frozenset(),
) -> Answer:
    """The answer to the last user message, or to the tool result after it.

    ``now`` is the user's local time. Without ``language`` it is guessed from what the user said. ``tools`` are
    the names of the tools on offer; the responder only ever uses ``timer``, ``timer_cancel`` and ``volume``.
    """
    said = language or guess(message.content for message in reversed(messages) if message.role == "user")
    done = toolbox.after_tool(messages, said)
    if done is not None:
        return done
    text = next((message.content for message in reversed(messages) if message.role == "user"), "")
    earlier = tuple(m.content for m in messages if m.role == "assistant" and m.content.strip())
    situation = _Situation(text.strip(), said, now, tools, earlier)
    return _answer(situation) or _honest(situation)


def _answer(situation: _Situation) -> Answer | None:
    if len(situation.text) > MAX_CHARACTERS:
        return None
    for heard in sorted(_LANGUAGES, key=lambda language: language != situation.said):
        for skill in _SKILLS:
            if answer := skill(situation, heard):
                return answer
    return None


def _asked_duration(situation: _Situation, heard: Language) -> Answer | None:
    """The assistant has just asked how long the timer should run."""
    if situation.last_said not in (wording(language).texts.timer_ask for language in _LANGUAGES):
        return None
    seconds = whole_duration(situation.text, heard)
    if seconds is None:
        return None
    return toolbox.start_timer(seconds, "", situation.texts, situation.tools)


def _timer_talk(situation: _Situation, heard: Language) -> Answer | None:
    """About timers that exist: cancel one, or something that only Prism itself could know."""
    patterns, said = wording(heard).patterns, core(situation.text)
    if patterns["timer_cancel"].fullmatch(said):
        label = timer_label(situation.text, heard)
        return toolbox.cancel_timer(label, situation.texts, situation.tools)
    if patterns["timer_left"].fullmatch(said):
        offered = toolbox.TIMER in situation.tools
        return Answer("timer_left", situation.texts.timer_only if offered else situation.texts.timer_cannot)
    return None


def _new_timer(situation: _Situation, heard: Language) -> Answer | None:
    request = timer_request(situation.text, heard)
    if request is None:
        return None
    if request.seconds is not None:
        return toolbox.start_timer(request.seconds, request.label, situation.texts, situation.tools)
    if toolbox.TIMER not in situation.tools:
        return Answer("timer_unavailable", situation.texts.timer_cannot)
    return Answer("timer_ask", situation.texts.timer_ask)


def _volume(situation: _Situation, heard: Language) -> Answer | None:
    return volume_request(situation.text, heard, situation.texts, situation.tools)


def _sum(situation: _Situation, heard: Language) -> Answer | None:
    try:
        text = answer_sum(situation.text, heard, situation.said)
    except SumError as error:
        texts = situation.texts
        said = {
            "division_by_zero": texts.division_by_zero,
            "negative_root": texts.negative_root,
            "too_big": texts.too_big,
        }
        return Answer("sum", said[error.problem])
    return Answer("sum", text) if text else None


def _talk(situation: _Situation, heard: Language) -> Answer | None:
    """Everything that is recognized by its words alone."""
    said = core(situation.text)
    for kind, pattern in wording(heard).patterns.items():
        if kind in _SPOKEN and pattern.fullmatch(said):
            return _SPOKEN[kind](situation, heard)
    return None


def _stop(situation: _Situation, _heard: Language) -> Answer:
    """ "Cancel that" right after a timer was set means the timer."""
    starts = tuple(wording(language).texts.timer_set_start for language in _LANGUAGES)
    cancels = core(situation.text).startswith(("cancel", "annule"))
    if cancels and situation.last_said.startswith(starts) and toolbox.TIMER_CANCEL in situation.tools:
        return toolbox.cancel_timer("", situation.texts, situation.tools)
    return Answer("stop", situation.texts.okay)


def _repeat(situation: _Situation, _heard: Language) -> Answer:
    return Answer("repeat", situation.last_said or situation.texts.nothing_to_repeat)


def _time(situation: _Situation, _heard: Language) -> Answer:
    return Answer("time", say_time(situation.now, situation.said))


def _date(situation: _Situation, heard: Language) -> Answer:
    words, keys = wording(heard), core(situation.text).split()
    offset = int(words.tomorrow in keys) - int(words.yesterday in keys)
    return Answer("date", say_date(situation.now, situation.said, offset=offset))


def _help(situation: _Situation, _heard: Language) -> Answer:
    texts = situation.texts
    return Answer("help", texts.can_do_with_timers if toolbox.TIMER in situation.tools else texts.can_do)


def _alarm(situation: _Situation, _heard: Language) -> Answer:
    return Answer("alarm", situation.texts.alarm) if toolbox.TIMER in situation.tools else _honest(situation)


def _greeting(situation: _Situation, _heard: Language) -> Answer:
    said, texts = core(situation.text), situation.texts
    if said.startswith("good morning"):
        return Answer("greeting", texts.good_morning)
    evening = said.startswith(("good evening", "bonsoir"))
    return Answer("greeting", texts.good_evening if evening else texts.greeting)


def _goodbye(situation: _Situation, _heard: Language) -> Answer:
    night = core(situation.text).startswith(("good night", "goodnight", "bonne nuit"))
    return Answer("goodbye", situation.texts.good_night if night else situation.texts.goodbye)


def _honest(situation: _Situation) -> Answer:
    """No language model: at length the first time, in short afterwards."""
    texts = situation.texts
    abilities = texts.abilities_with_timers if toolbox.TIMER in situation.tools else texts.abilities
    openings = tuple(wording(language).texts.honest_opening for language in _LANGUAGES)
    told = any(said.startswith(openings) for said in situation.earlier)
    template = texts.honest_again if told else texts.honest
    return Answer("honest", template.format(abilities=abilities))


def _plain(kind: str, text: Callable[[Texts], str]) -> Callable[[_Situation, Language], Answer]:
    """A skill that always says the same."""
    return lambda situation, _heard: Answer(kind, text(situation.texts))


_SPOKEN: dict[str, Callable[[_Situation, Language], Answer]] = {
    "stop": _stop,
    "repeat": _repeat,
    "time": _time,
    "date": _date,
    "help": _help,
    "greeting": _greeting,
    "goodbye": _goodbye,
    "alarm": _alarm,
    "fine": _plain("fine", lambda texts: texts.fine),
    "how": _plain("how", lambda texts: texts.how),
    "hear": _plain("hear", lambda texts: texts.hear),
    "who": _plain("who", lambda texts: texts.who),
    "thanks": _plain("thanks", lambda texts: texts.thanks),
    "acknowledge": _plain("acknowledge", lambda texts: texts.acknowledged),
}

_SKILLS: tuple[Callable[[_Situation, Language], Answer | None], ...] = (
    _asked_duration,
    _timer_talk,
    _new_timer,
    _volume,
    _sum,
    _talk,
)
