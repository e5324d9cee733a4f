"""What goes wrong gets one clear line and the right exit code, and never a traceback: the program from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import wave
from pathlib import Path

import pytest

from tests.kit.prism import CLOSED_PORT, ENGINES, ROOT, Prism, Ran, prism_program, without_portaudio
from tests.kit.sse_server import Reply, sse_server

__all__ = ["prism_program"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

AUDIO = ROOT / "tests/audio"
FRENCH = AUDIO / "fr_16k.wav"
WORDS = "Répète, s'il te plaît."
BUILTIN = ("--set", "llm.base_url=builtin")
FAST = ("--once", "--fast", "--json")
NOWHERE = f"http://127.0.0.1:{CLOSED_PORT}"
OFFLINE_LIMIT_S = 30.0
"""A missing model and no network must not be waited for; generous, because test machines are busy."""

USAGE: list[tuple[tuple[str, ...], str]] = [
    (("talk", "--bogus"), "prism: Unrecognized arguments: --bogus; see prism talk --help."),
    (("talk", "--lang", "de"), "'de'"),
    (("talk", "--input"), "expected one argument"),
    (("talk", "--fast"), "--fast needs --input or --text"),
    (("talk", "--text", "--input", "x.wav"), "exclude each other"),
    (("talk", "--input", "x.wav", "--rate", "16000"), "--rate belongs to --input -"),
    (("talk", "--set", "stt.modle=small"), "unknown key stt.modle, did you mean stt.model?"),
    (
        ("talk", "--set", "stt.beam_size=many"),
        'stt.beam_size must be a whole number from 1 to 20, not "many"',
    ),
    (("talk", "--set", "turn.pause_ms=-3"), "turn.pause_ms must be a number from 0 to 60000, not -3"),
    (("talk", "--set", "vad.backend=ears"), "must be one of silero, webrtc"),
    (("talk", "--set", "stt.model"), "write it as dotted.key=value"),
    (("tlak",), "did you mean talk?"),
]


@pytest.mark.parametrize(
    ("argv", "words"), USAGE, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_wrong_usage_is_told_at_once(prism: Prism, argv: tuple[str, ...], words: str) -> None:
    ran = prism(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.complaint
    assert ran.err.count("\n") == 1


def test_a_broken_file_of_settings_is_named_with_the_line(prism: Prism) -> None:
    file = prism.home / "mine.yaml"
    file.write_text("stt:\n  model: small\n  beem_size: 3\n")
    ran = prism("talk", "--config", file)
    assert ran.code == 2
    assert f"{file}:3" in ran.complaint
    assert "did you mean stt.beam_size?" in ran.complaint


def bad_sound(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    match kind:
        case "text":
            path.write_text("This is no sound at all.\n" * 40)
        case "empty":
            path.touch()
        case "header":
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, 16_000, 0, "NONE", ""))
        case "broken":
            path.write_bytes(FRENCH.read_bytes()[:20])
        case "folder":
            path.mkdir()
    return path


SOUNDS = [
    ("missing", "There is no file"),
    ("text", "is not a recording that can be read"),
    ("empty", "is empty (0 bytes)"),
    ("header", "holds no sound"),
    ("broken", "is not a recording that can be read"),
    ("folder", "is a folder"),
]


@pytest.mark.parametrize(("kind", "words"), SOUNDS)
def test_what_is_no_recording_is_unreadable_input(
    prism: Prism, tmp_path: Path, kind: str, words: str
) -> None:
    path = bad_sound(tmp_path, kind)
    ran = prism("talk", "--input", path, *FAST)
    assert (ran.code, ran.out) == (4, "")
    assert words in ran.complaint
    assert str(path) in ran.complaint
    assert ran.err.count("\n") == 1


def test_one_unreadable_recording_does_not_stop_the_others(prism: Prism, tmp_path: Path) -> None:
    bad = [bad_sound(tmp_path, kind) for kind, _ in SOUNDS]
    ran = prism("transcribe", *bad, FRENCH, *ENGINES)
    assert ran.code == 4
    assert ran.out == f"{FRENCH}: {WORDS}\n"
    for line, path, (_, words) in zip(ran.err.splitlines(), bad, SOUNDS, strict=True):
        assert line.startswith("prism: ")
        assert str(path) in line
        assert words in line


@pytest.mark.parametrize(
    ("sent", "words"),
    [(b"", "is empty"), (b"no sound at all", "is not WAV"), (b"RIFF1234WAVEfmt ", "broken off")],
)
def test_a_pipe_without_sound_is_unreadable_input(prism: Prism, sent: bytes, words: str) -> None:
    ran = prism("talk", "--input", "-", *FAST, stdin=sent)
    assert (ran.code, ran.out) == (4, "")
    assert words in ran.complaint


def test_any_usual_recording_is_understood(prism: Prism) -> None:
    names = ["fr_48k_stereo.flac", "fr.mp3", "fr_8k.wav"]
    ran = prism("transcribe", "--json", *[AUDIO / name for name in names], *ENGINES)
    assert (ran.code, ran.err) == (0, "")
    assert [(record["text"], record["language"]) for record in ran.events] == [(WORDS, "fr")] * len(names)


@pytest.mark.parametrize("name", ["fr_48k_stereo.flac", "fr.mp3"])
def test_any_usual_recording_can_begin_a_conversation(prism: Prism, name: str) -> None:
    with sse_server([Reply.of("Oui.")]) as llm:
        url = f"llm.base_url={llm.base_url}"
        ran = prism("talk", "--input", AUDIO / name, *FAST, *ENGINES, "--set", url)
    assert (ran.code, ran.err) == (0, "")
    assert ran.one("transcript.final")["text"] == WORDS
    assert ran.one("turn.completed")["text"] == "Oui."


def test_without_a_microphone_talking_is_impossible(prism: Prism) -> None:
    if any(json.loads(line)["inputs"] for line in prism("devices", "--json").out.splitlines()):
        pytest.skip("this machine has a microphone")
    ran = prism("talk", *ENGINES)
    assert (ran.code, ran.out) == (3, "")
    assert "no microphone was found" in ran.complaint
    assert "--input" in ran.complaint


def test_without_portaudio_its_installation_is_told(prism: Prism, tmp_path: Path) -> None:
    ran = prism("talk", *ENGINES, environment=without_portaudio(tmp_path))
    assert (ran.code, ran.out) == (3, "")
    assert "need PortAudio" in ran.complaint
    assert "install" in ran.complaint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("stt.model=enormous",), "There is no model named 'enormous'"),
        (("stt.model=tiny",), f"Model tiny is not installed and the hub at {NOWHERE} cannot be reached"),
        (("stt.backend=ears",), "There is no recognizer named 'ears'"),
        (("stt.model=prism-tiny", "tts.backends=[parrot]"), "tts.backends has no engine named 'parrot'"),
        (("stt.model=prism-tiny", "tts.backends=[piper]"), "prism models pull fr_FR-siwis-medium"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_a_missing_engine_says_how_to_get_it(prism: Prism, changes: tuple[str, ...], words: str) -> None:
    options = [word for change in changes for word in ("--set", change)]
    ran = prism("talk", "--input", FRENCH, *FAST, *BUILTIN, *options)
    assert (ran.code, ran.out) == (3, "")
    assert words in ran.complaint
    assert ran.seconds < OFFLINE_LIMIT_S


def test_a_port_in_use_is_told(prism: Prism) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = prism("talk", "--input", FRENCH, *FAST, *ENGINES, *BUILTIN, "--set", f"metrics.port={port}")
    assert (ran.code, ran.out) == (1, "")
    assert str(port) in ran.complaint
    assert "metrics.port" in ran.complaint


def into(prism: Prism, output: Path) -> Ran:
    return prism("talk", "--input", FRENCH, *FAST, *ENGINES, *BUILTIN, "--output", output)


def test_an_output_that_cannot_be_made_is_told_before_anything_begins(prism: Prism, tmp_path: Path) -> None:
    for output, words in (
        (tmp_path / "nowhere" / "reply.wav", "there is no folder"),
        (tmp_path, "this is a folder"),
        (tmp_path / "reply.txt", "the ending must tell the format"),
    ):
        ran = into(prism, output)
        assert (ran.code, ran.out) == (2, "")
        assert ran.complaint.startswith(f"prism: {output}: {words}")
        assert ran.err.count("\n") == 1
    assert not list(tmp_path.glob("*.txt"))


@pytest.mark.parametrize("ending", ["wav", "mp3"])
def test_an_output_that_is_locked_is_told_before_anything_begins(
    prism: Prism, tmp_path: Path, ending: str
) -> None:
    locked = tmp_path / f"locked.{ending}"
    locked.touch(0o400)
    if os.access(locked, os.W_OK):
        pytest.skip("root may write anywhere")
    ran = into(prism, locked)
    assert (ran.code, ran.out) == (1, "")
    assert ran.complaint.startswith(f"prism: Cannot write {locked}")


def full_disk(ran: Ran, output: Path) -> None:
    assert ran.code == 1
    assert ran.complaint == f"prism: Cannot write {output}: No space left on device."
    assert ran.err.count("\n") == 1
    assert ran.events[-1]["reason"] == "failed"
    assert "device.lost" not in [event["event"] for event in ran.events], "a file is no device"


def test_a_full_device_is_told(prism: Prism) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    full_disk(into(prism, Path("/dev/full")), Path("/dev/full"))


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_a_disk_that_fills_up_is_told(prism: Prism, tmp_path: Path, ending: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs the right to")
    try:
        output = disk / f"reply.{ending}"
        full_disk(into(prism, output), output)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_recording_itself_is_never_overwritten(prism: Prism, tmp_path: Path) -> None:
    recording = tmp_path / "only copy.wav"
    recording.write_bytes(FRENCH.read_bytes())
    ran = prism("talk", "--input", recording, "--output", f"{tmp_path}/../{tmp_path.name}/only copy.wav")
    assert (ran.code, ran.out) == (2, "")
    assert "would overwrite the recording" in ran.complaint
    assert recording.read_bytes() == FRENCH.read_bytes()


def test_typed_bytes_that_are_no_text_are_read_all_the_same(prism: Prism) -> None:
    with sse_server([Reply.of("Oui.")]) as llm:
        url = f"llm.base_url={llm.base_url}"
        ran = prism("talk", "--text", "--fast", "--json", *ENGINES, "--set", url, stdin=b"caf\xe9 noir\n")
    assert (ran.code, ran.err) == (0, "")
    assert llm.requests[0].question == "caf\ufffd noir"


def piped(prism: Prism, *argv: str | Path, into: str) -> tuple[int, str]:
    """Exit code and stderr of a program whose stdout is read by a shell's next command or is a file."""
    command = ["bash", "-c", f'"$@" {into}; exit "${{PIPESTATUS[0]}}"', "-", *prism.command(*argv)]
    done = subprocess.run(
        command,
        env=prism.environment({}),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stderr.decode()


TALK = ("talk", "--input", FRENCH, "--output", "/dev/null", *ENGINES, *BUILTIN)


@pytest.mark.parametrize(
    "argv", [(*TALK, "--json"), ("config", "show"), ("transcribe", "--json", FRENCH, FRENCH, *ENGINES)]
)
def test_a_reader_that_leaves_is_no_error(prism: Prism, argv: tuple[str | Path, ...]) -> None:
    assert piped(prism, *argv, into="| head -n 1") == (0, "")


def test_closed_streams_lead_nowhere(prism: Prism) -> None:
    silent = piped(
        prism, "talk", "--text", "--json", "--output", "/dev/null", *ENGINES, *BUILTIN, into="<&- >&-"
    )
    assert silent == (0, "")
    code, said = piped(prism, "talk", "--input", "-", into="<&-")
    assert (code, said) == (4, "prism: The input is empty: nothing was written to it.\n")


@pytest.mark.parametrize("how", [("--json",), ()])
def test_a_full_disk_under_stdout_is_told(prism: Prism, how: tuple[str, ...]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    code, said = piped(prism, *TALK, "--fast", *how, into="> /dev/full")
    assert code == 1
    assert [line for line in said.splitlines() if line.startswith("prism:")] == [
        "prism: the disk is full; free some space and try again."
    ]
    assert "Traceback" not in said
