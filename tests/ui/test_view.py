"""What a person sees of a conversation: plain lines in a pipe, and a terminal that takes back what was tentative."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline import (
    AudioStarted,
    BackendSwitched,
    DeviceLost,
    DeviceRestored,
    PipelineEvent,
    QualityChanged,
    ReplySentence,
    SessionEnded,
    SessionStarted,
    SpeechEndedEvent,
    SpeechStartedEvent,
    TimerRang,
    TranscriptFinal,
    TranscriptPartial,
    TranscriptRejected,
    TurnCommitted,
    TurnCompleted,
    TurnFailed,
    TurnInterrupted,
)
from ui.cli.paper import Said
from ui.cli.view import ConversationView

ESCAPE = "\x1b"


def said(turn: int, text: str, t: float = 0.0) -> list[PipelineEvent]:
    """The user speaks until ``t``."""
    return [
        SpeechStartedEvent(t=t, turn=turn, started_at=t - 1),
        TranscriptPartial(t=t, turn=turn, text=text[:-1], revision=0, language="fr"),
        SpeechEndedEvent(t=t, turn=turn, revision=0, voiced_until=t),
        TranscriptFinal(t=t, turn=turn, text=text, language="fr", confidence=0.9),
        TurnCommitted(t=t, turn=turn, revision=0),
    ]


def spoken(turn: int, *sentences: str, t: float = 0.5) -> list[PipelineEvent]:
    """The voice begins at ``t``."""
    first, *others = [ReplySentence(t=t, turn=turn, text=text) for text in sentences]
    return [first, AudioStarted(t=t, turn=turn), *others]


def completed(turn: int, text: str) -> PipelineEvent:
    return TurnCompleted(t=9.0, turn=turn, text=text, latency={"first_audio": 630.0})


def cut(turn: int, heard: str, intended: str, reason: str = "speech") -> PipelineEvent:
    return TurnInterrupted(t=9.0, turn=turn, heard_text=heard, intended_text=intended, reason=reason)


ENDED = SessionEnded(t=10.0, turns=1, reason="input ended")
RANG = TimerRang(t=3.0, label="", seconds=5.0)

PLAIN: list[tuple[str, list[PipelineEvent], list[str]]] = [
    (
        "a question and its answer",
        [*said(1, "Ça va ?"), *spoken(1, "Oui.", "Et vous ?"), completed(1, "Oui. Et vous ?"), ENDED],
        ["You: Ça va ?", "Prism: Oui. Et vous ?"],
    ),
    (
        "a reply that was cut shows what was heard",
        [*said(1, "Raconte."), *spoken(1, "Il était une fois."), cut(1, "Il était", "Il était une fois.")],
        ["You: Raconte.", "Prism: Il était [you cut in]"],
    ),
    (
        "a reply that was cut before its first sound",
        [*said(1, "Raconte."), cut(1, "", "Il était une fois.", "key")],
        ["You: Raconte.", "Prism: [stopped]"],
    ),
    (
        "a failure",
        [*said(1, "Hello."), TurnFailed(t=2.0, turn=1, stage="llm", error="The server is gone.")],
        ["You: Hello.", "Prism: [llm failed: The server is gone.]"],
    ),
    (
        "an apology that was heard, with its failure",
        [*said(1, "Hello."), *spoken(1, "Sorry."), TurnFailed(t=2.0, turn=1, stage="llm", error="Gone.")],
        ["You: Hello.", "Prism: Sorry. [llm failed: Gone.]"],
    ),
    (
        "an empty reply",
        [*said(1, "Hello."), TurnCompleted(t=2.0, turn=1, text="", latency=None)],
        ["You: Hello.", "Prism: [nothing]"],
    ),
    (
        "what is not believed",
        [TranscriptRejected(t=1.0, turn=1, text="Sous-titres", reason="subtitle credits", evidence="x")],
        ["You: [not understood: subtitle credits]"],
    ),
    ("a timer", [RANG], ["Timer: the timer (5 s) is over"]),
    (
        "a timer that rings during a reply waits for its end",
        [*said(1, "Hm."), RANG, *spoken(1, "Yes."), completed(1, "Yes.")],
        ["You: Hm.", "Prism: Yes.", "Timer: the timer (5 s) is over"],
    ),
    (
        "a text of several lines stays on one",
        [*said(1, "Line\none"), *spoken(1, "a"), completed(1, "a\nb")],
        ["You: Line one", "Prism: a b"],
    ),
]


@pytest.mark.parametrize(("events", "lines"), [case[1:] for case in PLAIN], ids=[case[0] for case in PLAIN])
def test_plain_lines(events: list[PipelineEvent], lines: list[str]) -> None:
    file = io.StringIO()
    view = ConversationView(Console(file=file, force_terminal=False))
    for event in events:
        view.notify(event)
    assert file.getvalue().splitlines() == lines
    assert ESCAPE not in file.getvalue()


def test_a_pipe_gets_no_colors_whatever_the_environment_forces(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    view = ConversationView()
    for event in [*said(1, "Hello."), *spoken(1, "Yes."), completed(1, "Yes."), ENDED]:
        view.notify(event)
    assert capsys.readouterr().out == "You: Hello.\nPrism: Yes.\n"


def test_remarks_about_the_program_leave_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    view = ConversationView()
    view.notify(SessionStarted(t=0.0, stt="ears", llm="mind", tts="mouth", language="auto"))
    view.notify(BackendSwitched(t=1.0, room="tts", from_="piper", to="espeak", reason="no model"))
    view.notify(DeviceLost(t=2.0, kind="microphone", device="USB mic", reason="unplugged"))
    view.notify(DeviceRestored(t=3.0, kind="microphone", device="webcam"))
    told = capsys.readouterr()
    assert told.out == ""
    words = (
        "ears",
        "mind",
        "mouth",
        "espeak takes over from piper: no model",
        "microphone USB mic is lost: unplugged",
        "microphone is webcam now",
    )
    assert all(word in told.err for word in words)


def terminal(events: list[PipelineEvent], width: int = 60) -> str:
    """The raw output on a terminal of that width."""
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=True, width=width, color_system="standard", highlight=False, _environ={}
    )
    view = ConversationView(console)
    for event in events:
        view.notify(event)
    return file.getvalue()


def test_that_captions_rest_is_nothing_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    ConversationView().notify(QualityChanged(t=0.0, what="captions", from_="on", to="off", reason="busy"))
    assert capsys.readouterr() == ("", "")


def test_the_terminal_shows_tentative_words_and_takes_them_back() -> None:
    shown = terminal([*said(1, "Bonjour!"), *spoken(1, "Oui."), completed(1, "Oui."), ENDED])
    tentative, final = shown.index("Bonjour\x1b"), shown.index("Bonjour!")
    assert tentative < final
    assert "\x1b[2K" in shown[tentative:final]  # the line of the tentative words is erased
    assert shown.index("♪") < shown.rindex("Oui.")
    assert "0.63 s to first sound" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is back


def test_the_terminal_strikes_out_what_was_not_heard() -> None:
    events = [
        *said(1, "Raconte."),
        *spoken(1, "Il était une fois."),
        cut(1, "Il était", "Il était une fois."),
    ]
    shown = terminal(events)
    assert "Il était \x1b[2;9mune fois." in shown
    assert "0.50 s to first sound · you cut in" in shown


def test_a_reply_goes_on_showing_when_the_user_only_coughed() -> None:
    cough: list[PipelineEvent] = [
        SpeechStartedEvent(t=2.0, turn=2, started_at=1.9),
        TranscriptRejected(t=3.0, turn=2, text="", reason="empty", evidence="no text"),
    ]
    shown = terminal([*said(1, "Bonjour."), *spoken(1, "Une longue histoire."), *cough])
    assert shown.rindex("Une longue histoire.") > shown.rindex("not understood: empty")


def test_sixty_columns_are_enough() -> None:
    file = io.StringIO()
    console = Console(
        file=file, width=60, force_terminal=True, color_system=None, highlight=False, _environ={}
    )
    long = (
        "Pour parler d'autre chose, lancez un serveur sur cet ordinateur ou indiquez l'adresse du vôtre. " * 3
    )
    view = ConversationView(console)
    for event in [*said(1, long), *spoken(1, long), cut(1, long[:50].strip(), long), ENDED]:
        view.notify(event)
    rows = file.getvalue().replace("\r", "\n").split("\n")
    assert (
        max(len(row.replace("\x1b[2K", "").replace("\x1b[1A", "")) for row in rows if "\x1b[?" not in row)
        <= 60
    )


def test_what_is_said_is_consistent() -> None:
    with pytest.raises(ValueError, match="heard to its end"):
        Said("a", unheard="b")


@pytest.mark.parametrize(
    ("what", "before", "after", "reason", "said"),
    [
        ("speculation", "off", "on", "rested", "Thinking ahead is back: rested"),
        ("speculation", "on", "off", "wasted", "Thinking ahead rests: wasted"),
        (
            "gpu",
            "well",
            "strained",
            "90 degrees",
            "Thinking ahead and words while you speak rest: 90 degrees",
        ),
        (
            "lead",
            "0.0 s",
            "0.4 s",
            "slow",
            "Replies begin when 0.4 s of speech is ready, before it was 0.0 s: slow",
        ),
        ("buffer", "30 ms", "60 ms", "dry", "The loudspeaker's buffer is 60 ms, before it was 30 ms: dry"),
        ("history", "9", "5", "full", "The model is shown 5 messages, before it was 9: full"),
        ("tools", "files", "none", "it hangs.", "Some tools are missing: it hangs."),
        ("moon", "new", "full", "night", "moon: full in place of new: night"),
    ],
)
def test_a_change_of_quality_is_told_in_plain_words(
    what: str, before: str, after: str, reason: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ConversationView().notify(QualityChanged(t=1.0, what=what, from_=before, to=after, reason=reason))
    assert capsys.readouterr().err.strip() == said
