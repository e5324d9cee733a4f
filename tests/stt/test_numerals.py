"""Numbers in words become figures; small ones and words that only look like numbers stay."""

from __future__ import annotations

import sys

import pytest

from stt import STTBackendMissing, STTManager
from stt.numerals import digits
from stt.postprocess import Rules, polish
from tests.kit.settings import settings


@pytest.mark.parametrize(
    ("language", "heard", "written"),
    [
        ("fr", "J'ai vingt-deux ans et trois enfants.", "J'ai 22 ans et 3 enfants."),
        ("fr", "Réveille-moi à sept heures trente.", "Réveille-moi à 7 heures 30."),
        ("fr", "un thé pour deux", "un thé pour deux"),
        ("fr", "le premier janvier deux mille vingt-six", "le premier janvier 2026"),
        ("fr", "trois virgule cinq kilomètres", "3,5 kilomètres"),
        ("fr", "quatre-vingt-dix-sept pour cent", "97 %"),
        ("fr", "zéro six douze trente-quatre", "06 12 34"),
        ("en", "twenty-one dollars and five cents", "21 dollars and 5 cents"),
        ("en", "one of them", "one of them"),
        ("en", "in nineteen ninety-nine", "in 1999"),
        ("en", "on May the twenty-first, twenty twenty-six", "on May the 21st, 2026"),
        ("en", "gates nineteen ninety-nine", "gates 19 99"),
        ("en", "three point one four", "3.14"),
        ("fr", "", ""),
        ("xx", "twenty-two", "twenty-two"),
    ],
)
def test_numbers_become_figures(language: str, heard: str, written: str) -> None:
    pytest.importorskip("text_to_num")
    assert digits()(heard, language) == written


def test_commands_and_typography_come_round_them() -> None:
    pytest.importorskip("text_to_num")
    rules = Rules(typography=True, commands=True, digits=digits())
    assert polish("il est vingt heures point d'interrogation", "fr", rules) == "il est 20 heures\u202f?"
    assert polish("voici deux points vingt", "fr", rules).endswith("20")
    assert polish("trois virgule cinq kilomètres virgule environ", "fr", rules) == "3,5 kilomètres, environ"


def test_without_the_library_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "text_to_num", None)
    with pytest.raises(STTBackendMissing, match=r"prism-voice\[numbers\]"):
        STTManager.from_settings(settings(stt__numbers="digits"))
    STTManager.from_settings(settings())
