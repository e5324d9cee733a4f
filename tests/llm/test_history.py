"""The memory of a conversation: what the model is shown, and what it never is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm import Entry, History, Message
from llm.history import MAX_TOKENS, SUMMARY_CHARS, SUMMARY_LEAD, clipped, size_of

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


def written(writes: list[tuple[str, ...]], max_tokens: int = MAX_TOKENS) -> History:
    history = History(max_tokens=max_tokens)
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


def numbers(prompt: tuple[Message, ...]) -> list[int]:
    return [int(message.content[1:].split()[0]) for message in prompt if message.role == U]


def test_the_oldest_exchanges_go_whole_and_several_at_a_time() -> None:
    history, fronts = History(max_tokens=200), []
    for n in range(60):
        history.user(f"q{n} and some more words", "fr")
        prompt = history.render("Be brief.")
        assert prompt[0] == SYSTEM
        assert numbers(prompt) == list(range(numbers(prompt)[0], n + 1))
        assert history.estimate(prompt) <= 200
        fronts.append(numbers(prompt)[0])
        history.assistant(f"a{n}", "")
    jumps = [after - before for before, after in itertools.pairwise(fronts) if after != before]
    assert jumps
    assert min(jumps) >= 2, "the front changes seldom, and then by several exchanges"


def test_the_newest_exchange_stays_however_long_it_is() -> None:
    writes = [*exchanges(5), (U, "x" * 5000)]
    assert [message.content for message in written(writes, max_tokens=30).render("")] == ["x" * 5000]


def test_a_history_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        History(max_tokens=0)


def test_the_bound_follows_what_the_server_counts() -> None:
    history = written(exchanges(100, words=8), max_tokens=1500)
    before = history.render("Be brief.")
    history.learn(before, prompt_tokens=2 * history.estimate(before))
    history.user("and now", None)
    after = history.render("Be brief.")
    assert len(after) < 0.7 * len(before)
    assert history.estimate(after) <= 1500


@pytest.mark.parametrize("counted", [0, 1, 10**9])
def test_a_server_that_counts_nonsense_does_no_harm(counted: int) -> None:
    history = written(exchanges(30, words=8), max_tokens=1500)
    history.learn(history.render("Be brief."), counted)
    assert 0 < size_of(history.render("Be brief.")) <= 1500 * 4.5


def test_a_prompt_that_was_refused_loses_its_oldest_exchanges_and_so_do_the_next() -> None:
    history = written([*exchanges(50, words=8), (U, "q50 now")], max_tokens=6000)
    refused = history.render("Be brief.")
    shorter = history.too_long(refused, 512)
    assert shorter[0] == SYSTEM
    assert shorter[-1] == refused[-1]
    assert numbers(shorter) == list(range(numbers(shorter)[0], 51))
    assert history.estimate(shorter) <= 512 * 0.7
    history.assistant("fine", "fine")
    history.user("q51 next")
    assert numbers(history.render("Be brief."))[0] >= numbers(shorter)[0]


def test_without_a_limit_half_is_left_out() -> None:
    history = written([*exchanges(40, words=8), (U, "q40 now")])
    refused = history.render("Be brief.")
    assert history.estimate(history.too_long(refused, None)) <= history.estimate(refused) / 2


def test_one_long_utterance_cannot_be_made_shorter() -> None:
    history = written([(U, "x" * 9000)])
    assert history.too_long(history.render("Be brief."), 512) == history.render("Be brief.")


def test_a_conversation_goes_on_where_it_was() -> None:
    old = written(exchanges(3))
    noted: list[Entry] = []
    new = History(entries=old.entries, note=noted.append)
    assert new.render("Be brief.") == old.render("Be brief.")
    new.user("q3", "fr")
    new.assistant("a3", "a3 and more")
    assert noted == [Entry("user", "q3", "", "fr"), Entry("assistant", "a3", "a3 and more")]


TURN = st.tuples(
    st.text("abc é", max_size=200), st.text("xyz ", max_size=300), st.integers(0, 300), st.booleans()
)


@given(st.lists(TURN, max_size=40), st.integers(50, 800))
def test_whatever_is_said_the_prompt_keeps_its_front_and_its_bound(
    turns: list[tuple[str, str, int, bool]], bound: int
) -> None:
    """Prefix stable but when exchanges are left out; only what was heard; the bound kept but for the newest."""
    history = History(max_tokens=bound)
    last: tuple[Message, ...] = ()
    for asked, reply, cut, provisional in turns:
        if provisional:
            history.render("Be brief.", "something that was never said", "en")
        pending = history.render("Be brief.", asked, "fr")
        history.user(asked, "fr")
        prompt = history.render("Be brief.")
        assert pending == prompt, "the provisional prompt is the one that is committed"
        kept = last == prompt[: len(last)] or last[:-1] == prompt[: len(last) - 1]  # the last may have grown
        assert kept or len(prompt) < len(last) + 2, "the front changed without anything being left out"
        newest = sum(message.role == U for message in prompt) <= 1
        assert newest or history.estimate(prompt) <= bound
        assert [m.role for m in prompt[1:3]] in ([], [U], [U, A], [A], [A, U])
        heard = reply[:cut]
        history.assistant(heard, reply)
        last = history.render("Be brief.")
        assert not heard.strip() or heard.strip() in last[-1].content


def test_nothing_fades_while_there_is_room() -> None:
    history = written(exchanges(5), max_tokens=2000)
    history.render("Be brief.")
    assert history.fading() is None


def faded(bound: int = 300, count: int = 40) -> History:
    """A conversation that has nearly outgrown its bound, or more than that."""
    history = History(max_tokens=bound)
    for n in range(count):
        history.user(f"q{n} " * 4, "fr")
        history.render("Be brief.")
        history.assistant(f"a{n}", "")
    return history


def test_a_summary_takes_the_place_of_what_it_tells_of() -> None:
    history = faded()
    fading = history.fading()
    assert fading is not None
    before = history.render("Be brief.")
    assert fading.messages[0].content.startswith("q0 ")
    history.summarized("They counted.", fading.until)
    after = history.render("Be brief.")
    assert after[0].content == f"Be brief.\n\n{SUMMARY_LEAD}They counted."
    assert len(after) <= len(before)
    assert numbers(after)[0] == fading.until
    assert after[-1] == before[-1]
    assert history.fading() is None, "one summary is enough for a while"


def test_a_summary_comes_before_anything_is_left_out() -> None:
    history = History(max_tokens=300)
    before: tuple[Message, ...] = ()
    fading = None
    while fading is None:
        history.user(f"q{len(history.entries) // 2} " * 4, "fr")
        before = history.render("Be brief.")
        history.assistant("Yes.", "")
        fading = history.fading()
    assert numbers(before)[0] == 0, "everything was still shown"
    history.summarized("They counted.", fading.until)
    after = history.render("Be brief.")
    assert numbers(after)[0] == fading.until > 1
    assert history.estimate(after) < 300 * 0.85


def test_the_next_summary_tells_of_the_last_and_of_all_since() -> None:
    history = faded()
    first = history.fading()
    assert first is not None
    history.summarized("One.", first.until)
    for n in range(40, 120):  # more than fits, left out without a summary
        history.user(f"q{n} " * 4, "fr")
        history.render("Be brief.")
        history.assistant(f"a{n}", "")
    second = history.fading()
    assert second is not None
    assert second.summary == "One."
    assert second.messages[0].content.startswith(f"q{first.until} ")
    assert second.messages[-1].content == f"a{second.until - 1}"


def test_without_a_system_prompt_there_is_no_place_for_a_summary() -> None:
    history = written(exchanges(100, words=4), max_tokens=300)
    history.render("")
    assert history.fading() is None


def test_a_summary_that_is_too_long_ends_with_a_sentence() -> None:
    history = faded(bound=6000)
    history.summarized("One two.  Three\nfour! " + "x" * SUMMARY_CHARS, 3)
    assert history.render("Be brief.")[0].content.endswith("One two. Three four!")
    assert clipped("x" * 20, 10) == "x" * 10
    assert clipped(" a\n b ", 10) == "a b"


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=60), st.integers(600, 1500))
def test_with_summaries_the_bound_holds_and_the_front_changes_only_with_them(
    turns: list[tuple[int, bool]], bound: int
) -> None:
    history = History(max_tokens=bound)
    last: tuple[int, tuple[Message, ...]] | None = None
    for n, (length, idle) in enumerate(turns):
        history.user(f"q{n} " + "x" * length, "fr")
        prompt = history.render("Be brief.")
        left_out = numbers(prompt)[0] if numbers(prompt) else 0
        if last and left_out == last[0]:
            assert prompt[: len(last[1])] == last[1]
        assert history.estimate(prompt) <= bound or len(numbers(prompt)) == 1
        history.assistant(f"a{n}", "")
        if idle and (fading := history.fading()):
            history.summarized(f"Summary {n}. " * 90, fading.until)
            prompt = history.render("Be brief.")
            left_out = numbers(prompt)[0]
            assert left_out >= fading.until
        last = (left_out, prompt)


def test_five_hundred_turns_stay_within_bound_and_memory() -> None:
    history = History(max_tokens=2000)
    fronts, longest, prompt = set(), 0, history.render("Be brief.")
    for n in range(500):
        history.user(f"Question {n} : " + "quelle heure est-il ? " * (n % 7), "fr")
        prompt = history.render("Be brief.")
        longest = max(longest, history.estimate(prompt))
        fronts.add(prompt[1].content[:14])
        history.assistant("Il est midi. " * (n % 5), "Il est midi. " * 5)
    assert longest <= 2000
    assert len(prompt) < 200
    assert len(fronts) < 60, "the front of the prompt changed in few of 500 turns"
    assert len(history.entries) == 1000
    assert sum(len(entry.text) + len(entry.intended) for entry in history.entries) < 200_000
