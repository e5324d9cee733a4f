"""A sealed journal: nothing of it can be read without the key, torn or whole, and with it nothing is missing."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline import Journal, JournalError, SealUnavailable, seal_for
from pipeline.dictation.recording import HEADER_BYTES, WRITE_S
from pipeline.dictation.seal import Seal
from tests.kit.settings import settings

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("cryptography", reason="pip install 'prism-voice[sealed]'")

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
SAMPLES = np.random.default_rng(7).integers(-20_000, 20_000, 100_001).astype(np.int16)
SAID = "Où est le code 4711 ?"


def sealed(folder: Path, key: bytes | None = KEY) -> Journal:
    return Journal(settings().journal, folder, seal=Seal(key) if key is not None else None)


def heard(journal: Journal, name: str) -> list[int]:
    return [int(sample) for block in journal.sound(name) for sample in block]


async def dictated(folder: Path) -> str:
    """One dictation, written in many pieces that fit no block of a cipher."""
    journal = sealed(folder)
    name = await journal.begin("hold")
    recording = journal.record(name)
    for start in range(0, len(SAMPLES), 37_001):
        recording.append(SAMPLES[start : start + 37_001])
        await asyncio.sleep(2 * WRITE_S)  # each is written by itself
    await journal.close_recording(recording)
    await journal.note(name, "transcribed", text=SAID, language="fr")
    assert heard(journal, name) == SAMPLES.tolist()
    await journal.aclose()
    return name


async def test_with_the_key_all_is_there(tmp_path: Path) -> None:
    name = await dictated(tmp_path)
    later = sealed(tmp_path)
    found = later.load(name)
    assert (found.text, found.state, found.trigger) == (SAID, "transcribed", "hold")
    assert later.seconds(name) == len(SAMPLES) / 16_000
    assert heard(later, name) == SAMPLES.tolist()
    await later.aclose()


@pytest.mark.parametrize("key", [None, OTHER], ids=["no key", "another key"])
async def test_without_it_nothing_is(tmp_path: Path, key: bytes | None) -> None:
    name = await dictated(tmp_path)
    later = sealed(tmp_path, key)
    with pytest.raises(JournalError):
        later.load(name)
    if key is None:
        with pytest.raises(JournalError, match="not kept"):
            heard(later, name)
    else:
        noise = np.corrcoef(heard(later, name), SAMPLES)[0, 1]
        assert abs(noise) < 0.05
    await later.aclose()


def test_the_files_hold_nothing_plain(tmp_path: Path) -> None:
    asyncio.run(dictated(tmp_path))
    data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"4711" not in data
    assert b"transcribed" not in data
    assert SAMPLES[:64].tobytes() not in data


async def test_two_recordings_of_the_same_sound_are_sealed_differently(tmp_path: Path) -> None:
    first, second = await dictated(tmp_path), await dictated(tmp_path)
    bodies = [(tmp_path / f"{name}.sealed").read_bytes()[HEADER_BYTES:] for name in (first, second)]
    assert bodies[0] != bodies[1]


async def test_what_a_crash_tore_costs_itself_alone(tmp_path: Path) -> None:
    name = await dictated(tmp_path)
    with (tmp_path / f"{name}.jsonl").open("a") as file:
        file.write("#dG9ybg")
    sound = tmp_path / f"{name}.sealed"
    sound.write_bytes(sound.read_bytes()[: HEADER_BYTES + 170_001])
    later = sealed(tmp_path)
    await later.note(name, "recovered", text=SAID)
    again = sealed(tmp_path)
    assert again.load(name).state == "recovered"
    assert heard(again, name) == SAMPLES[:85_000].tolist()
    await later.aclose()
    await again.aclose()


async def test_a_plain_journal_is_read_on_and_goes_on_sealed(tmp_path: Path) -> None:
    plain = sealed(tmp_path, None)
    name = await plain.begin("hold")
    recording = plain.record(name)
    recording.append(SAMPLES)
    await plain.close_recording(recording)
    await plain.note(name, "captured", seconds=1.0)
    await plain.aclose()
    later = sealed(tmp_path)
    await later.note(name, "transcribed", text=SAID)
    assert later.load(name).text == SAID
    assert heard(later, name) == SAMPLES.tolist()
    assert "4711" not in (tmp_path / f"{name}.jsonl").read_text()
    await later.aclose()


def test_nothing_is_sealed_unless_wanted() -> None:
    assert seal_for(settings().journal) is None
    assert seal_for(settings(journal__keep="off", journal__encrypt=True).journal) is None


def test_the_key_is_made_once_and_found_again() -> None:
    keyring = pytest.importorskip("keyring", reason="pip install 'prism-voice[sealed]'")
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):  # type: ignore[misc]  # the library is not followed
        priority = 1.0

        def __init__(self, kept: dict[tuple[str, str], str]) -> None:
            self.kept = kept

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    before = keyring.get_keyring()
    ring = Ring({})
    keyring.set_keyring(ring)
    wanted = settings(journal__encrypt=True).journal
    try:
        first, second = seal_for(wanted), seal_for(wanted)
        assert first is not None
        assert second is not None
        assert second.opened(first.closed("é")) == "é"
        assert len(ring.kept) == 1
        ring.kept = dict.fromkeys(ring.kept, "no key")
        with pytest.raises(SealUnavailable, match="remove prism journal"):
            seal_for(wanted)
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(("kind", "told"), [("fail", "does not give"), ("null", "keeps no key")])
def test_a_keyring_that_is_not_there_or_keeps_nothing_is_said(kind: str, told: str) -> None:
    """A key that is lost with the process would leave a journal that nobody can ever read."""
    keyring = pytest.importorskip("keyring", reason="pip install 'prism-voice[sealed]'")
    backend = importlib.import_module(f"keyring.backends.{kind}")
    before = keyring.get_keyring()
    keyring.set_keyring(backend.Keyring())
    try:
        with pytest.raises(SealUnavailable, match=rf"keyring {told}.*journal\.encrypt=false"):
            seal_for(settings(journal__encrypt=True).journal)
    finally:
        keyring.set_keyring(before)
