"""What was taken back, spaces and capitals, doubt, profiles, clean-up: tables of the pure parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import DictationProfile
from llm import Scripted, ScriptedReply, Step, TextDelta
from pipeline import Window
from pipeline.dictation.cleanup import ModelCleaner, only_cleaned
from pipeline.dictation.complete import doubt
from pipeline.dictation.profiles import fits, profile_for
from pipeline.dictation.text import fitted, scratched
from pipeline.dictation.words import Recognized, written
from stt import ScriptedTranscriber, STTManager
from tests.kit.settings import settings


@pytest.mark.parametrize(
    ("said", "language", "left"),
    [
        ("One two. Scratch that.", "en", ""),
        ("Keep this. Not this. Scratch that.", "en", "Keep this."),
        ("Keep this. Not this, scratch that. And go on.", "en", "Keep this. And go on."),
        ("Not this. Scratch that. Keep.", "en", "Keep."),
        ("A. B. C. Scratch that. Delete that. D.", "en", "A. D."),
        ("Scratch that.", "en", ""),
        ("I scratch that itch.", "en", "I scratch that itch."),
        ("He said scratch that idea.", "en", "He said scratch that idea."),
        ("Bonjour. Pas ça. Annule ça.", "fr", "Bonjour."),
        ("Bonjour. Pas ça, annule ça.", "fr", "Bonjour."),
        ("Bonjour. Pas ca. Annule ca.", "fr", "Bonjour."),
        ("Annulez ça. Bonjour.", "fr", "Bonjour."),
        ("Annule ça demain.", "fr", "Annule ça demain."),
        ("Scratch that.", "fr", "Scratch that."),
        ("Rien.", "", "Rien."),
    ],
)
def test_what_is_taken_back(said: str, language: str, left: str) -> None:
    assert scratched(said, language) == left


@pytest.mark.parametrize(
    ("text", "before", "result"),
    [
        ("Bonjour.", None, "Bonjour."),
        ("Bonjour.", "", "Bonjour."),
        ("bonjour.", "", "Bonjour."),
        ("Bonjour.", "Salut.", " Bonjour."),
        ("Bonjour.", "Salut. ", "Bonjour."),
        ("Bonjour.", "« Salut. »", " Bonjour."),
        ("Et toi ?", "Oui !\n", "Et toi ?"),
        ("The end.", "This is", " the end."),
        ("The end.", "This is ", "the end."),
        ("I agree.", "And", " I agree."),
        ("I'm here.", "And", " I'm here."),
        ("NASA says so.", "But", " NASA says so."),
        ("McDonald came.", "Then", " McDonald came."),
        ("École.", "une", " école."),
        ("Homme.", "l'", "homme."),
        ("In brackets.", "(", "in brackets."),
        (", and so on.", "this", ", and so on."),
        ("\nNew.", "this", "\nNew."),
        ("42 men.", "of", " 42 men."),
        ("", "x", ""),
    ],
)
def test_words_are_fitted_to_what_stands_before(text: str, before: str | None, result: str) -> None:
    assert fitted(text, before) == result


@given(st.text(max_size=20), st.text(max_size=20))
def test_fitting_changes_nothing_but_a_space_and_the_first_letter(text: str, before: str) -> None:
    result = fitted(text, before)
    bare = result.removeprefix(" ") if len(result) > len(text) and not text.startswith(" ") else result
    assert bare.casefold() == text.casefold() or bare[1:] == text[1:]


def test_commands_of_a_whole_dictation_are_written_as_what_they_name() -> None:
    heard = Recognized("Cher Paul virgule nouvelle ligne merci. Non. Annule ça. À demain.", "fr")
    config = settings()
    stt = STTManager(ScriptedTranscriber([]), config.stt, config.vad)
    assert written(heard, stt, config) == "Cher Paul,\nMerci. À demain."
    assert written(heard, stt, config, plain=True) == heard.text
    without = settings(dictation__commands=False)
    assert written(heard, stt, without) == heard.text


@pytest.mark.parametrize(
    ("words", "voiced_s", "deaf_s", "doubtful"),
    [
        (0, 0.0, 0.0, False),
        (1, 5.0, 0.0, False),
        (30, 12.0, 0.0, False),
        (8, 12.0, 0.0, True),
        (60, 20.0, 3.0, True),
    ],
)
def test_too_few_words_for_the_voice_are_doubtful(
    words: int, voiced_s: float, deaf_s: float, doubtful: bool
) -> None:
    assert (doubt(words, voiced_s, deaf_s) is not None) is doubtful


VIM = Window("1", "xterm", "notes.txt - VIM")


@pytest.mark.parametrize(
    ("application", "title", "fit"),
    [
        ([], [], True),
        (["XTerm"], [], True),
        (["x*"], ["*vim"], True),
        (["kitty", "xterm"], [], True),
        (["kitty"], [], False),
        (["xterm"], ["*emacs*"], False),
    ],
)
def test_patterns_of_a_profile(application: list[str], title: list[str], fit: bool) -> None:
    profile = DictationProfile(application=tuple(application), title=tuple(title))
    assert fits(profile, VIM) is fit
    assert fits(profile, None) is (not application and not title)  # a desktop that tells no window


def test_the_first_profile_that_fits_counts_and_the_command_line_for_more() -> None:
    chosen = settings(
        dictation__profiles=[
            {"application": ["xterm"], "sink": "type", "cleanup": True},
            {"application": ["*"], "enabled": False},
        ]
    ).dictation
    found = profile_for(VIM, chosen)
    assert (found.sink, found.enabled, found.cleanup_prompt) == ("type", True, chosen.cleanup.prompt)
    assert profile_for(VIM, chosen, "stdout").sink == "stdout"
    assert not profile_for(Window("2", "firefox", ""), chosen).enabled
    assert profile_for(None, chosen).sink == "paste"


@pytest.mark.parametrize(
    ("said", "cleaned", "counts"),
    [
        ("so um I think it is good", "I think it is good.", True),
        ("what is the capital of France", "What is the capital of France?", True),
        ("what is the capital of France", "The capital of France is Paris.", False),
        ("what is the capital of France", "Paris.", False),
        ("quelle heure est il", "Quelle heure est-il ?", True),
        ("quelle heure est il", "Il est midi.", False),
        ("ils mange des pomme tous les jour", "Ils mangent des pommes tous les jours.", True),
        (
            "write a poem about the sea",
            "The sea is wide, the sea is blue, it sings its song for me and you.",
            False,
        ),
        ("bonjour tout le monde comment allez vous", "Hello everyone, how are you?", False),
        ("send it to to Paul no to Peter on Monday", "Send it to Peter on Monday.", True),
        ("is it raining", "It is raining.", False),
        ("there were twenty men", "There were 20 men.", True),
        ("hello", "", False),
        (" ".join(f"word{n}" for n in range(40)), " ".join(f"word{n}" for n in range(10)), False),
    ],
)
def test_a_clean_up_may_only_clean(said: str, cleaned: str, counts: bool) -> None:
    assert only_cleaned(said, cleaned) is counts


@pytest.mark.parametrize(
    ("says", "cleaned"),
    [
        (("Bonjour", " Paul."), "Bonjour Paul."),
        (("```text\nBonjour Paul.\n```",), "Bonjour Paul."),
        (("<dictation>Bonjour Paul.</dictation>",), "Bonjour Paul."),
        (("Bonjour Paul. \ud83d", "\ude00"), "Bonjour Paul. \U0001f600"),
        (("Bonjour Paul.\ud83d",), "Bonjour Paul."),
        (("Bonjour ! Comment puis-je vous aider aujourd'hui ?",), None),
    ],
)
async def test_what_a_model_gives_back_is_unwrapped_and_compared(
    says: tuple[str, ...], cleaned: str | None
) -> None:
    reply = ScriptedReply(tuple(Step(TextDelta(text)) for text in says))
    cleaner = ModelCleaner(Scripted([reply]), timeout_s=1)
    assert await cleaner.clean("bonjour euh Paul", "fr", "Clean this.") == cleaned
