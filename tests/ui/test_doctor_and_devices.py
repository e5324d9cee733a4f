"""prism doctor and prism devices: what they show, on a machine with or without sound."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from common.audio_host import Device
from config import ModelStore
from tests.ui.conftest import Prism
from ui.cli.checks import Finding, python
from ui.cli.commands import doctor
from ui.cli.commands.devices import record, table

MICROPHONE = Device(0, "Micro intégré", "ALSA", 2, 0, 44_100, True, False)
SPEAKER = Device(7, "Speaker", "ALSA", 0, 2, 48_000, False, True)
READY = ("--set", "stt.model=prism-tiny", "--set", "tts.backends=[espeak]", "--set", "llm.base_url=builtin")


def test_the_table_is_aligned_and_marks_the_defaults() -> None:
    lines = list(table([MICROPHONE, SPEAKER]))
    assert lines[1] == "  0  Micro intégré  2 *   -      44100  ALSA"
    assert lines[2] == "  7  Speaker        -     2 *    48000  ALSA"
    assert lines[0].index("in") == lines[1].index("2 *")


def test_a_device_as_json_names_its_defaults() -> None:
    shown = record(SPEAKER)
    assert (shown["number"], shown["default_input"], shown["default_output"]) == (7, False, True)
    assert (shown["host"], shown["sample_rate"]) == ("ALSA", 48_000)


def test_devices_end_with_0_or_tell_what_to_install(prism: Prism) -> None:
    ran = prism("devices", "--json")
    assert ran.code in {0, 3}
    assert all("default_input" in json.loads(line) for line in ran.out.splitlines())
    if ran.code == 3:
        assert "PortAudio" in ran.err
    elif not ran.out:
        assert ran.err == "There is no sound device here; Prism still works on files, pipes and text.\n"


PYTHONS: list[tuple[tuple[int, int], str]] = [
    ((3, 10), "warn"),
    ((3, 11), "ok"),
    ((3, 13), "ok"),
    ((3, 14), "warn"),
]


@pytest.mark.parametrize(("version", "state"), PYTHONS)
def test_the_tested_pythons_are_known(version: tuple[int, int], state: str) -> None:
    assert python(version).state == state


def examined(prism: Prism, *argv: str) -> tuple[int, dict[str, Finding]]:
    ran = prism("doctor", "--json", *argv)
    return ran.code, {found["name"]: Finding(**found) for found in map(json.loads, ran.out.splitlines())}


def test_doctor_tries_every_part(prism: Prism) -> None:
    code, found = examined(prism, *READY)
    parts = {"configuration", "python", "log", "sound", "voice detector", "recognizer", "voice espeak"}
    assert parts | {"language model", "disk", "graphics card", "journal"} <= set(found)
    assert {found[name].state for name in ("configuration", "voice detector", "recognizer")} == {"ok"}
    assert found["voice espeak"].state == "ok"
    assert code == (3 if any(finding.state == "fail" for finding in found.values()) else 0)


def test_doctor_says_what_to_do_about_what_is_missing(prism: Prism, home: Path) -> None:
    code, found = examined(
        prism,
        "--set",
        "tts.backends=[piper]",
        "--set",
        "llm.base_url=http://127.0.0.1:9/v1",
        "--set",
        "stt.language=fr",
    )
    assert code == 3
    assert "prism models pull small" in found["recognizer"].detail
    assert "prism models pull fr_FR-siwis-medium" in found["voice piper"].detail
    assert "http://127.0.0.1:9/v1" in found["language model"].detail
    assert {found[name].state for name in ("recognizer", "voice piper", "language model")} == {"fail"}
    assert not (home / "data").exists(), "doctor fetches nothing"


def test_a_recognizer_is_tried_with_what_it_needs_itself(prism: Prism) -> None:
    _, found = examined(
        prism, "--set", "stt.backend=openai_http", "--set", "stt.http_url=http://127.0.0.1:9/v1"
    )
    assert "http://127.0.0.1:9/v1" in found["recognizer"].detail, "not: the model small is not installed"


def test_a_recognizer_that_stands_in_is_enough(prism: Prism) -> None:
    _, found = examined(prism, "--set", "stt.fallback=['faster_whisper:prism-tiny']")
    assert found["recognizer"].state == "warn"
    assert found["or faster_whisper:prism-tiny"].state == "ok"
    _, found = examined(prism, "--set", "stt.fallback=[nobody]")
    assert (found["recognizer"].state, "nobody" in found["recognizer"].detail) == ("fail", True)


def test_doctor_fetches_none_of_the_further_models(prism: Prism, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(ModelStore, "fetch", lambda _store, entry, _progress=None: asked.append(entry.name))
    _, found = examined(
        prism, *READY, "--set", "stt.language_models={fr: base}", "--set", "stt.preload=[tiny]"
    )
    assert "prism models pull base && prism models pull tiny" in found["more models"].detail
    assert (found["recognizer"].state, found["more models"].state) == ("ok", "warn")
    assert not asked


def test_one_voice_that_works_is_enough(prism: Prism) -> None:
    _, found = examined(prism, "--set", "tts.backends=[piper, espeak]")
    assert (found["voice piper"].state, found["voice espeak"].state) == ("warn", "ok")


def test_doctor_goes_on_with_a_broken_configuration(prism: Prism, home: Path) -> None:
    file = home / "config/prism/config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("stt:\n  modle: x\n", encoding="utf-8")
    code, found = examined(prism)
    assert code == 3
    assert found["configuration"].detail == f"{file}:2: unknown key stt.modle, did you mean stt.model?"
    assert "disk" in found


def test_doctor_tells_where_nothing_can_be_kept(prism: Prism, home: Path) -> None:
    (home / "state").write_bytes(b"")
    _, found = examined(prism, *READY)
    assert (found["log"].state, found["journal"].state) == ("warn", "warn")
    assert "no dictation is kept" in found["journal"].detail


def test_the_checklist_for_people(prism: Prism) -> None:
    ran = prism("doctor", *READY)
    lines = ran.out.splitlines()
    assert lines[0] == "ok    configuration   no file of your own, only defaults"
    assert all(line.split()[0] in {"ok", "warn", "fail"} for line in lines)
    assert ran.err.count("\n") == 1


def test_a_terminal_gets_long_findings_beneath_their_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    doctor._show(Finding("disk", "warn", "word " * 30), json_lines=False)
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("warn  disk            word word")
    assert all(line.startswith(" " * 22 + "word") for line in others)
    assert max(map(len, [first, *others])) <= 80
