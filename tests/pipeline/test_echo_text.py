"""Is what was heard what the assistant is saying: the words of an echo, and words that only resemble it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.echo_text import ALIKE_LONG, echo_of, likeness, plain_words
from ui.cli.demo_user import shipped

FR = "La capitale de la France est Paris. Il y fait quatorze degrés, et le ciel est couvert."
EN = "The capital of France is Paris. It's fourteen degrees there, and the sky is overcast."

ECHOES = [
    ("la capitale de la France est Paris", FR),
    ("La capital de la France et Paris.", FR),  # spelled by ear
    ("quatorze degrés et le ciel", FR),
    ("il y fait 14 degrés et le ciel est couvert", FR),
    ("Couvert.", FR),
    ("the capital of France is", EN),
    ("Its fourteen degrees there and the sky.", EN),
    ("capitol of France is Paris", EN),
    ("the sky is over cast", EN),
    ("L'ÉTÉ, déjà !", "Voici l'été déjà"),
]
VOICES = [
    ("stop", "Then the train will stop in Lyon."),
    ("Arrête.", "Il faut que la voiture arrête ici."),
    ("Non, attends.", "Je dis que non, attends demain."),
    ("Et quelle est la capitale de l'Italie ?", FR),
    ("Quel temps fera-t-il demain ?", FR),
    ("What about Italy?", EN),
    ("and what is the weather in London", EN),
    ("Is Paris far from here?", EN),
    ("the capital of France is what exactly, and since when has it been so", EN),
    ("Merci.", FR),
    ("", EN),
    ("...", EN),
    ("Paris", ""),
]


@pytest.mark.parametrize(("heard", "spoken"), ECHOES)
def test_the_assistants_own_words_are_an_echo(heard: str, spoken: str) -> None:
    why = echo_of(heard, spoken)
    assert why is not None
    assert why.reason == "echo"
    assert repr(heard) in why.evidence


@pytest.mark.parametrize(("heard", "spoken"), VOICES)
def test_what_a_person_says_is_not(heard: str, spoken: str) -> None:
    assert echo_of(heard, spoken) is None


def test_other_sentences_stay_below_the_limit_even_if_they_begin_alike() -> None:
    said = [(r.language, "".join(plain_words(r.text))) for r in shipped().values()]
    pairs = [
        (a, b)
        for (one, a), (other, b) in itertools.permutations(said, 2)
        if one == other and len(a) > 12 and a != b
    ]
    assert len(pairs) > 50
    assert max(likeness(a, b) for a, b in pairs) < ALIKE_LONG - 0.05


@given(
    st.text("abcdé ", min_size=1, max_size=40), st.text("abcdé ", max_size=60), st.text("abcdé ", max_size=60)
)
def test_a_stretch_of_what_was_spoken_is_wholly_alike(part: str, before: str, after: str) -> None:
    assert likeness(part, before + part + after) == 1.0


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_likeness_is_a_share(heard: str, spoken: str) -> None:
    assert 0.0 <= likeness(heard, spoken) <= 1.0
    assert (echo_of(heard, spoken) is None) or plain_words(heard)
