"""Which language to answer in, and what is left of an utterance for the patterns."""

from __future__ import annotations

import pytest

from llm.builtin.answers import Language
from llm.builtin.lang import accepted, guess
from llm.builtin.text import core, fold


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("de-DE", None),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("EN-us", "en"),
        ("de, en;q=0.4, fr;q=0.7", "fr"),
        ("fr;q=0", None),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=nonsense", "fr"),
    ],
)
def test_accept_language(header: str | None, language: Language | None) -> None:
    assert accepted(header) == language


@pytest.mark.parametrize(
    ("utterances", "language"),
    [
        ([], "en"),
        (["Quelle heure est-il ?"], "fr"),
        (["What time is it?"], "en"),
        (["Éteins la radio"], "fr"),
        (["Bonne nuit."], "fr"),
        (["deux plus deux"], "fr"),
        (["two plus two"], "en"),
        (["Stop", "Mets un minuteur de six minutes"], "fr"),
        (["42", "Hello"], "en"),
        (["Où est mon livre?"], "fr"),
    ],
)
def test_guess(utterances: list[str], language: Language) -> None:
    assert guess(utterances) == language


def test_fold() -> None:
    assert fold("Où est l'ŒUF ?") == "ou est l'oeuf ?"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hey Prism, what's the time, please?", "what s the time"),
        ("Prism, quelle heure est-il ?", "quelle heure est il"),
        ("S'il vous plaît, répète !", "repete"),
        ("Alors, euh, bonjour Prism", "bonjour"),
        ("Prism?", "prism"),
        ("Please", "please"),
        ("...", ""),
    ],
)
def test_core(text: str, kept: str) -> None:
    assert core(text) == kept
