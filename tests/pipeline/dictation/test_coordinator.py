"""Every message in every state: a table of what is so, what comes, what is so then, and what is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dictation.coordinator import (
    LONGEST_LINE,
    Action,
    Again,
    Coordination,
    Discard,
    Finish,
    Insert,
    Keep,
    Recall,
    Record,
    Refuse,
    Waiting,
    step,
)
from pipeline.dictation.messages import (
    Cancel,
    Captured,
    DictationMessage,
    Failed,
    Inserted,
    Interrupted,
    LetGo,
    PasteLast,
    Recognized,
    RetryLast,
    Start,
    Stop,
    Toggle,
)

IDLE = Coordination()
LISTENING = Coordination(recording=1, made=1)
DECODING = Coordination(line=(Waiting(1),), made=1)
INSERTING = Coordination(line=(Waiting(1, "inserting"),), made=1)
HELD = Coordination(recording=1, by_key=True, made=1)
OVERLAPPING = Coordination(recording=2, line=(Waiting(1),), made=2)
HOLDING = Coordination(recording=2, by_key=True, line=(Waiting(1),), made=2)
HOLDING_BACK = Coordination(recording=2, by_key=True, line=(Waiting(1, "ready"),), made=2)
HOLDING_LOCKED = Coordination(recording=2, by_key=True, line=(Waiting(1, held="lock"),), made=2)
HELD_SECOND = Coordination(recording=2, by_key=True, made=2)
TWO = Coordination(line=(Waiting(1), Waiting(2)), made=2)
BEHIND = Coordination(line=(Waiting(1), Waiting(2, "ready")), made=2)
BROKEN = Coordination(error="It broke.", made=1)

TABLE: list[tuple[str, Coordination, DictationMessage, Coordination, list[Action]]] = [
    ("start", IDLE, Start("ctl"), LISTENING, [Record(1, "ctl")]),
    ("start by a key that is held", IDLE, Start("hold"), HELD, [Record(1, "hold")]),
    ("start clears an error", BROKEN, Start("ctl"), Coordination(recording=2, made=2), [Record(2, "ctl")]),
    ("start twice", LISTENING, Start("hold"), LISTENING, []),
    (
        "start while the former is decoded",
        DECODING,
        Start("ctl"),
        OVERLAPPING,
        [Record(2, "ctl")],
    ),
    ("stop", LISTENING, Stop(), DECODING, [Finish(1, "released")]),
    ("the key comes up", HELD, Stop(), DECODING, [Finish(1, "released")]),
    (
        "words while another one is recorded",
        OVERLAPPING,
        Recognized(1, True),
        Coordination(recording=2, line=(Waiting(1, "inserting"),), made=2),
        [Insert(1)],
    ),
    ("words while a key is held", HOLDING, Recognized(1, True), HOLDING_BACK, []),
    ("held words while a key is held", HOLDING_LOCKED, Recognized(1, True), HELD_SECOND, [Keep(1, "lock")]),
    (
        "the key comes up, and the words go",
        HOLDING_BACK,
        Stop(),
        Coordination(line=(Waiting(1, "inserting"), Waiting(2)), made=2),
        [Finish(2, "released"), Insert(1)],
    ),
    (
        "it was a tap, and the words go",
        HOLDING_BACK,
        LetGo(),
        Coordination(recording=2, line=(Waiting(1, "inserting"),), made=2),
        [Insert(1)],
    ),
    ("a tap of nothing", IDLE, LetGo(), IDLE, []),
    (
        "what the key was held for is thrown away",
        HOLDING_BACK,
        Cancel(),
        Coordination(line=(Waiting(1, "inserting"),), made=2),
        [Discard(2), Insert(1)],
    ),
    (
        "what the key was held for ends by itself",
        HOLDING_BACK,
        Captured(2),
        Coordination(line=(Waiting(1, "inserting"), Waiting(2)), made=2),
        [Insert(1)],
    ),
    (
        "what the key was held for fails",
        HOLDING_BACK,
        Failed(2, "No."),
        Coordination(line=(Waiting(1, "inserting"),), error="No.", made=2),
        [Insert(1)],
    ),
    ("stop without a start", IDLE, Stop(), IDLE, []),
    ("stop the newer one", OVERLAPPING, Stop(), TWO, [Finish(2, "released")]),
    ("toggle on", IDLE, Toggle("toggle"), LISTENING, [Record(1, "toggle")]),
    ("toggle off", LISTENING, Toggle("toggle"), DECODING, [Finish(1, "released")]),
    ("cancel a recording", LISTENING, Cancel(), Coordination(made=1), [Discard(1)]),
    (
        "cancel only the recording",
        OVERLAPPING,
        Cancel(),
        Coordination(line=(Waiting(1),), made=2),
        [Discard(2)],
    ),
    ("cancel the newest", TWO, Cancel(), Coordination(line=(Waiting(1),), made=2), [Discard(2)]),
    ("cancel what is on its way", INSERTING, Cancel(), INSERTING, []),
    ("cancel clears an error", BROKEN, Cancel(), Coordination(made=1), []),
    ("the key's release was lost", LISTENING, Interrupted("key-up"), DECODING, [Finish(1, "key-up")]),
    (
        "the screen is locked",
        LISTENING,
        Interrupted("lock"),
        Coordination(line=(Waiting(1, held="lock"),), made=1),
        [Finish(1, "lock")],
    ),
    (
        "the screen is locked while words wait",
        Coordination(line=(Waiting(1, "inserting"), Waiting(2, "ready"), Waiting(3)), made=3),
        Interrupted("suspend"),
        Coordination(
            line=(
                Waiting(1, "inserting"),
                Waiting(2, "ready", held="suspend"),
                Waiting(3, held="suspend"),
            ),
            made=3,
        ),
        [],
    ),
    (
        "held words are kept",
        Coordination(line=(Waiting(1, held="lock"),), made=1),
        Recognized(1, True),
        Coordination(made=1),
        [Keep(1, "lock")],
    ),
    (
        "held words make room",
        Coordination(line=(Waiting(1, held="lock"), Waiting(2, "ready")), made=2),
        Recognized(1, True),
        Coordination(line=(Waiting(2, "inserting"),), made=2),
        [Keep(1, "lock"), Insert(2)],
    ),
    ("the sound ended by itself", LISTENING, Captured(1), DECODING, []),
    ("the sound ended after a stop", DECODING, Captured(1), DECODING, []),
    ("words", DECODING, Recognized(1, True), INSERTING, [Insert(1)]),
    ("no words", DECODING, Recognized(1, False), Coordination(made=1), []),
    ("words of the second come first", TWO, Recognized(2, True), BEHIND, []),
    (
        "and wait for the first",
        BEHIND,
        Recognized(1, True),
        Coordination(line=(Waiting(1, "inserting"), Waiting(2, "ready")), made=2),
        [Insert(1)],
    ),
    (
        "the first is in, the second goes",
        Coordination(line=(Waiting(1, "inserting"), Waiting(2, "ready")), made=2),
        Inserted(1),
        Coordination(line=(Waiting(2, "inserting"),), made=2),
        [Insert(2)],
    ),
    (
        "the first fails, the second goes",
        BEHIND,
        Failed(1, "No words."),
        Coordination(line=(Waiting(2, "inserting"),), error="No words.", made=2),
        [Insert(2)],
    ),
    ("the microphone fails", LISTENING, Failed(1, "None."), Coordination(error="None.", made=1), []),
    ("a late result of what was cancelled", IDLE, Recognized(7, True), IDLE, []),
    ("a late failure of what was cancelled", IDLE, Failed(7, "Late."), IDLE, []),
    ("paste last", IDLE, PasteLast(), Coordination(line=(Waiting(1),), made=1), [Recall(1, None)]),
    ("retry one", IDLE, RetryLast("d1"), Coordination(line=(Waiting(1),), made=1), [Again(1, "d1")]),
    (
        "retry with another model",
        IDLE,
        RetryLast(model="small"),
        Coordination(line=(Waiting(1),), made=1),
        [Again(1, None, "small")],
    ),
    (
        "paste last while one is recorded",
        LISTENING,
        PasteLast(),
        Coordination(recording=1, line=(Waiting(2),), made=2),
        [Recall(2, None)],
    ),
]


@pytest.mark.parametrize(
    ("now", "message", "then", "actions"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_follows(
    now: Coordination, message: DictationMessage, then: Coordination, actions: list[Action]
) -> None:
    assert step(now, message) == (then, actions)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (IDLE, "idle"),
        (LISTENING, "listening"),
        (OVERLAPPING, "listening"),
        (DECODING, "processing"),
        (BEHIND, "processing"),
        (INSERTING, "inserting"),
        (BROKEN, "error"),
    ],
)
def test_the_state_is_what_the_user_should_know_first(now: Coordination, state: str) -> None:
    assert now.state == state


def test_a_line_that_does_not_move_is_said() -> None:
    full = Coordination(line=tuple(Waiting(n) for n in range(LONGEST_LINE)), made=LONGEST_LINE)
    for wish in (Start("hold"), Toggle("ctl"), PasteLast(), RetryLast()):
        then, (action,) = step(full, wish)
        assert then == full
        assert isinstance(action, Refuse)


MESSAGES = st.one_of(
    st.sampled_from(
        [Start("x"), Start("hold"), LetGo(), Stop(), Toggle("x"), Cancel(), PasteLast(), RetryLast()]
    ),
    st.sampled_from([Interrupted("lock"), Interrupted("key-up"), Interrupted("device")]),
    st.builds(Captured, st.integers(1, 6)),
    st.builds(Recognized, st.integers(1, 6), st.booleans()),
    st.builds(Inserted, st.integers(1, 6)),
    st.builds(Failed, st.integers(1, 6), st.just("It failed.")),
)


@given(st.lists(MESSAGES, max_size=40))
def test_whatever_comes_each_dictation_ends_once_and_in_order(messages: list[DictationMessage]) -> None:
    now, inserted, ended = IDLE, [], []
    for message in messages:
        now, actions = step(now, message)
        inserted += [a.number for a in actions if isinstance(a, Insert)]
        ended += [a.number for a in actions if isinstance(a, Insert | Keep | Discard)]
        assert sum(w.stage == "inserting" for w in now.line) <= 1
        assert [w.number for w in now.line if w.stage == "inserting"] == [
            w.number for w in now.line[:1] if w.stage == "inserting"
        ]
        assert now.recording is None or now.recording not in {w.number for w in now.line}
        assert not now.by_key or not any(isinstance(a, Insert) for a in actions)
        assert now.by_key or not now.line or now.line[0].stage != "ready"
    assert len(set(ended)) == len(ended)
    assert len(now.line) <= LONGEST_LINE + 1
