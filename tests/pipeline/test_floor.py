"""The floor's rules, fact by fact."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pipeline.barge_in import Scene
from pipeline.floor import MOST_TRIES, Announce, Decoded, Dismiss, Floor, Interrupt, Judge, Open, Reject
from pipeline.outcome import Completed, Failed, Interrupted, Superseded
from pipeline.quality import Quality
from stt import Rejection, SpeechEnded, SpeechResumed, SpeechStarted, Transcript
from tests.kit.settings import settings


def floor(*, speculate: bool = False) -> Floor:
    return Floor(settings(turn__speculate=speculate).turn, Quality(lambda *_: None), itertools.count(100))


def words(utterance: int, revision: int = 0, text: str = "Hello there.") -> Decoded:
    transcript = Transcript(text, "en", 0.9, (), True, 1.0, 0.1, "m", "b")
    return Decoded(utterance, revision, 1.0, transcript)


def begin(f: Floor, utterance: int, scene: Scene | None = None) -> None:
    assert f.started(SpeechStarted(utterance, 0.0, 0.1), scene or Scene()) == []


def end(utterance: int, revision: int = 0) -> SpeechEnded:
    return SpeechEnded(utterance, revision, 1.0, 1.5)


def kinds(commands: Sequence[object]) -> list[str]:
    return [type(command).__name__ for command in commands]


CUT_UNHEARD = Interrupted("", "All of it.", "speech", audible=False)
CUT_HEARD = Interrupted("All", "All of it.", "speech", audible=True)


def test_words_before_the_end_are_judged_and_committed_at_the_end() -> None:
    f = floor()
    begin(f, 1)
    (judge,) = f.decoded(words(1))
    assert isinstance(judge, Judge)
    (opened,) = f.ended(end(1))
    assert isinstance(opened, Open)
    assert (opened.number, opened.committed, opened.announce) == (1, True, True)


def test_words_after_the_end_open_the_turn_when_they_come() -> None:
    f = floor()
    begin(f, 1)
    assert f.ended(end(1)) == []
    assert kinds(f.decoded(words(1))) == ["Open"]


def test_with_speculation_the_turn_is_open_before_its_end() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    first, judge = f.decoded(words(1))
    assert isinstance(first, Open)
    assert not first.committed
    assert isinstance(judge, Judge)
    assert kinds(f.ended(end(1))) == ["Commit"]


def test_more_speech_supersedes_and_its_words_are_stale() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    f.decoded(words(1))
    assert kinds(f.resumed(SpeechResumed(1, 1, 0.3, 2.0))) == ["Supersede"]
    assert f.over(1, 0, Superseded()) == []
    assert f.decoded(words(1, 0)) == []
    assert kinds(f.decoded(words(1, 1))) == ["Open", "Judge"]


def test_rejected_words_open_nothing_and_are_told_at_the_end() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    noise = Decoded(1, 0, 1.0, words(1).transcript, rejected=Rejection("empty", ""))
    assert kinds(f.decoded(noise)) == ["Judge"]
    assert kinds(f.ended(end(1))) == ["Reject"]
    assert f.idle


def replying(scene: Scene | None = None) -> Floor:
    """A floor with a live reply to utterance 1, into which utterance 2 has begun."""
    f = floor()
    begin(f, 1)
    f.decoded(words(1))
    f.ended(end(1))
    begin(f, 2, scene)
    return f


NOISE = Decoded(2, 0, 1.0, words(2).transcript, rejected=Rejection("empty", ""))
HEARING = Scene(audible=True, last_heard="It is a fine day.")


def test_words_cut_a_reply_whether_it_was_heard_or_not() -> None:
    for cut in (CUT_UNHEARD, CUT_HEARD):
        f = replying(HEARING)
        assert f.decoded(words(2, text="Wait a moment."))[0] == Interrupt("speech")
        assert f.over(1, 0, cut) == []  # somebody speaks
        (opened,) = f.ended(end(2))
        assert isinstance(opened, Open)
        assert opened.announce


def test_no_words_dismiss_the_challenge_and_the_reply_lives() -> None:
    f = replying(HEARING)
    assert f.decoded(NOISE)[0] == Dismiss(2, 0)
    assert "Open" not in kinds(f.ended(end(2)))
    assert not f.idle
    assert f.over(1, 0, Completed("All of it.")) == []
    assert f.idle


def test_a_backchannel_dismisses_and_is_told() -> None:
    f = replying(HEARING)
    assert f.decoded(words(2, text="Mm-hm."))[0] == Dismiss(2, 0)
    (reject,) = [c for c in f.ended(end(2)) if isinstance(c, Reject)]
    assert reject.words.rejected is not None
    assert reject.words.rejected.reason == "backchannel"


def test_a_yes_is_an_answer_where_it_can_be_one() -> None:
    asked = Scene(audible=True, last_heard="Shall I go on?")
    for scene in (asked, Scene(audible=False)):
        f = replying(scene)
        assert f.decoded(words(2, text="Yes."))[0] == Interrupt("speech")


def test_voice_that_lasts_cuts_without_words() -> None:
    f = replying(HEARING)
    assert f.sustained() == [Interrupt("speech")]
    assert floor().sustained() == []


def test_words_that_come_after_the_end_still_cut() -> None:
    f = replying(HEARING)
    assert f.ended(end(2)) == []
    assert kinds(f.decoded(words(2))) == ["Interrupt", "Announce"]
    assert kinds(f.over(1, 0, CUT_HEARD)) == ["Open"]


def test_after_the_cut_the_words_are_thought_about_at_once() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    f.decoded(words(1))
    f.ended(end(1))
    begin(f, 2)
    assert kinds(f.decoded(words(2))) == ["Interrupt", "Judge"]
    (opened,) = f.over(1, 0, CUT_HEARD)
    assert isinstance(opened, Open)
    assert (opened.number, opened.committed) == (2, False)


def test_an_unheard_reply_to_owed_words_starts_again_after_a_cut_that_led_to_nothing() -> None:
    f = replying()
    f.sustained()
    f.over(1, 0, CUT_UNHEARD)
    f.decoded(NOISE)
    reject, again = f.ended(end(2))
    assert isinstance(reject, Reject)
    assert isinstance(again, Open)
    assert (again.number, again.announce) == (100, False)


def test_speculation_is_capped() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    opened = 0
    for revision in range(10):
        opened += kinds(f.decoded(words(1, revision))).count("Open")
        f.resumed(SpeechResumed(1, revision + 1, 0.2, 2.0))
        f.over(1, revision, Superseded())
    assert opened == MOST_TRIES


def test_the_key_says_never_mind() -> None:
    f = floor()
    begin(f, 1)
    f.decoded(words(1))
    f.ended(end(1))
    assert f.stopped() == [Interrupt("key")]
    assert f.over(1, 0, Interrupted("", "All.", "key", audible=False)) == []
    assert f.idle


def test_the_key_does_not_make_a_provisional_turn_begin_again() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    f.decoded(words(1))
    assert f.stopped() == []
    assert kinds(f.ended(end(1))) == ["Commit"]


def test_words_that_come_while_a_later_utterance_is_open_are_owed() -> None:
    f = floor()
    begin(f, 1)
    f.ended(end(1))
    begin(f, 2)
    assert kinds(f.decoded(words(1))) == ["Announce"]
    f.decoded(words(2))
    (opened,) = f.ended(end(2))
    assert isinstance(opened, Open)
    assert f.over(2, 0, Completed("Both answered.")) == []
    assert f.idle


def test_no_turn_starts_while_earlier_words_are_still_being_decoded() -> None:
    f = floor(speculate=True)
    begin(f, 1)
    f.ended(end(1))
    begin(f, 2)
    assert kinds(f.decoded(words(2))) == ["Judge"]
    assert f.ended(end(2)) == []
    first, opened = f.decoded(words(1))
    assert isinstance(first, Announce)
    assert isinstance(opened, Open)
    assert opened.words is not None
    assert (first.words.utterance, opened.words.utterance) == (1, 2)


def test_a_typed_line_cuts_a_reply_and_is_answered_itself() -> None:
    f = floor()
    f.typed(words(1))
    commands = f.typed(words(2))
    assert kinds(commands) == ["Interrupt", "Announce"]
    assert kinds(f.over(1, 0, CUT_HEARD)) == ["Open"]


def test_a_failed_turn_is_not_asked_again() -> None:
    f = floor()
    f.typed(words(1))
    assert f.over(1, 0, Failed("llm", "Gone.", "")) == []
    assert f.idle


def test_late_news_of_an_older_turn_is_ignored() -> None:
    f = floor()
    f.typed(words(1))
    assert f.over(7, 0, Completed("")) == []
    assert not f.idle


def test_a_timer_waits_for_silence_and_for_what_is_owed() -> None:
    f = floor()
    begin(f, 1)
    assert f.rang("Ring.", "en") == []
    f.decoded(words(1))
    (opened,) = f.ended(end(1))
    assert isinstance(opened, Open)
    assert opened.script is None
    (ring,) = f.over(1, 0, Completed("Done."))
    assert isinstance(ring, Open)
    assert (ring.script, ring.committed) == ("Ring.", True)


def test_an_owed_answer_comes_before_a_timer() -> None:
    f = floor()
    f.typed(words(1))
    f.rang("Ring.", None)
    begin(f, 2)
    f.sustained()
    f.over(1, 0, CUT_UNHEARD)
    noise = Decoded(2, 0, 1.0, words(2).transcript, rejected=Rejection("empty", ""))
    f.decoded(noise)
    _, opened = f.ended(end(2))
    assert isinstance(opened, Open)
    assert opened.script is None


def test_an_echo_dismisses_and_is_told_with_its_evidence() -> None:
    f = replying(Scene(audible=True, spoken="The capital of France is Paris."))
    echo = f.decoded(words(2, text="capital of France is"))
    assert kinds(echo) == ["Dismiss", "Judge"]
    _, told, *_ = f.ended(end(2))
    assert isinstance(told, Reject)
    assert told.words.rejected is not None
    assert told.words.rejected.reason == "echo"


def test_an_echo_after_the_reply_opens_no_turn() -> None:
    f = floor(speculate=True)
    begin(f, 1, Scene(spoken="The capital of France is Paris."))
    assert kinds(f.decoded(words(1, text="France is Paris"))) == ["Judge"]
    assert kinds(f.ended(end(1))) == ["Reject"]
    assert f.idle
