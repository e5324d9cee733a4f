"""Saved conversations: what a file holds, what survives a crash, what expires."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from llm import Entry, Scripted, say
from pipeline import ConversationError, ConversationStore
from tests.kit.conversation import Stages, hold

ENTRIES = (
    Entry("user", "Bonjour « toi »\u2028!", language="fr"),
    Entry("assistant", "Bonjour.", "Bonjour. Que puis-je"),
    Entry("user", "Hi", language=None),
    Entry("assistant", "Hello.", "Hello."),
)


@pytest.fixture(name="store")
def folder(tmp_path: Path) -> ConversationStore:
    return ConversationStore(tmp_path / "conversations")


def saved(store: ConversationStore, *entries: Entry) -> str:
    record = store.recorder()
    for entry in entries:
        record(entry)
    return store.ids()[-1]


def test_what_was_written_is_read(store: ConversationStore) -> None:
    name = saved(store, *ENTRIES)
    assert store.load().entries == ENTRIES
    assert store.load(name).about == "Bonjour « toi »\u2028!"


def test_nothing_said_is_no_file(store: ConversationStore) -> None:
    store.recorder()(Entry("assistant", "", ""))
    assert not store.folder.exists()
    with pytest.raises(ConversationError, match=r"No conversation is saved yet"):
        store.load()


def test_only_the_owner_can_read_it(store: ConversationStore) -> None:
    name = saved(store, *ENTRIES)
    mode = (store.folder / f"{name}.jsonl").stat().st_mode
    assert stat.S_IMODE(mode) & 0o077 == 0
    assert stat.S_IMODE(store.folder.stat().st_mode) & 0o077 == 0


def test_a_line_that_was_cut_by_a_crash_is_left_out(store: ConversationStore) -> None:
    name = saved(store, *ENTRIES)
    file = store.folder / f"{name}.jsonl"
    file.write_bytes(file.read_bytes()[:-9] + b"\n[]\n")
    assert store.load().entries == ENTRIES[:3]


@pytest.mark.parametrize("cut", [1, 9, 30])
def test_after_a_line_that_was_cut_it_goes_on_in_a_new_one(store: ConversationStore, cut: int) -> None:
    name = saved(store, *ENTRIES, Entry("user", "Été à la plage, été à la plage"))
    file = store.folder / f"{name}.jsonl"
    file.write_bytes(file.read_bytes()[: -cut - 3])
    store.recorder(name)(Entry("user", "Encore"))
    assert store.load().entries == (*ENTRIES, Entry("user", "Encore"))


def test_two_in_one_second_are_two(store: ConversationStore) -> None:
    assert len({saved(store, ENTRIES[0]), saved(store, ENTRIES[0]), saved(store, ENTRIES[0])}) == 3


def test_one_goes_on_in_its_own_file(store: ConversationStore) -> None:
    name = saved(store, *ENTRIES[:2])
    for entry in ENTRIES[2:]:
        store.recorder(name)(entry)
    assert store.ids() == [name]
    assert store.load(name).entries == ENTRIES


@pytest.mark.parametrize("wanted", ["20200101-000000", "../../etc/passwd", "", "x"])
def test_an_unknown_one_is_told(store: ConversationStore, wanted: str) -> None:
    saved(store, *ENTRIES)
    with pytest.raises(ConversationError, match="There is no conversation"):
        store.load(wanted)
    with pytest.raises(ConversationError):
        store.remove(wanted)


def test_old_ones_expire_and_new_ones_stay(store: ConversationStore) -> None:
    old, new = saved(store, *ENTRIES), saved(store, *ENTRIES)
    long_ago = time.time() - 31 * 86_400
    os.utime(store.folder / f"{old}.jsonl", (long_ago, long_ago))
    assert store.expire(30) == 1
    assert store.ids() == [new]
    store.remove(new)
    assert store.ids() == []


def test_a_disk_that_cannot_be_written_ends_the_record_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    record = ConversationStore(tmp_path / "file").recorder()
    record(ENTRIES[0])
    record(ENTRIES[1])
    assert (tmp_path / "file").read_text() == ""


def test_a_conversation_is_written_as_it_happens_and_resumed_where_it_was(store: ConversationStore) -> None:
    first = hold([], Stages(chat=Scripted([say("One.")])), typed=["Hello."], record=store.recorder())
    assert store.load().entries == first.entries
    chat = Scripted([say("Two.")])
    hold([], Stages(chat=chat), typed=["And?"], resumed=store.load().entries)
    assert [message.content for message in chat.requests[0][1:]] == ["Hello.", "One.", "And?"]
