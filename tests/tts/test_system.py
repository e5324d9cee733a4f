"""The system's voice: how each platform's program is called, and the whole way with programs of ours in their place."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tts.conftest import read
from tts import SpeechChunk, TTSError, TTSRejected, TTSUnavailable
from tts.backends.system import SystemSynthesizer
from tts.system_programs import listed, sapi_rate, speaking

if TYPE_CHECKING:
    from pathlib import Path

SAY = """\
Amélie              fr_CA    # Bonjour! Je m’appelle Amélie.
Bad News            en_US    # Hello!
Thomas              fr_FR    # Bonjour, je m’appelle Thomas.
"""
ESPEAK = """\
Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  en-us           --/M      English_(America)  gmw/en-US            (en 3)
 5  fr              --/M      French_(France)    roa/fr
"""


def test_what_the_listings_say() -> None:
    assert listed("darwin", SAY) == [("Amélie", "fr-CA"), ("Bad News", "en-US"), ("Thomas", "fr-FR")]
    assert listed("linux", ESPEAK) == [("en-us", "en-us"), ("fr", "fr")]
    windows = "Microsoft Hortense Desktop\tfr-FR\r\nMicrosoft Zira Desktop\ten-US\r\n"
    assert listed("win32", windows) == [
        ("Microsoft Hortense Desktop", "fr-FR"),
        ("Microsoft Zira Desktop", "en-US"),
    ]


def test_how_the_programs_are_called() -> None:
    mac = speaking("darwin", "say", "Thomas", 2.0, "out.wav")
    assert mac.command[:5] == ("say", "-v", "Thomas", "-r", "350")
    assert "out.wav" in mac.command
    linux = speaking("linux", "espeak-ng", "fr", 1.0, "out.wav")
    assert (linux.command, linux.to_file) == (
        ("espeak-ng", "-v", "fr", "-s", "175", "--stdin", "--stdout"),
        False,
    )
    windows = speaking("win32", "powershell", "L'Amie ’x", 1.0, "out.wav").command[-1]
    assert "SelectVoice('L''Amie ’’x')" in windows
    assert "out.wav" not in windows  # by environment: a path may hold quotes


@pytest.mark.parametrize(("speed", "rate"), [(1.0, 0), (3.0, 10), (1 / 3, -10), (2.0, 6), (99.0, 10)])
def test_sapi_has_a_scale_of_its_own(speed: float, rate: int) -> None:
    assert sapi_rate(speed) == rate


# The shell starts Python by these two lines, because a #! line cannot name an interpreter with a space in its path; to
# Python they are a text that nobody reads.
PROGRAM = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import os, sys, time, wave
sys.stdout.reconfigure(encoding="utf-8")
if {listing!r} in " ".join(sys.argv):
    sys.stdout.write({voices!r})
    sys.exit(0)
text = sys.stdin.buffer.read().decode()
{fault}
out = sys.stdout.buffer if "--stdout" in sys.argv else os.environ["PRISM_WAV"]
with wave.open(out, "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(22050)
    file.writeframes(b"\\\\0\\\\x10" * 1000 * len(text))
"""
KINDS = {
    "darwin": ("say", "-v ?", SAY),
    "win32": ("powershell", "GetInstalledVoices", "Hortense\tfr-FR\r\nZira\ten-US\r\n"),
    "linux": ("espeak-ng", "--voices", ESPEAK),
}


def install(folder: Path, platform: str, fault: str = "") -> None:
    """A program of our own under the platform's name."""
    name, listing, voices = KINDS[platform]
    file = folder / name
    text = PROGRAM.format(python=sys.executable, listing=listing, voices=voices, fault=fault).replace(
        "\\\\", "\\"
    )
    file.write_text(text, "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    return tmp_path


async def say(engine: SystemSynthesizer, text: str = "Bonjour.", language: str = "fr") -> list[SpeechChunk]:
    return await read(engine.speak(text, language=language, voice=None, speed=1.0))


@pytest.mark.parametrize("platform", list(KINDS))
async def test_the_whole_way_on_each_platform(folder: Path, platform: str) -> None:
    install(folder, platform)
    engine = SystemSynthesizer(platform)
    await engine.warm("fr")
    chunks = await say(engine, "Ça va.")
    assert sum(len(chunk.samples) for chunk in chunks) == 1000 * len("Ça va.")
    assert chunks[-1].last_of_sentence
    assert {voice.language[:2] for voice in await engine.voices()} == {"fr", "en"}
    with pytest.raises(TTSRejected, match="no voice for the language 'de'"):
        await engine.warm("de")
    await engine.aclose()


@pytest.mark.parametrize(
    ("fault", "says"),
    [("print('oh', file=sys.stderr); sys.exit(3)", "code 3: oh"), ("sys.exit(0)", "wrote no sound|no sound")],
)
async def test_what_goes_wrong_is_one_sentence(folder: Path, fault: str, says: str) -> None:
    install(folder, "darwin", fault)
    engine = SystemSynthesizer("darwin")
    with pytest.raises(TTSUnavailable, match=says):
        await say(engine)
    await engine.aclose()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("platform", [*KINDS, "plan9"])
async def test_a_system_without_a_voice_says_so(platform: str) -> None:
    engine = SystemSynthesizer(platform)
    with pytest.raises(TTSError, match="no voice of its own"):
        await engine.warm("fr")
    await engine.aclose()
