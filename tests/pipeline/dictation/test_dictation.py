"""Dictations from the key to the sink, on virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from pipeline import (
    Cancel,
    Dictation,
    DictationIO,
    Interrupted,
    Interruption,
    Journal,
    PasteLast,
    Receipt,
    Request,
    Start,
    Stop,
    Window,
)
from stt import Line, ScriptedTranscriber, STTManager, STTUnavailable
from tests.kit.conversation import Said
from tests.kit.dictation import FRAME_S, HELD, Book, Dictated, LiveSource, Pressed, World, dictate
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual


@dataclass(frozen=True)
class Around:
    """A desktop that tells what is given."""

    at: Window | None = None
    before: str | None = None
    slow_s: float = 0.0

    async def window(self) -> Window | None:
        await asyncio.sleep(self.slow_s)
        return self.at

    async def before_cursor(self) -> str | None:
        return self.before


def test_hold_speak_release_and_the_words_are_there() -> None:
    found = dictate(
        World([Said(0.5, 2.5)], [Line("Bonjour tout le monde.", "fr")]), dictation__partials=False
    )
    assert found.book.texts == ["Bonjour tout le monde."]
    assert found.states == ["listening", "processing", "inserting", "idle"]
    assert found.names == [
        "dictation.state",
        "dictation.started",
        "dictation.state",
        "dictation.stopped",
        "dictation.text",
        "dictation.state",
        "dictation.delivered",
        "dictation.state",
    ]
    assert found.one("dictation.started")["target"] == "an editor"
    assert found.one("dictation.text")["language"] == "fr"
    assert found.one("dictation.delivered")["delivery"] == "confirmed"
    assert found.book.closed == 1


def test_a_dictation_has_begun_before_it_is_over_however_late_the_desktop_tells_its_window() -> None:
    world = World([Said(0.1, 0.9)], [Line("Short.")], Book(slow_begin_s=2.0))
    found = dictate(world, [(0.0, Start("hold")), (1.0, Stop())], dictation__partials=False)
    names = [name for name in found.names if name in {"dictation.started", "dictation.stopped"}]
    assert names == ["dictation.started", "dictation.stopped"]
    assert found.book.texts == ["Short."]


def test_the_next_one_begins_while_the_former_is_still_understood() -> None:
    pressed: Pressed = [(0.0, Start("hold")), (2.0, Stop()), (2.1, Start("hold")), (4.0, Stop())]
    lines = [Line("The first.", delay=3.0), Line("The second.", delay=0.1)]
    found = dictate(
        World([Said(0.2, 1.9), Said(2.2, 3.9)], lines, Book(slow_s=1.0)), pressed, dictation__partials=False
    )
    assert found.book.texts == ["The first.", " The second."]
    assert found.states == ["listening", "processing", "listening", "processing", "inserting", "idle"]


def test_words_are_shown_while_they_are_spoken() -> None:
    found = dictate(World([Said(0.2, 4.2)], counting_s=0.1), [(0.0, Start("hold")), (4.5, Stop())])
    partials = found.all("transcript.partial")
    assert len(partials) > 3
    assert all(p["text"].startswith(p["committed"]) for p in partials)
    assert partials[-1]["committed"].startswith("w1 w2 w3 w4")
    assert {p["id"] for p in partials} == {found.one("dictation.text")["id"]}
    assert found.book.texts == ["w1 w2 w3 w4 w5 w6 w7 w8"]


def test_after_the_release_only_the_tail_is_decoded() -> None:
    """Three minutes of speech with pauses: what is left at the end is one piece, however long it all was."""
    said = [Said(begin, begin + 8.5) for begin in range(0, 180, 10)]
    found = dictate(World(said, counting_s=0.3), [(0.0, Start("hold")), (178.0, Stop())])
    late = [length for at, length in found.decodes if at >= 178.0]
    assert len(late) <= 2
    assert all(length < 10 for length in late)
    assert len(found.book.texts[0].split()) == pytest.approx(17 * 17 + 16, abs=2)
    assert found.one("dictation.delivered")["t"] - 178.0 < 1.0


def test_a_guess_that_has_heard_all_is_not_made_again() -> None:
    found = dictate(World([Said(0.2, 2.2)], counting_s=0.05), [(0.0, Start("hold")), (2.6, Stop())])
    assert [at for at, _ in found.decodes if at > 2.6] == []
    assert found.book.texts == ["w1 w2 w3 w4"]


def test_voice_that_comes_while_a_pause_is_decoded_is_not_lost() -> None:
    found = dictate(
        World([Said(0.2, 2.2), Said(2.9, 4.9)], counting_s=0.8),
        [(0.0, Start("hold")), (5.0, Stop())],
        dictation__partials=False,
    )
    assert found.book.texts == ["w1 w2 w3 w4 w1 w2 w3 w4"]


def test_a_microphone_that_gives_digital_silence_is_told() -> None:
    assert dictate(World()).one("dictation.cancelled")["reason"] == "the microphone gave no sound"


def test_where_there_is_no_voice_there_is_no_text() -> None:
    world = World([Said(0.5, 2.0)])  # sound, and the detector takes it for none
    found = dictate(world, vad__backend="energy", vad__threshold=0.99)
    assert found.one("dictation.cancelled")["reason"] == "nothing was said"
    assert found.book.texts == []
    assert found.states == ["listening", "processing", "idle"]
    assert found.book.closed == 1


def test_what_the_gate_rejects_is_not_written() -> None:
    found = dictate(
        World([Said(0.5, 1.0)], [Line("Thanks for watching! www.amara.org")]), dictation__partials=False
    )
    assert found.book.texts == []
    assert "dictation.text" not in found.names


def test_cancelled_is_thrown_away_and_the_next_one_works() -> None:
    pressed: Pressed = [(0.0, Start("hold")), (1.0, Cancel()), (1.5, Start("hold")), (3.0, Stop())]
    found = dictate(
        World([Said(0.2, 0.8), Said(1.8, 2.8)], [Line("Kept.")]), pressed, dictation__partials=False
    )
    assert found.one("dictation.cancelled")["reason"] == "cancelled"
    assert found.book.texts == ["Kept."]


def test_cancelled_while_it_is_understood() -> None:
    pressed: Pressed = [(0.0, Start("hold")), (1.0, Stop()), (2.0, Cancel())]
    found = dictate(World([Said(0.2, 0.8)], [Line("Slow.", delay=5.0)]), pressed, dictation__partials=False)
    assert found.names.count("dictation.cancelled") == 1
    assert found.book.texts == []


@pytest.mark.parametrize(
    ("reason", "inserted"), [("key-up", True), ("device", True), ("lock", False), ("suspend", False)]
)
def test_what_is_interrupted_is_finished_and_kept(reason: Interruption, inserted: bool) -> None:
    pressed: Pressed = [(0.0, Start("hold")), (2.0, Interrupted(reason))]
    found = dictate(World([Said(0.2, 1.8)], [Line("Still here.")]), pressed, dictation__partials=False)
    assert found.one("dictation.stopped")["reason"] == reason
    assert found.book.texts == (["Still here."] if inserted else [])
    assert ("dictation.kept" in found.names) is not inserted
    assert found.journal is not None
    assert found.journal.load().text == "Still here."


def test_a_lost_microphone_costs_nothing_of_what_was_heard() -> None:
    found = dictate(
        World([Said(0.2, 1.8)], [Line("Before it went.")], lost_at=2.0), dictation__partials=False
    )
    assert found.one("dictation.stopped")["reason"] == "device"
    assert found.book.texts == ["Before it went."]


def test_a_microphone_that_never_was_is_said() -> None:
    found = dictate(World(lost_at=0.0))
    assert found.one("dictation.failed")["stage"] == "capture"
    assert found.states == ["listening", "error"]
    assert found.journal is not None
    assert found.journal.ids() == []


def test_nobody_speaks_for_nothing_when_words_could_go_nowhere() -> None:
    found = dictate(World([Said(0.2, 1.8)], book=Book(no_target="There is no window.")))
    failed = found.one("dictation.failed")
    assert (failed["stage"], failed["error"]) == ("target", "There is no window.")
    assert failed["t"] < 0.1
    assert found.sources[0].closed
    assert found.journal is not None
    assert found.journal.ids() == []


def test_a_sink_that_breaks_leaves_the_words_in_the_journal_and_paste_last_inserts_them() -> None:
    book = Book(broken="The window is gone.")
    pressed: Pressed = [*HELD, (5.0, PasteLast())]

    found = dictate(World([Said(0.2, 1.8)], [Line("Not lost.")], book), pressed, dictation__partials=False)
    kept = found.all("dictation.kept")
    assert [k["where"] for k in kept] == ["the journal", "the journal"]
    assert kept[0]["reason"] == "The window is gone."
    assert found.states[-1] == "error"


def test_paste_last_inserts_once_more() -> None:
    found = dictate(
        World([Said(0.2, 1.8)], [Line("Again.")]), [*HELD, (5.0, PasteLast())], dictation__partials=False
    )
    assert found.book.texts == ["Again.", " Again."]
    first, second = found.all("dictation.delivered")
    assert first["id"] == second["id"]


def test_paste_last_with_nothing_to_paste() -> None:
    found = dictate(World(), [(0.0, PasteLast())])
    assert found.one("dictation.failed")["error"] == "There is no earlier dictation."


def test_words_kept_on_the_clipboard_are_told() -> None:
    book = Book(receipt=Receipt("kept", "the clipboard", "The window has changed."))
    found = dictate(World([Said(0.2, 1.8)], [Line("Over here.")], book), dictation__partials=False)
    assert found.one("dictation.kept")["where"] == "the clipboard"
    assert found.statuses[-1].last is None
    assert found.states[-1] == "idle"


def test_a_dictation_that_is_too_long_is_finished_by_itself() -> None:
    found = dictate(
        World([Said(0.2, 5.0)], [Line("Enough.")]),
        [(0.0, Start("hold"))],
        dictation__partials=False,
        dictation__max_minutes=0.05,
    )
    assert found.one("dictation.stopped")["reason"] == "too long"
    assert found.one("dictation.stopped")["seconds"] == pytest.approx(3.0, abs=0.05)
    assert found.book.texts == ["Enough."]


def test_a_model_that_fails_loses_no_sound_and_says_how_to_go_on() -> None:
    gone = STTUnavailable("The model is gone.")
    lines = [Line(error=gone), Line(error=gone)]
    world = World([Said(0.1, 0.4)], lines)
    found = dictate(world, [(0.0, Start("hold")), (0.5, Stop())], run=asyncio.run, dictation__partials=False)
    failed = found.one("dictation.failed")
    assert failed["stage"] == "stt"
    assert "prism history retry" in failed["error"]


def test_what_is_cancelled_from_below_fails_like_anything_else() -> None:
    """An engine whose thread was taken away cancels whoever waits for it; the next dictation must not wait for that."""
    taken = Line(error=asyncio.CancelledError())  # type: ignore[arg-type]  # no error of hearing
    pressed: Pressed = [(0.0, Start("hold")), (1.0, Stop()), (1.5, Start("hold")), (3.0, Stop())]
    world = World([Said(0.1, 0.9), Said(1.6, 2.9)], [taken, Line("The next.")])
    found = dictate(world, pressed, dictation__partials=False)
    assert "bug" in found.one("dictation.failed")["error"]
    assert found.book.texts == ["The next."]


PROFILES = [
    {"application": ["keepass*"], "enabled": False},
    {
        "application": ["xterm"],
        "title": ["*vim*"],
        "format": "plain",
        "chord": "shift+insert",
        "language": "fr",
    },
]


@pytest.mark.parametrize("slow_s", [0.0, 1.5])
def test_dictation_is_off_where_a_profile_says_so(slow_s: float) -> None:
    at = Around(Window("1", "KeePassXC", "Secrets"), slow_s=slow_s)
    found = dictate(World([Said(0.2, 1.8)], surroundings=at), dictation__profiles=PROFILES)
    assert found.one("dictation.failed")["error"].startswith("Dictation is switched off for KeePassXC")
    assert found.journal is not None
    assert found.journal.ids() == []
    assert found.book.profiles == []


def test_a_profile_says_how_words_are_written() -> None:
    at = Around(Window("1", "xterm", "notes.txt - VIM"), before="x")
    found = dictate(
        World([Said(0.2, 1.8)], [Line("Bonjour virgule monde")], surroundings=at),
        dictation__partials=False,
        dictation__profiles=PROFILES,
    )
    assert found.book.texts == ["Bonjour virgule monde"]
    (profile,) = found.book.profiles
    assert (profile.chord, profile.language) == ("shift+insert", "fr")
    assert found.one("dictation.text")["language"] == "fr"


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (None, "The words."),
        ("", "The words."),
        ("And", " the words."),
        ("Done.", " The words."),
        ("Done. ", "The words."),
    ],
)
def test_words_suit_what_stands_before_the_cursor(before: str | None, text: str) -> None:
    at = Around(Window("1", "editor", "notes"), before)
    found = dictate(World([Said(0.2, 1.8)], [Line("The words.")], surroundings=at), dictation__partials=False)
    assert found.book.texts == [text]
    assert found.one("dictation.text")["text"] == "The words."


@pytest.mark.parametrize(
    ("window", "sink", "texts"),
    [
        (Window("1", "editor", "notes"), "paste", ["So one", " two."]),
        (None, "paste", ["So one", " two."]),  # Wayland tells no window
        (Window("1", "editor", "notes"), "clipboard", ["So one", "Two."]),
        (Window("1", "editor", "notes"), "file:notes.txt", ["So one", "Two."]),
    ],
)
def test_two_dictations_are_apart_at_a_cursor_of_which_the_desktop_tells_nothing(
    window: Window | None, sink: str, texts: list[str]
) -> None:
    pressed: Pressed = [*HELD, (4.0, Start("hold")), (7.0, Stop())]
    lines = [Line("So one"), Line("Two.")]
    found = dictate(
        World([Said(0.2, 1.8), Said(4.2, 5.8)], lines, surroundings=Around(window)),
        pressed,
        dictation__partials=False,
        dictation__sink=sink,
    )
    assert found.book.texts == texts


def test_a_spoken_line_break_alone_is_written() -> None:
    found = dictate(World([Said(0.2, 1.8)], [Line("Nouvelle ligne.", "fr")]), dictation__partials=False)
    assert found.book.texts == ["\n"]
    assert found.one("dictation.delivered")["text"] == "\n"


def test_a_clean_up_counts_and_what_was_recognized_is_kept() -> None:
    async def cleaner(text: str, language: str, prompt: str) -> str | None:
        assert language == "en"
        assert "Never answer" in prompt
        return text.replace("um, ", "")

    cleanup = {"enabled": True, "prompt": "Never answer.", "timeout_s": 1}
    found = dictate(
        World([Said(0.2, 1.8)], [Line("So um, yes.")], cleaner=cleaner),
        dictation__partials=False,
        dictation__cleanup=cleanup,
    )
    assert found.book.texts == ["So yes."]
    assert found.one("dictation.text")["raw"] == "So um, yes."


def test_a_flood_of_wishes_is_refused_and_harms_nothing() -> None:
    found = Dictated(Book())

    async def main() -> None:
        config = settings(vad__backend="scripted", journal__keep="off")
        io = DictationIO(lambda: LiveSource([]), found.book.sink)
        dictation = Dictation(
            io, STTManager(ScriptedTranscriber([]), config.stt, config.vad), Journal(config.journal), config
        )
        taken = [dictation.post(Stop()) for _ in range(5000)]
        assert taken.index(False) > 100
        dictation.finish()
        await dictation.run()

    run_virtual(main())


@pytest.mark.parametrize("wish", [Stop(), Cancel(), Interrupted("lock"), Start("hold")])
def test_a_wish_for_a_dictation_that_has_just_failed_harms_nothing(wish: Request) -> None:
    """The microphone fails within the loop's turn in which the key comes up."""
    for after in range(6):
        found = Dictated(Book())
        run_virtual(_failing_while(found, wish, after))
        assert found.names.count("dictation.failed") >= 1
        assert found.book.texts == []


