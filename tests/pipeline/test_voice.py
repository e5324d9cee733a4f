"""How the voice is fed: one piece at a time at first, joined when playback is well ahead, openers by themselves."""

from __future__ import annotations

from llm import ScriptedReply, say
from pipeline.voice import MOST_WAITING, PACING
from stt import Line
from tests.kit.conversation import Outcome, Said, Stages, hold
from tts import OPENERS, SentenceSplitter, SpeechScript, is_opener

SENTENCES = [
    f"This is sentence number {word}." for word in "one two three four five six seven eight nine".split()
]
REPLY = " ".join(SENTENCES)


def talk(
    reply: ScriptedReply | str, *said: Said, speech: SpeechScript | None = None, fast: bool = False
) -> Outcome:
    stages = Stages(
        [Line("Go on."), Line("Enough of that.")], [reply, "Fine."], speech or SpeechScript(), use_up=False
    )
    return hold([Said(0.5, 1.5), *said], stages, fast=fast)


def test_when_playback_is_well_ahead_sentences_are_joined() -> None:
    outcome = talk(REPLY)
    assert outcome.spoken[0] == SENTENCES[0]
    assert " ".join(outcome.spoken) == REPLY
    assert len(outcome.spoken) < len(SENTENCES)
    assert any(len(text) > 2 * len(SENTENCES[0]) for text in outcome.spoken)
    assert [event["text"] for event in outcome.all("reply.sentence")] == SENTENCES
    assert outcome.one("turn.completed")["text"] == REPLY


def test_items_of_a_list_are_not_said_in_one_breath() -> None:
    items = [f"- Item number {word}\n" for word in "one two three four five six seven eight nine".split()]
    spoken = talk("".join(items), speech=SpeechScript()).spoken
    assert len(spoken) < len(items)
    assert "\n".join(spoken) == "\n".join(f"{item[2:].strip()}." for item in items)


def test_nobody_waits_for_a_second_sentence() -> None:
    slow = SpeechScript(first_chunk_s=1.5)  # as long as a sentence lasts: never ahead
    assert talk(REPLY, speech=slow).spoken == SENTENCES
    assert talk(say(REPLY, gap_s=0.6)).spoken == SENTENCES


def test_what_was_heard_of_a_joined_piece_ends_at_a_word() -> None:
    outcome = talk(REPLY, Said(9.0, 10.5))
    cut = outcome.one("turn.interrupted")
    heard = cut["heard_text"]
    assert len(outcome.spoken) < len(SENTENCES)
    assert REPLY.startswith(heard + " ")
    assert SENTENCES[2] in heard
    assert outcome.history[1] == ("assistant", heard)


def test_on_the_frame_counter_nothing_is_joined() -> None:
    assert talk(REPLY, fast=True).spoken == SENTENCES


def test_the_waiting_pieces_are_bounded() -> None:
    many = " ".join(SENTENCES * 8)
    outcome = talk(many)
    longest = max(text.count(".") for text in outcome.spoken)
    assert 1 < longest <= MOST_WAITING
    assert PACING.longest_s < 10


def test_an_opener_is_spoken_by_itself_and_what_follows_is_early_too() -> None:
    outcome = talk("Of course. In that case, let us see what there is to be done about it.")
    assert outcome.spoken == ["Of course.", "In that case,", "let us see what there is to be done about it."]
    splitter = SentenceSplitter()
    pieces = [*splitter.feed("Bien sûr ! Alors voilà donc, je vous explique. Et puis"), *splitter.flush()]
    assert pieces == ["Bien sûr ! ", "Alors voilà donc, ", "je vous explique. ", "Et puis"]


def test_what_is_an_opener() -> None:
    assert all(is_opener(text) for texts in OPENERS.values() for text in texts)
    assert is_opener("« Bien sûr… »")
    for text in ("", ".", "Of", "Of course not.", "Oui.", "No."):
        assert not is_opener(text)
    assert SentenceSplitter().feed("Okay, so we do that. And") == [
        "Okay, so we do that. "
    ]  # no sentence of its own
    assert SentenceSplitter(early=False).feed("Okay. So be it. And") == ["Okay. ", "So be it. "]
