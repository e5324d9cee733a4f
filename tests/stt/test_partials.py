"""Words that stay: LocalAgreement by tables and by random guesses, the pace by figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.partials import LONGEST_TAIL_S, Heard, LocalAgreement, Pace


def words(text: str, begin: float = 0.0, step: float = 0.3) -> list[Heard]:
    return [Heard(word, begin + step * (n + 1)) for n, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [
        (["what"], [("", "what")]),
        (["what", "what time"], [("", "what"), ("what", "time")]),
        (["what", "what dime", "what time is"], [("", "what"), ("what", "dime"), ("what", "time is")]),
        (["What", "what time", "What time is"], [("", "What"), ("what", "time"), ("what time", "is")]),
        (["what time", "", "what time"], [("", "what time"), ("", ""), ("", "what time")]),
        (
            ["so what", "so what", "no what now", "no what now"],
            [("", "so what"), ("so what", ""), ("so what", "now"), ("so what now", "")],
        ),
    ],
)
def test_what_two_guesses_agree_on_is_committed(guesses: list[str], expected: list[tuple[str, str]]) -> None:
    agreement = LocalAgreement()
    found = [agreement.update(words(guess)) for guess in guesses]
    assert [(partial.committed, partial.tentative) for partial in found] == expected


def test_a_committed_sentence_is_frozen_and_not_decoded_again() -> None:
    agreement = LocalAgreement()
    agreement.update(words("Stop."))
    assert agreement.update(words("Stop. Go on")).committed == "Stop."
    assert agreement.tail_from == pytest.approx(0.3)
    agreement.update(words("Go on", 0.3))
    assert agreement.update(words("Go on", 0.3)).committed == "Stop. Go on"
    assert agreement.finish(words("Go on please.", 0.3)) == "Stop. Go on please."


def test_a_run_without_a_sentence_is_frozen_when_it_is_long() -> None:
    agreement = LocalAgreement()
    long = " ".join(f"w{n}" for n in range(50))
    agreement.update(words(long))
    agreement.update(words(long))
    assert agreement.tail_from == pytest.approx(15.0)
    assert agreement.tail_from > LONGEST_TAIL_S


GUESS = st.lists(st.sampled_from(["oui", "Oui.", "non", "stop", "the", "Go.", "a,"]), max_size=12)


@given(st.lists(GUESS, max_size=20))
def test_committed_words_never_change(guesses: list[list[str]]) -> None:
    """Whatever is guessed, also by a recognizer that contradicts itself all the time."""
    agreement, before, tail = LocalAgreement(), "", 0.0
    for guess in guesses:
        partial = agreement.update(words(" ".join(guess), agreement.tail_from))
        assert partial.committed == before or partial.committed.startswith(f"{before} ".lstrip())
        assert agreement.committed == partial.committed
        assert agreement.tail_from >= tail
        before, tail = partial.committed, agreement.tail_from
    final = agreement.finish([])
    assert final == before


@given(
    st.lists(st.sampled_from(["un", "deux.", "trois", "quatre!"]), min_size=1, max_size=40), st.integers(1, 5)
)
def test_a_steady_recognizer_loses_and_doubles_no_word(truth: list[str], ahead: int) -> None:
    agreement = LocalAgreement()
    timed = words(" ".join(truth))
    for until in range(1, len(truth) + ahead):
        agreement.update([word for word in timed[:until] if word.end > agreement.tail_from + 1e-9])
    left = [word for word in timed if word.end > agreement.tail_from + 1e-9]
    assert agreement.finish(left) == " ".join(truth)


def test_the_pace_follows_the_length_and_the_machine() -> None:
    pace = Pace()
    assert not pace.due(10.0, 0.2)
    assert pace.due(0.6, 0.6)
    pace.took(0.6, 0.05)
    assert not pace.due(0.9, 0.9)
    assert pace.due(1.1, 1.1)
    pace.took(1.1, 2.0)
    pace.took(5.0, 2.0)
    assert pace.interval(1.0) > 2.0, "a slow machine is asked less often"
    assert Pace().interval(10.0) > Pace().interval(1.0)