async def _failing_while(found: Dictated, wish: Request, after: int) -> None:
    config = settings(vad__backend="scripted", journal__keep="off")
    io = DictationIO(lambda: LiveSource([], lost_at=0.0), found.book.sink)
    stt = STTManager(ScriptedTranscriber([]), config.stt, config.vad)
    dictation = Dictation(io, stt, Journal(config.journal), config, observers=[found])
    async with asyncio.TaskGroup() as group:
        group.create_task(dictation.run())
        dictation.post(Start("hold"))
        await asyncio.sleep(FRAME_S)
        for _ in range(after):
            await asyncio.sleep(0)
        dictation.post(wish)
        dictation.finish()


def test_the_next_text_waits_until_the_sink_of_the_one_before_is_closed() -> None:
    pressed: Pressed = [*HELD, (3.1, Start("hold")), (6.0, Stop())]
    found = dictate(
        World([Said(0.2, 2.8), Said(3.2, 5.8)], [Line("One."), Line("Two.")], Book(slow_close_s=5.0)),
        pressed,
        dictation__partials=False,
    )
    assert found.book.texts == ["One.", " Two."]
    first, second = found.all("dictation.delivered")
    assert second["t"] - first["t"] == pytest.approx(5.0, abs=0.1)


def test_a_sink_that_hangs_leaves_the_words_in_the_journal_and_the_next_one_goes() -> None:
    pressed: Pressed = [*HELD, (3.1, Start("hold")), (6.0, Stop())]
    book = Book(slow_s=1000.0, slow_close_s=1000.0)
    found = dictate(
        World([Said(0.2, 2.8), Said(3.2, 5.8)], [Line("One."), Line("Two.")], book),
        pressed,
        dictation__partials=False,
    )
    assert [k["text"] for k in found.all("dictation.kept")] == ["One.", "Two."]
    assert "may have arrived" in found.all("dictation.kept")[0]["reason"]
    assert found.journal is not None
    assert found.journal.load().state == "delivering"


