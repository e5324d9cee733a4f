"""The journal on a real disk: what is written when, what a crash or a full disk leaves, what a later run reads."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import stat
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from pipeline import Journal, JournalError
from pipeline.dictation.ledger import Dictated, LedgerState, folded, line
from pipeline.dictation.recording import HEADER_BYTES, Recording, read_blocks
from stt import SAMPLE_RATE
from tests.kit.settings import settings

SECOND = np.arange(SAMPLE_RATE, dtype=np.int16)


def keeping(folder: Path, failed: list[str] | None = None, **changes: object) -> Journal:
    chosen = settings(**{f"journal__{key}": value for key, value in changes.items()})
    return Journal(chosen.journal, folder / "dictations", (failed if failed is not None else []).append)


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = keeping(tmp_path)
    yield made
    await made.aclose()


def read(journal: Journal, name: str) -> np.ndarray:
    blocks = list(journal.sound(name))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.int16)


async def test_a_dictation_is_a_ledger_and_a_wav_for_its_owner_alone(journal: Journal) -> None:
    name = await journal.begin("hold")
    recording = journal.record(name)
    recording.append(SECOND)
    await journal.close_recording(recording)
    await journal.note(name, "captured", seconds=1.0)
    await journal.note(name, "transcribed", text="Où ?", language="fr")
    await journal.note(name, "confirmed", where="an editor")
    found = keeping(journal.folder.parent).load()
    assert (found.id, found.state, found.text, found.seconds, found.trigger) == (
        name,
        "confirmed",
        "Où ?",
        1.0,
        "hold",
    )
    with wave.open(str(journal.sound_file(name))) as file:
        assert file.getparams()[:4] == (1, 2, SAMPLE_RATE, SAMPLE_RATE)
        assert file.readframes(SAMPLE_RATE) == SECOND.tobytes()
    for path in (journal.sound_file(name), journal.ledger_file(name)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700


async def test_sound_is_on_the_disk_while_it_is_recorded(journal: Journal) -> None:
    name = await journal.begin("hold")
    recording = journal.record(name)
    for _ in range(10):
        recording.append(SECOND[:1600])
        await asyncio.sleep(0.1)
    async with asyncio.timeout(10):  # how soon it is there is proved by the soak
        while journal.sound_file(name).stat().st_size < HEADER_BYTES + 2 * SAMPLE_RATE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    copy = journal.folder.parent / "copy"
    shutil.copytree(journal.folder, copy)
    left = Journal(settings().journal, copy)
    assert len(read(left, name)) == SAMPLE_RATE
    assert left.load(name).unfinished
    await journal.close_recording(recording)
    await left.aclose()


async def test_two_in_one_second_have_two_names_in_their_order(journal: Journal) -> None:
    names = [await journal.begin("hold") for _ in range(12)]
    assert len(set(names)) == 12
    assert journal.ids() == names
    assert keeping(journal.folder.parent).ids() == names


@pytest.mark.parametrize("keep", ["audio", "text", "off"])
async def test_what_is_kept(tmp_path: Path, keep: str) -> None:
    journal = keeping(tmp_path, keep=keep)
    name = await journal.begin("hold")
    recording = journal.record(name)
    recording.append(SECOND)
    await journal.close_recording(recording)
    await journal.note(name, "delivering", text="Words.")
    assert (journal.sound_file(name).exists(), journal.ledger_file(name).exists()) == (
        keep != "off",
        keep != "off",
    )
    await journal.note(name, "confirmed")
    assert journal.sound_file(name).exists() is (keep == "audio")
    assert journal.ledger_file(name).exists() is (keep != "off")
    assert journal.load(name).text == "Words."  # of this run, at any rate
    if keep == "off":
        assert not journal.folder.exists()
        assert len(read(journal, name)) == SAMPLE_RATE
    await journal.aclose()


@pytest.mark.parametrize(
    ("lines", "state", "unfinished"),
    [
        ([], None, False),
        (["{"], None, False),
        (["started"], "started", True),
        (["started", "captured"], "captured", True),
        (["started", "transcribed", '{"state": "deliv'], "transcribed", True),
        (["started", "delivering"], "delivering", True),
        (["started", "delivering", "delivered"], "delivered", False),
        (["started", "delivering", "confirmed"], "confirmed", False),
        (["started", "cancelled"], "cancelled", False),
        (["started", "empty"], "empty", False),
        (["started", "failed"], "failed", True),
        (["started", "recovering"], "recovering", True),
        (["started", *["recovering"] * 3], "recovering", False),
        (["started", "recovering", "recovered"], "recovered", False),
    ],
)
def test_what_lines_say(lines: list[str], state: LedgerState | None, unfinished: bool) -> None:
    texts = [text if text.startswith("{") else line(text, "2026-11-20", {}) for text in lines]  # type: ignore[arg-type]
    found = folded("d1", texts)
    assert (found.state if found else None) == state
    assert (found is not None and found.unfinished) is unfinished


@pytest.mark.parametrize(("where", "unfinished"), [("the journal", True), ("the clipboard", False)])
def test_words_that_only_the_journal_has_are_unfinished(where: str, unfinished: bool) -> None:
    assert Dictated("d1", state="kept", where=where).unfinished is unfinished


def test_what_was_on_its_way_when_the_run_died_stays_uncertain() -> None:
    lines = [line(state, "", {}) for state in ("started", "delivering", "recovering")]
    found = folded("d1", lines)
    assert found is not None
    assert found.sent


async def test_a_line_after_a_torn_one_is_whole(journal: Journal) -> None:
    name = await journal.begin("hold")
    with journal.ledger_file(name).open("a") as file:
        file.write('{"state": "captur')
    later = keeping(journal.folder.parent)
    await later.note(name, "recovered", text="Here.")
    assert keeping(journal.folder.parent).load(name).state == "recovered"
    await later.aclose()


async def test_half_a_surrogate_pair_is_written_too(journal: Journal) -> None:
    name = await journal.begin("hold")
    await journal.note(name, "cleaned", text="é \ud83d")
    later = keeping(journal.folder.parent)
    assert later.load(name).text == "é \ud83d"
    await later.aclose()


def test_a_sample_that_was_torn_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(bytes(HEADER_BYTES) + b"\x01\x00\x02\x00\x03")
    assert np.concatenate(list(read_blocks(path))).tolist() == [1, 2]
    path.write_bytes(b"RIFF")
    assert list(read_blocks(path)) == []


async def test_old_ones_go_and_the_oldest_sound_beyond_the_size(tmp_path: Path) -> None:
    journal = keeping(tmp_path, max_mb=1, keep_days=1)
    names = []
    for _ in range(4):
        names.append(await journal.begin("hold"))
        recording = journal.record(names[-1])
        recording.append(np.zeros(200_000, np.int16))
        await journal.close_recording(recording)
        await journal.note(names[-1], "confirmed", text="Words.")
    old = journal.ledger_file(names[0])
    import os

    os.utime(old, (0, 0))
    await journal.tidy()
    assert not old.exists()
    assert [journal.sound_file(name).exists() for name in names] == [False, False, True, True]
    assert journal.ledger_file(names[1]).exists()
    await journal.aclose()


async def test_what_is_not_there_is_said(journal: Journal) -> None:
    with pytest.raises(JournalError, match="No dictation is kept yet"):
        journal.load()
    name = await journal.begin("hold")
    with pytest.raises(JournalError, match="There is no dictation d1"):
        journal.load("d1")
    with pytest.raises(JournalError, match="The sound of the dictation"):
        read(journal, name)
    await journal.note(name, "cancelled")
    journal.remove(name)
    assert journal.ids() == []


async def test_what_is_being_said_belongs_to_nobody_else(journal: Journal) -> None:
    name = await journal.begin("hold")
    recording = journal.record(name)
    recording.append(SECOND)
    other = keeping(journal.folder.parent, keep_days=1)
    with pytest.raises(JournalError, match="is in work right now"):
        other.remove(name)
    os.utime(journal.ledger_file(name), (0, 0))
    await other.tidy()
    await journal.close_recording(recording)
    assert read(other, name).tolist() == SECOND.tolist()
    await journal.note(name, "cancelled")
    other.remove(name)
    assert other.ids() == []
    await other.aclose()


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file may grow beyond 64 KiB: what a full disk does, without one."""
    if sys.platform == "win32":
        pytest.skip("no limit on the size of files here")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_disk")
