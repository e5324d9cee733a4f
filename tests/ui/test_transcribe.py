"""prism transcribe: several files, stdin, every format, and what cannot be read. The recognizer reads from a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.ui.conftest import Prism

AUDIO = Path(__file__).parent.parent / "audio"
ENGLISH, FRENCH = str(AUDIO / "en_16k.wav"), str(AUDIO / "fr.mp3")


@pytest.fixture
def script(home: Path) -> list[str]:
    """Options for a recognizer that hears "One." and then "Deux."."""
    file = home / "script.yaml"
    file.write_text(yaml.safe_dump([{"text": "One."}, {"text": "Deux.", "language": "fr"}]), encoding="utf-8")
    return ["--set", "stt.backend=scripted", "--set", f"stt.model={file}"]


def test_one_file_gives_its_text(prism: Prism, script: list[str]) -> None:
    ran = prism("transcribe", ENGLISH, *script)
    assert (ran.code, ran.out, ran.err) == (0, "One.\n", "")


def test_several_files_are_told_apart(prism: Prism, script: list[str]) -> None:
    ran = prism("transcribe", ENGLISH, FRENCH, *script)
    assert (ran.code, ran.out) == (0, f"{ENGLISH}: One.\n{FRENCH}: Deux.\n")


def test_a_bad_file_does_not_keep_the_others(prism: Prism, script: list[str], home: Path) -> None:
    empty, text = home / "empty.wav", home / "text.wav"
    empty.touch()
    text.write_text("no sound at all", encoding="utf-8")
    missing = home / "missing.wav"
    ran = prism("transcribe", str(missing), str(empty), ENGLISH, str(text), str(home), FRENCH, *script)
    assert ran.code == 4
    assert [line.rpartition(": ")[2] for line in ran.out.splitlines()] == ["One.", "Deux."]
    lines = ran.err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("prism: ") for line in lines)
    assert all(str(bad) in line for bad, line in zip((missing, empty, text, home), lines, strict=True))


@pytest.mark.parametrize("option", [["--format", "json"], ["--json"]])
def test_json_is_one_object_per_file(prism: Prism, script: list[str], option: list[str]) -> None:
    ran = prism("transcribe", ENGLISH, FRENCH, *option, *script)
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert (first["file"], first["text"], first["language"]) == (ENGLISH, "One.", "en")
    assert (second["file"], second["text"], second["language"]) == (FRENCH, "Deux.", "fr")
    assert 1.5 < first["duration_s"] < 3
    assert first["segments"][0]["text"] == "One."
    assert 0 <= first["segments"][0]["start"] < first["segments"][0]["end"] <= first["duration_s"]
    assert set(first) == {
        *("file", "text", "language", "confidence", "duration_s", "processing_s", "rtf", "segments"),
    }


def test_subtitles(prism: Prism, script: list[str]) -> None:
    plain = prism("transcribe", ENGLISH, "--format", "srt", *script)
    web = prism("transcribe", ENGLISH, "--format", "vtt", *script)
    assert plain.out.startswith("1\n00:00:00,")
    assert plain.out.endswith("\nOne.\n\n")
    assert web.out.startswith("WEBVTT\n\n00:00:00.")
    assert web.out.endswith("\nOne.\n\n")


def test_wav_and_raw_samples_come_by_stdin(prism: Prism, script: list[str]) -> None:
    wav = Path(ENGLISH).read_bytes()
    ran = prism("transcribe", "-", "--json", *script, stdin=wav)
    raw = prism("transcribe", "-", "--json", "--rate", "16000", *script, stdin=wav[44:])
    assert (ran.code, json.loads(ran.out)["file"], json.loads(ran.out)["text"]) == (0, "-", "One.")
    assert json.loads(raw.out)["duration_s"] == pytest.approx(json.loads(ran.out)["duration_s"], abs=0.01)


@pytest.mark.parametrize("stdin", [b"", b"hello", b"RIFF\0\0\0\0WAVE"])
def test_stdin_that_is_no_sound_is_unreadable(prism: Prism, script: list[str], stdin: bytes) -> None:
    ran = prism("transcribe", "-", *script, stdin=stdin)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.count("\n") == 1


def test_silence_is_no_error(prism: Prism, script: list[str]) -> None:
    ran = prism("transcribe", "-", "--rate", "16000", *script, stdin=bytes(64_000))
    assert (ran.code, ran.out, ran.err) == (0, "", "-: nothing is said in it.\n")


def test_a_missing_model_ends_the_run_with_what_to_do(prism: Prism, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ran = prism("transcribe", ENGLISH, FRENCH)
    assert (ran.code, ran.out) == (3, "")
    assert "prism models pull small" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.real
def test_the_model_that_is_part_of_prism_hears_both_languages(prism: Prism) -> None:
    ran = prism("transcribe", ENGLISH, FRENCH, "--set", "stt.model=prism-tiny", "--json")
    english, french = (json.loads(line) for line in ran.out.splitlines())
    assert ran.code == 0
    assert (english["language"], french["language"]) == ("en", "fr")
    assert english["text"]
    assert french["text"]
