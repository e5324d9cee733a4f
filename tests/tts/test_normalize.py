"""Hard sentences of both languages against golden tables that were read line by line, and what always holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.normalize import normalize, with_stops
from tts.normalize.rules import ROMAN, roman

HERE = Path(__file__).parent


def golden(language: str) -> list[tuple[str, str, str]]:
    lines = (HERE / f"golden_{language}.tsv").read_text("utf-8").splitlines()
    return [(language, *line.split("\t")) for line in lines]  # type: ignore[misc]  # each line has two cells


TABLE = [*golden("fr"), *golden("en")]


@pytest.mark.parametrize(("language", "written", "said"), TABLE)
def test_golden(language: str, written: str, said: str) -> None:
    assert normalize(written, language) == said


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_tables_are_long_enough_and_without_repeats(language: str) -> None:
    written = [line[1] for line in golden(language)]
    assert len(set(written)) == len(written) >= 200


@pytest.mark.parametrize(("language", "written", "said"), TABLE)
def test_twice_is_the_same_as_once(language: str, written: str, said: str) -> None:
    assert normalize(said, language) == said, written


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Rapide", "Rapide."),
        ("Les avantages\n\nRapide\nPas cher.\n", "Les avantages.\n\nRapide.\nPas cher.\n"),
        ("« Oui »", "« Oui »."),
        ("50 %\n", "50 %.\n"),
        ("Paul, 12\nLéa, 9", "Paul, 12.\nLéa, 9."),
        ("Une ligne qui\ncontinue ici.", "Une ligne qui,\ncontinue ici."),
        (f"{'mot ' * 20}\n", f"{('mot ' * 20).rstrip()}, \n"),
        *(
            (text, text)
            for text in ("Oui.", "Hmm… ", "Voici : ", "« Non ! »", "d'abord, ", "A —\n", "\n", "")
        ),
    ],
)
def test_a_line_without_a_mark_gets_one(written: str, said: str) -> None:
    assert with_stops(written) == said
    assert with_stops(said) == said


def test_no_word_is_lost() -> None:
    """Plain words stand in what is said in their order, whatever is rewritten round them."""
    for language, written, said in TABLE:
        plain = re.findall(r"(?<![\w./@#-])[a-zà-ÿ]{5,}(?![\w./@-])", written)
        words = iter(re.findall(r"\w+", said))
        assert all(word in words for word in plain if "http" not in word), (language, written)


def test_another_language_is_left_alone() -> None:
    assert normalize("3,5 km um 14 h 30", "de") == "3,5 km um 14 h 30"


@given(st.text(), st.sampled_from(["fr", "en"]))
def test_any_text_passes(text: str, language: str) -> None:
    assert isinstance(normalize(text, language), str)


@given(
    st.lists(
        st.sampled_from("1 12 2024 , . : - / h m km € $ XIV e er er. st M. Dr le 3".split(" ")), max_size=30
    )
)
def test_any_mixture_of_number_parts_passes(parts: list[str]) -> None:
    for joint in ("", " "):
        for language in ("fr", "en"):
            assert isinstance(normalize(joint.join(parts), language), str)


@pytest.mark.parametrize(
    "unit", ["1 ", "12,", "1.", "a.", "1-", "X", "1/", "12:", "€1 ", "$1,000", "www.", "M. "]
)
def test_a_long_monotonous_text_takes_no_time(unit: str) -> None:
    begun = time.process_time()
    for language in ("fr", "en"):
        normalize(unit * 1000, language)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("I", 1), ("IV", 4), ("IX", 9), ("XIV", 14), ("XXI", 21), ("XL", 40), ("XCIX", 99), ("CCC", 300)],
)
def test_roman_numerals(numeral: str, value: int) -> None:
    assert re.fullmatch(ROMAN, numeral)
    assert roman(numeral) == value


LISTENED = [
    ("fr", "3,5 km à 14 h 30", "trois virgule cinq kilomètres à quatorze heures trente"),
    ("fr", "1re et 2e fois", "première et deuxième fois"),
    ("fr", "XXe siècle", "vingtième siècle"),
    ("fr", "Louis XIV", "Louis quatorze"),
    ("fr", "M. Dupont", "Monsieur Dupont"),
    ("fr", "le 01/05/2024", "le premier mai deux mille vingt-quatre"),
    ("fr", "21 h", "vingt et une heures"),
    ("fr", "-5 °C", "moins cinq degrés Celsius"),
    ("fr", "12,50 €", "douze euros cinquante"),
    ("fr", "2,7 M€", "deux virgule sept millions d'euros"),
    ("fr", "C#", "c dièse"),
    ("fr", "www.exemple.fr", "exemple point f r"),
    ("fr", "**Bonjour** le `monde`", "Bonjour le monde"),
    ("fr", "de 9h-12h", "de neuf heures à douze heures"),
    ("fr", "1m80", "un mètre quatre-vingts"),
    ("fr", "50 x 30 cm", "cinquante par trente centimètres"),
    ("fr", "une note de 7/10", "une note de sept sur dix"),
    ("fr", "2^8", "deux puissance huit"),
    ("en", "3.5 km", "three point five kilometers"),
    ("en", "at 9:05 a.m.", "at nine oh five AM"),
    ("en", "in 1800", "in eighteen hundred"),
    ("en", "the 1800s", "the eighteen hundreds"),
    ("en", "**Hello** the `world`", "Hello the world"),
    ("en", "a mark of 7/10", "a mark of seven out of ten"),
    ("en", "50 x 30 cm", "fifty by thirty centimeters"),
    ("en", "Mon-Fri", "Monday to Friday"),
    ("fr", "Elle a 19 ans", "Elle a dix-neuf ans"),
    ("en", "in 1990", "in nineteen ninety"),
    ("en", "the 1990s", "the nineteen nineties"),
    ("en", "Henry VIII", "Henry the eighth"),
    ("en", "$12.50", "twelve dollars and fifty cents"),
    ("en", "Dr. Smith", "Doctor Smith"),
    ("en", "60 mph", "sixty miles per hour"),
    ("en", "03/12/2024", "March twelfth, two thousand twenty-four"),
    ("en", "call 911", "call nine one one"),
]


def phonemes(text: str, language: str) -> str:
    voice = {"fr": "fr", "en": "en-us"}[language]
    heard = subprocess.run(
        ["espeak-ng", "-q", "-x", "-v", voice, text], capture_output=True, text=True, check=True
    ).stdout
    return re.sub(
        r"[\W_\d]", "", heard
    )  # without stress, pauses and shades, which follow how a number is written


@pytest.mark.real
@pytest.mark.parametrize(("language", "written", "words"), LISTENED)
def test_espeak_says_it_as_the_words_would_be_said(language: str, written: str, words: str) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (Debian: espeak-ng)")
    assert phonemes(normalize(written, language), language) == phonemes(words, language)