async def test_a_full_disk_is_said_and_costs_no_sample(tmp_path: Path) -> None:
    told: list[str] = []
    journal = keeping(tmp_path, told)
    name = await journal.begin("hold")
    recording = journal.record(name)
    for _ in range(5):
        recording.append(SECOND)
        await asyncio.sleep(0.15)
    await journal.close_recording(recording)
    assert len(told) == 1
    assert "in memory only" in told[0]
    assert read(journal, name).tolist() == np.tile(SECOND, 5).tolist()
    another = await journal.begin("hold")
    assert not journal.ledger_file(another).exists()
    await journal.aclose()


@pytest.mark.usefixtures("small_disk")
async def test_what_was_delivered_never_looks_undelivered_on_a_full_disk(tmp_path: Path) -> None:
    journal = keeping(tmp_path)
    name = await journal.begin("hold")
    with journal.ledger_file(name).open("ab", buffering=0) as file:
        file.write(b"\n" * (65_536 - journal.ledger_file(name).stat().st_size))
    await journal.note(name, "delivering", text="Words.")
    assert not journal.ledger_file(name).exists()
    await journal.note(name, "confirmed")
    later = keeping(tmp_path)
    assert [one for one in later.newest() if one.unfinished] == []
    assert journal.load(name).state == "confirmed"
    await journal.aclose()
    await later.aclose()


