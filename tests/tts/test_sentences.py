"""Where text is cut: a table per language, and what must hold for any text and any deltas."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tts.sentences import EARLY_LETTERS, LONG_SENTENCE, SentenceSplitter


def split(*deltas: str, early: bool = False) -> list[str]:
    splitter = SentenceSplitter(early=early)
    pieces = [piece for delta in deltas for piece in splitter.feed(delta)]
    return [*pieces, *splitter.flush()]


# A "|" marks where the text must be cut.
SENTENCES = [
    # French
    "Bonjour. |Comment ça va ?",
    "Quoi ? |Non ! |Si…",
    "Quoi\u202f? |Jamais\u202f! |Bon.",
    "Vraiment ?! |Je ne te crois pas.",
    "M. Dupont est là. |Mme Martin aussi.",
    "MM. Dupont et Durand. |Voilà.",
    "Le Dr. Martin arrive à 14 h 30. |Attendez-le.",
    "Le train de 8 h. |Il est en retard.",
    "Prenez des fruits, p. ex. Des pommes.",
    "Des fruits, par ex. des pommes. |Oui.",
    "Des pommes, des poires, etc. |Ensuite, rien.",
    "Des pommes, etc. et des poires.",
    "Il fait 3,5 degrés. |C'est peu.",
    "Il fait 3.5 degrés. |C'est peu.",
    "Il est 14 : 30. |Allons-y. |Vite !",
    "Voir la p. 5 et l'art. 12. |C'est tout.",
    "C'est de l'art. |Admirez.",
    "Il y en a sept. |Ou huit.",
    "Né le 5 sept. 1990 à Lyon.",
    "Il l'a. |Je le sais.",
    "« Oui. » |Il est parti.",
    "« Tu viens ? » |« Non. » |Silence.",
    "« Tu viens ? » demanda-t-il. |Silence.",
    "Ah… peut-être. |Ah… |Voilà.",
    "Attends... je réfléchis. |Voilà...",
    "Jules César (mort en 44 av. J.-C. à Rome) parle. |Oui.",
    "Le 1er mai, la 2e fois. |Fin.",
    "Voici :\n|- des pommes\n|- des poires",
    "1. Coupez.\n|2. Mélangez.",
    "1. Début\n|1.1. Contexte\n|1.2. But",
    "Près du Mt. Everest. |Il fait froid.",
    "Ça coûte 5 €. |€5 de plus.",
    "Allez sur https://prism.example/a?b=c.d. |Merci.",
    "S. v. p. écoutez-moi. |Merci.",
    "Oui.\n\n|Non.",
    "5, av. Foch, bd. Voltaire. |Là.",
    "Victor Hugo, n° 5, rue de Rome. |Là.",
    # English
    "Hello. |How are you? |Fine!",
    "Mr. Smith met Dr. Jones. |They talked.",
    "It took 200 ms. |Then it stopped.",
    "Give it to me. |Now.",
    "No. |I did not.",
    "It is No. 5 in the list. |Next.",
    "Use a tool, e.g. Python, i.e. a snake. |Good.",
    "Apples, pears, etc. |Then we left.",
    "Meet me at 5 p.m. today. |Or at 6 p.m. |Both work.",
    "J. K. Rowling wrote it. |In the U.S. Army too.",
    "She holds a Ph.D. |He does not.",
    "Pi is 3.14. |It starts at 2:30. |Be there.",
    'He said "stop." |Then he left.',
    'He said "stop." |"Why?" |She knew.',
    '"Really?" she asked. |"Yes."',
    "Wait... what? |Nothing.",
    "(He left.) |Then she came.",
    "So do we. i think. |Now you.",
    "That is all folks. |see you.",
    "It is approx. ten miles. |Far.",
    "In 1990. 12 of them came. |Good.",
    "Version 2.0.1 is out. |Get it.",
    "Hello! 😀 |How are you? 😀",
    "Wow!!! ... |Right.",
    "Smith et al. found it. |Then Acme Inc. did. |Good.",
    "St. John lives on Main St. today. |Yes.",
    "Costs rose. |$5 is a lot. |-3 is less.",
    "Look.at.this",
    "one\n|two",
    "...",
    "",
]


@pytest.mark.parametrize("marked", SENTENCES)
def test_sentences(marked: str) -> None:
    expected = [piece for piece in marked.split("|") if piece]
    text = marked.replace("|", "")
    assert split(text) == expected
    assert split(*text) == expected, "cut into single characters"


EARLY = [
    "Bien sûr, je vous écoute, |allez-y, dites. |Ensuite, voilà.",
    "D'accord, voilà : |il fait beau ; et doux. |Oui, vraiment.",
    "Certainement : |il est 14 h 30, et il pleut.",
    "Oui. Non. Peut-être, |ou pas, qui sait. |Bon.",
    "Il fait 3,5 degrés dehors, |et il pleut, un peu.",
    "Je pense que peut-être cela ira, |oui.",
    "C'est une question — |difficile, en somme. |Oui.",
    "C'est une question—|difficile, en somme.",
    "Voilà une idée - |pas mal, non ? |Si.",
    "Le vol 10 – 20 dure\n|longtemps, dit-on.",
    "« Bonjour à tous ! » |Il entra, puis sortit.",
    "Bonjour M. Dupont, |entrez, je vous prie.",
    "Bonjour Dr. Dupont et Mme Durand",
    "Let me think... |well, yes, it is.",
    "Sure, here is, |as you know, the answer.",
    '"Well, yes, of course," |she said, and left.',
    "It is ten to 12:30 now, |so hurry, please.",
    "Oui",
    "Oui !",
]


@pytest.mark.parametrize("marked", EARLY)
def test_the_first_piece_comes_early(marked: str) -> None:
    expected = [piece for piece in marked.split("|") if piece]
    text = marked.replace("|", "")
    assert split(text, early=True) == expected
    assert split(*text, early=True) == expected, "cut into single characters"


def test_the_first_piece_is_out_as_soon_as_its_mark_is_certain() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("Bien entendu,") == []
    assert splitter.feed(" j") == ["Bien entendu, "]
    assert splitter.feed("e vous écoute, oui.") == []
    assert splitter.feed(" E") == ["je vous écoute, oui. "]
    assert splitter.flush() == ["E"]


def test_after_a_flush_the_next_reply_begins_early_again() -> None:
    splitter = SentenceSplitter()
    assert [*splitter.feed("Bien entendu, oui, oui."), *splitter.flush()] == ["Bien entendu, ", "oui, oui."]
    assert [*splitter.feed("Bien entendu, oui, oui."), *splitter.flush()] == ["Bien entendu, ", "oui, oui."]


def test_an_endless_sentence_is_cut_at_a_clause() -> None:
    text = "mot et mot, " * 100
    pieces = split(text)
    assert "".join(pieces) == text
    assert all(LONG_SENTENCE <= len(piece) <= LONG_SENTENCE + 12 for piece in pieces[:-1])


def test_a_long_reply_in_single_characters_takes_no_time() -> None:
    text = "une longue phrase sans la moindre marque " * 500
    begun = time.process_time()
    assert split(*text) == [text]
    assert time.process_time() - begun < 2


PARTS = [
    *(
        "M.",
        "Dr",
        "etc.",
        "p. ex.",
        "e.g.",
        "No.",
        "3",
        "3,5",
        "14 h 30",
        "...",
        "…",
        ".",
        "!",
        "?",
        " ?",
        ",",
        ";",
    ),
    *(
        ":",
        "—",
        " - ",
        "–",
        "«",
        "»",
        '"',
        "'",
        "’",
        "(",
        ")",
        "\n",
        " ",
        "\u00a0",
        "\u202f",
        "a",
        "Oui",
        "maison",
    ),
    *("J.-C.", "U.S.", "😀", "https://a.b/c.", "1.", "*", "_", "É", "longue phrase"),
]
TEXT = st.one_of(st.lists(st.sampled_from(PARTS), max_size=25).map("".join), st.text(max_size=60))


@given(TEXT, st.lists(st.integers(0, 100), max_size=12), st.booleans())
@example("Bonjour", [0, 0], True)
def test_pieces_are_the_text_however_it_was_cut(text: str, cuts: list[int], early: bool) -> None:
    places = [0, *sorted(cut for cut in cuts if cut <= len(text)), len(text)]
    deltas = [text[a:b] for a, b in pairwise(places)]
    pieces = split(text, early=early)
    assert "".join(pieces) == text
    assert split(*deltas, early=early) == pieces
    assert split(*text, early=early) == pieces
    if any(character.isalnum() for character in text):
        assert all(any(character.isalnum() for character in piece) for piece in pieces)
    else:
        assert len(pieces) <= 1


@given(TEXT, st.booleans())
def test_no_cut_inside_a_word_or_a_number(text: str, early: bool) -> None:
    pieces = split(text, early=early)
    for before, after in pairwise(pieces):
        assert not (before[-1].isalnum() and after[0].isalnum())
        assert before[-1].isspace() or before.rstrip("»\"'’”)]*_")[-1] == "—" or "\n" in before


@given(TEXT)
def test_the_first_piece_has_enough_letters_unless_it_is_all(text: str) -> None:
    pieces = split(text, early=True)
    if len(pieces) > 1:
        assert sum(character.isalnum() for character in pieces[0]) >= EARLY_LETTERS
