"""What is written of what was heard, as tables."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.postprocess import Rules, commanded, french, polish, replaced, spelled

N, W = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Quelle heure est-il?", f"Quelle heure est-il{N}?"),
        ("Quelle heure est-il ?", f"Quelle heure est-il{N}?"),
        ("Quoi ?!", f"Quoi{N}?!"),
        ("Oui ; non !", f"Oui{N}; non{N}!"),
        ("Voici : un, deux.", f"Voici{W}: un, deux."),
        ("Il est 12:30.", "Il est 12:30."),
        ("https://prism.org", "https://prism.org"),
        ("« Oui »", f"«{W}Oui{W}»"),
        ("«Oui?»", f"«{W}Oui{N}?{W}»"),
        ("C'est l'été.", "C'est l'été."),
        ("Attends...", "Attends..."),
        ("", ""),
    ],
)
def test_french_spacing(heard: str, written: str) -> None:
    assert french(heard) == written
    assert french(written) == written, "twice is once"


@pytest.mark.parametrize(
    ("heard", "vocabulary", "written"),
    [
        ("Ask olama now.", ["Ollama"], "Ask Ollama now."),
        ("Ask a lama now.", ["Ollama"], "Ask a lama now."),
        ("appelle zoe", ["Zoé"], "appelle Zoé"),
        ("deux bases", ["Deuxbase"], "deux bases"),
        ("I live in san fransisco, ok?", ["San Francisco"], "I live in San Francisco, ok?"),
        ("the cat sat", ["car", "bat"], "the cat sat"),
        ("Jean Baptist est là", ["Jean-Baptiste"], "Jean Baptist est là"),
        ("jean-baptist est là", ["Jean-Baptiste"], "Jean-Baptiste est là"),
        ("kubernetis and cubernetes", ["Kubernetes"], "Kubernetes and Kubernetes"),
        ("nothing", [""], "nothing"),
    ],
)
def test_the_vocabulary_is_written_as_it_is_known(heard: str, vocabulary: list[str], written: str) -> None:
    assert spelled(heard, vocabulary, 86) == written


@pytest.mark.parametrize(
    ("heard", "replacements", "written"),
    [
        ("BTW it works", {"btw": "by the way"}, "by the way it works"),
        ("btws btw", {"btw": "x"}, "btws x"),
        ("a b", {"a": "b", "b": "a"}, "b a"),
        ("aller retour simple", {"aller": "1", "aller retour": "2"}, "2 simple"),
        ("c++ ici", {"c++": "C plus"}, "C plus ici"),
        ("é", {"É": "accent", "": "never"}, "accent"),
    ],
)
def test_replacements_are_whole_words(heard: str, replacements: dict[str, str], written: str) -> None:
    assert replaced(heard, replacements) == written


@pytest.mark.parametrize(
    ("heard", "language", "written"),
    [
        ("Hello comma world.", "en", "Hello, world."),
        ("Hello. New line. how are you question mark", "en", "Hello\nHow are you?"),
        ("one, new paragraph, two", "en", "one\n\nTwo"),
        ("The command line is new.", "en", "The command line is new."),
        ("Bonjour, à la ligne, ça va point d'interrogation", "fr", "Bonjour\nÇa va?"),
        ("Une virgule deux", "fr", "Une, deux"),
        ("Bonjour point-virgule merci", "fr", "Bonjour; merci"),
        ("Ça va point d’interrogation", "fr", "Ça va?"),
        ("Newline. Hello semi-colon and a new-line semicolon", "en", "\nHello; and a\n;"),
        ("les vingt-deux points et la mi-virgule", "fr", "les vingt-deux points et la mi-virgule"),
        ("Hallo Komma", "de", "Hallo Komma"),
    ],
)
def test_spoken_commands(heard: str, language: str, written: str) -> None:
    assert commanded(heard, language) == written


def test_the_order_of_the_steps() -> None:
    rules = Rules(commands=True, vocabulary=("Ollama",), replacements={"salut": "bonjour"})
    assert polish("salut olama virgule ça va ?", "fr", rules) == f"bonjour Ollama, ça va{N}?"
    assert polish("salut ?", "en", rules) == "bonjour ?"
    assert polish("ça va ?", "fr", Rules(typography=False)) == "ça va ?"


WORDS = st.lists(
    st.sampled_from(["Oui", "non", "virgule", "l'été", "12", "?", "!", ":", "«", "»", "x;"]), max_size=12
)


@given(WORDS)
def test_typography_changes_spaces_only(words: list[str]) -> None:
    text = " ".join(words)
    assert re.sub(r"\s", "", french(text)) == re.sub(r"\s", "", text)


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=3))
def test_odd_text_is_survived(text: str, vocabulary: list[str]) -> None:
    rules = Rules(commands=True, vocabulary=tuple(vocabulary), replacements=dict.fromkeys(vocabulary, "y"))
    for language in ("fr", "en"):
        assert isinstance(polish(text, language, rules), str)
