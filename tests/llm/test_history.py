"""The memory of a conversation: what the model is shown, and what it never is."""

from __future__ import annotations

import pytest

from llm import Entry, History, Message

U, A = "user", "assistant"
SYSTEM = Message("system", "Be brief.")

TABLE: list[tuple[str, list[tuple[str, ...]], list[tuple[str, str]]]] = [
    ("nothing yet", [], []),
    ("one question", [(U, "a")], [(U, "a")]),
    ("an exchange", [(U, "a"), (A, "b", "b")], [(U, "a"), (A, "b")]),
    ("a reply that was cut", [(U, "a"), (A, "one two", "one two three")], [(U, "a"), (A, "one two")]),
    ("a reply that was never heard", [(U, "a"), (A, "", "one"), (U, "b")], [(U, "a b")]),
    ("blank is not heard", [(U, "a"), (A, " \n", "one"), (U, "b")], [(U, "a b")]),
    ("three times cut in", [(U, "a"), (A, "", "x"), (U, "b"), (A, "", "y"), (U, "c")], [(U, "a b c")]),
    ("two replies in a row", [(U, "a"), (A, "b", "b"), (A, "c", "c")], [(U, "a"), (A, "b c")]),
    ("the assistant begins", [(A, "ding", "ding"), (U, "a")], [(A, "ding"), (U, "a")]),
    ("no words of the user", [(U, ""), (A, "b", "b")], [(A, "b")]),
]


def written(writes: list[tuple[str, ...]], **limits: int) -> History:
    history = History(**limits)
    for role, *texts in writes:
        if role == U:
            history.user(texts[0], "fr")
        else:
            history.assistant(texts[0], texts[1])
    return history


@pytest.mark.parametrize(("name", "writes", "shown"), TABLE, ids=[row[0] for row in TABLE])
def test_the_prompt(name: str, writes: list[tuple[str, ...]], shown: list[tuple[str, str]]) -> None:
    prompt = written(writes).render("Be brief.")
    assert prompt[0] == SYSTEM, name
    assert [(message.role, message.content) for message in prompt[1:]] == shown


def test_what_was_intended_is_kept_and_never_shown() -> None:
    history = written([(U, "a"), (A, "one", "one secret")])
    assert history.entries == (Entry("user", "a", language="fr"), Entry("assistant", "one", "one secret"))
    assert "secret" not in str(history.render("Be brief."))


def test_the_last_known_language_of_joined_words_holds() -> None:
    history = History()
    for text, language in (("un", "fr"), ("two", "en"), ("hm", None)):
        history.user(text, language)
    assert history.render("")[-1] == Message("user", "un two hm", "en")


def test_no_system_prompt_is_no_message() -> None:
    assert written([(U, "a")]).render("") == (Message("user", "a", "fr"),)


def test_a_prompt_does_not_change_what_comes_next() -> None:
    history = written([(U, "a")])
    assert history.render("x") == history.render("x")


def exchanges(count: int, words: int = 1) -> list[tuple[str, ...]]:
    return [write for n in range(count) for write in ((U, f"q{n} " * words), (A, f"a{n}", ""))]


@pytest.mark.parametrize("count", range(1, 40))
def test_the_oldest_exchanges_go_whole_and_several_at_a_time(count: int) -> None:
    prompt = written(exchanges(count), max_exchanges=10, max_chars=1000).render("Be brief.")
    numbers = [int(message.content[1:]) for message in prompt if message.role == "user"]
    assert prompt[0] == SYSTEM
    assert [message.role for message in prompt[1:]] == [U, A] * len(numbers)
    assert numbers == list(range(numbers[0], count))
    assert numbers[0] % 4 == 0
    assert min(count, 7) <= len(numbers) <= 10


def test_the_prompt_keeps_to_its_characters() -> None:
    prompt = written(exchanges(30, words=20), max_chars=1000).render("Be brief.")
    assert 500 <= sum(len(message.content) for message in prompt[1:]) <= 1000


def test_the_newest_exchange_stays_however_long_it_is() -> None:
    writes = [*exchanges(5), (U, "x" * 5000)]
    assert [message.content for message in written(writes, max_chars=100).render("")] == ["x" * 5000]


@pytest.mark.parametrize("limits", [{"max_exchanges": 0}, {"max_chars": 0}])
def test_a_history_without_room_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="room"):
        History(**limits)