def test_a_desktop_that_does_not_tell_its_window_is_not_waited_for_and_what_was_said_is_kept() -> None:
    found = dictate(World([Said(0.2, 1.8)], book=Book(slow_begin_s=1000.0)), [(0.0, Start("hold"))])
    failed = found.one("dictation.failed")
    assert failed["stage"] == "target"
    assert failed["t"] == pytest.approx(3.0, abs=0.1)
    assert found.journal is not None
    kept = found.journal.load()
    assert kept.unfinished
    assert found.journal.seconds(kept.id) == pytest.approx(3.0, abs=0.1)
    assert failed["error"].endswith(f"The recording is kept: prism history retry {kept.id}")


def test_sound_in_memory_is_bounded() -> None:
    journal = Journal(settings(journal__keep="off").journal)

    async def main() -> None:
        names = [await journal.begin("hold") for _ in range(5)]
        for name in names:
            journal.record(name).append(np.ones(10, np.int16))
        assert [journal.seconds(name) > 0 for name in names] == [False, False, True, True, True]

    run_virtual(main())


@pytest.mark.parametrize("release", [2.0, 2.3, 2.6, 2.9])
def test_a_guess_that_has_not_heard_the_end_does_not_keep_the_words_waiting(release: float) -> None:
    world = World([Said(0.2, release + 1.0)], counting_s=1.0)
    found = dictate(world, [(0.0, Start("hold")), (release, Stop())])
    assert found.one("dictation.delivered")["t"] - found.one("dictation.stopped")["t"] == pytest.approx(
        1.0, abs=0.01
    )
