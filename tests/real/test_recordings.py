"""What the recognizer that comes with Prism makes of a collection of recordings, through ``prism transcribe``."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path

import jiwer
import pytest

from tests.kit.prism import ENGINES, RECORDINGS, Event, Prism

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

log = logging.getLogger(__name__)

MANIFEST = RECORDINGS / "manifest.json"
MOST_ERRORS = 0.05
"""Words of a hundred that may be wrong."""
EXACT = {
    "fr_01.wav": "Ceci est un système de transcription automatique.",
    "fr_02.wav": "Alors faisons le test pour voir ce qui est écrit.",
    "fr_03.wav": "On va voir ce qu'il fait seul.",
    "fr_04.wav": "Je la monte dans mon tiroir.",
}
"""Sentences of which no letter may be wrong."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording: what is said in it, and what was understood."""

    truth: Event
    understood: Event


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    """All recordings, transcribed by one run that has to find out the language by itself."""
    if not MANIFEST.exists():
        pytest.skip(f"no recordings in {RECORDINGS}")
    truths = json.loads(MANIFEST.read_text("utf-8"))
    files = [RECORDINGS / truth["file"] for truth in truths]
    prism = Prism(tmp_path_factory.mktemp("transcribe"))
    ran = prism("transcribe", *files, "--format", "json", "--lang", "auto", *ENGINES)
    assert (ran.code, ran.err) == (0, "")
    assert [Path(record["file"]) for record in ran.events] == files
    log.info("%d recordings in %.1f s, start included", len(files), ran.seconds)
    return [Heard(*pair) for pair in zip(truths, ran.events, strict=True)]


def plain(text: str) -> str:
    """Words without case and punctuation; an apostrophe parts words, as in "l'eau"."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_hardly_a_word_is_wrong(heard: list[Heard], language: str) -> None:
    mine = [each for each in heard if each.truth["language"] == language]
    assert len(mine) >= 10
    errors = jiwer.wer(
        [plain(each.truth["text"]) for each in mine], [plain(each.understood["text"]) for each in mine]
    )
    log.info("%s: WER %.1f %% in %d recordings", language, errors * 100, len(mine))
    assert errors <= MOST_ERRORS


def test_the_language_is_found_out(heard: list[Heard]) -> None:
    wrong = [each.truth["file"] for each in heard if each.understood["language"] != each.truth["language"]]
    assert wrong == []


@pytest.mark.parametrize("name", EXACT)
def test_these_sentences_are_understood_to_the_letter(heard: list[Heard], name: str) -> None:
    (understood,) = (each.understood for each in heard if each.truth["file"] == name)
    assert understood["text"] == EXACT[name]


def test_times_and_figures_make_sense(heard: list[Heard]) -> None:
    for each in heard:
        record, truth = each.understood, each.truth
        assert record["duration_s"] == pytest.approx(truth["duration_s"], abs=0.01)
        assert record["segments"][0]["start"] <= truth["speech_start_s"] + 0.1
        assert truth["speech_end_s"] - 0.3 <= record["segments"][-1]["end"] <= record["duration_s"] + 0.01
        assert 0.0 < record["confidence"] <= 1.0