async def test_a_disk_that_has_room_again_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.dictation.journal.AGAIN_S", 0.0)
    told: list[str] = []
    journal = keeping(tmp_path, told)
    (tmp_path / "dictations").write_text("in the way")
    for count in (1, 2):
        await journal.begin("hold")
        assert len(told) == count
    (tmp_path / "dictations").unlink()
    later = await journal.begin("hold")
    await journal.note(later, "confirmed", text="On the disk.")
    assert keeping(tmp_path).load().text == "On the disk."
    assert len(journal.ids()) == 3  # those in memory are known on
    await journal.aclose()


async def test_what_another_program_has_removed_is_forgotten_in_memory_too(journal: Journal) -> None:
    """Or paste-last would insert what its user has deleted, and bring its file back."""
    earlier = keeping(journal.folder.parent)
    old = await earlier.begin("hold")
    await earlier.note(old, "kept", text="Old.")
    await earlier.aclose()
    await journal.note(old, "delivered")  # pasted by this run
    names = [old, *[await journal.begin("hold") for _ in range(2)]]
    for name in names[1:]:
        await journal.note(name, "confirmed", text=f"Words of {name}.")
    other = keeping(journal.folder.parent)
    for gone in (names[2], old):
        other.remove(gone)
        with pytest.raises(JournalError, match="There is no dictation"):
            journal.load(gone)
    assert [one.id for one in journal.newest()] == [names[1]]
    await other.aclose()


async def test_tidying_beside_another_program_that_removes_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    journal = keeping(tmp_path, told)
    name = await journal.begin("hold")
    await journal.note(name, "confirmed", text="Words.")

    def busy(_claims: object, ledger: Path) -> bool:
        ledger.unlink()
        return False

    monkeypatch.setattr("pipeline.dictation.claims.Claims.busy", busy)
    await journal.tidy()
    assert told == []
    assert journal.on_disk
    await journal.aclose()


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "dictations").write_text("a file")
    told: list[str] = []
    journal = keeping(tmp_path, told)
    name = await journal.begin("hold")
    recording = journal.record(name)
    recording.append(SECOND)
    await journal.close_recording(recording)
    assert len(told) == 1
    assert len(read(journal, name)) == SAMPLE_RATE
    await journal.note(name, "transcribed", text="Words.")
    assert journal.load(name).text == "Words."
    await journal.aclose()


def test_a_recording_without_a_disk_is_in_memory() -> None:
    recording = Recording(None)
    recording.append(SECOND)
    recording.close()
    assert recording.seconds == 1.0
    assert np.concatenate(list(recording.blocks())).tolist() == SECOND.tolist()


async def test_what_another_process_records_is_its_own_until_it_rests_or_dies(tmp_path: Path) -> None:
    recording, recovering = keeping(tmp_path), keeping(tmp_path)
    name = await recording.begin("hold")
    assert not recovering.claim(name)
    await recording.note(name, "confirmed", text="Words.")
    assert recovering.claim(name)
    another = await recording.begin("hold")
    await recording.aclose()  # as its death would
    assert recovering.claim(another)
    await recovering.aclose()
