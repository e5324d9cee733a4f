"""The speech programs that come with operating systems: how each is called and how it lists its voices. Pure.

macOS     ``say`` writes a WAV file
Windows   PowerShell with System.Speech (SAPI) writes a WAV file; the text comes by stdin, never on a command line
Linux     ``espeak-ng`` or ``espeak`` writes WAV to stdout (speech-dispatcher plays by itself and gives no samples)

Nothing is started here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Platform = Literal["darwin", "win32", "linux"]

NORMAL_RATE = 175
"""Words per minute of ``say`` and espeak at speed 1.0."""

DEFAULT_VOICES = {"darwin": {"fr": "Thomas", "en": "Samantha"}, "linux": {"fr": "fr", "en": "en-us"}}

_SAY_LINE = re.compile(r"^(?P<name>.+?)\s{2,}(?P<language>[a-z]{2,3}[_-]\w+)\s*#")
_ESPEAK_LINE = re.compile(r"^\s*\d+\s+(?P<language>[a-z][\w-]+)\s")

_SPEAK = """\
Add-Type -AssemblyName System.Speech
$OutputEncoding = [Console]::InputEncoding = [System.Text.Encoding]::UTF8
$text = [Console]::In.ReadToEnd()
$voice = New-Object System.Speech.Synthesis.SpeechSynthesizer
{choose}
$voice.Rate = {rate}
$voice.SetOutputToWaveFile($env:PRISM_WAV)
$voice.Speak($text)
$voice.Dispose()
"""
_LIST = """\
Add-Type -AssemblyName System.Speech
(New-Object System.Speech.Synthesis.SpeechSynthesizer).GetInstalledVoices() | ForEach-Object {
$_.VoiceInfo.Name + "`t" + $_.VoiceInfo.Culture.Name }
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a program."""

    command: tuple[str, ...]
    to_file: bool
    """True: the WAV is in the file that was named; False: it is the output."""


def programs(platform: str) -> tuple[str, ...]:
    """Names of programs to look for, best first; none for a platform that has none."""
    return {"darwin": ("say",), "win32": ("powershell", "pwsh"), "linux": ("espeak-ng", "espeak")}.get(
        platform, ()
    )


def speaking(platform: str, program: str, voice: str | None, speed: float, file: str) -> Call:
    """How to speak stdin with ``voice`` (None: the system's) into a WAV."""
    words = str(round(NORMAL_RATE * speed))
    if platform == "darwin":
        named = ("-v", voice) if voice else ()
        return Call(
            (program, *named, "-r", words, "-o", file, "--file-format=WAVE", "--data-format=LEI16@22050"),
            True,
        )
    if platform == "win32":
        choose = f"$voice.SelectVoice('{_quoted(voice)}')" if voice else ""
        return Call(_powershell(program, _SPEAK.format(choose=choose, rate=sapi_rate(speed))), True)
    named = ("-v", voice) if voice else ()
    return Call((program, *named, "-s", words, "--stdin", "--stdout"), False)


def listing(platform: str, program: str) -> tuple[str, ...]:
    """How to have the voices listed."""
    if platform == "darwin":
        return (program, "-v", "?")
    return _powershell(program, _LIST) if platform == "win32" else (program, "--voices")


def listed(platform: str, output: str) -> list[tuple[str, str]]:
    """(name, language) of each voice in what the listing printed."""
    if platform == "win32":
        cells = [line.strip().split("\t") for line in output.splitlines()]
        return [(row[0], row[1]) for row in cells if len(row) == 2 and row[0]]
    if platform == "darwin":
        found = filter(None, map(_SAY_LINE.match, output.splitlines()))
        return [(match["name"], match["language"].replace("_", "-")) for match in found]
    found = filter(None, map(_ESPEAK_LINE.match, output.splitlines()))
    return [(match["language"], match["language"]) for match in found]


def sapi_rate(speed: float) -> int:
    """SAPI's scale from -10 to 10, on which 10 is three times as quick."""
    import math

    return max(-10, min(10, round(10 * math.log(speed, 3))))


def _powershell(program: str, script: str) -> tuple[str, ...]:
    return (program, "-NoProfile", "-NonInteractive", "-Command", script)


def _quoted(name: str) -> str:
    """Inside single quotes of PowerShell, which knows five kinds of them."""
    return re.sub("(['‘’‚‛])", r"\1\1", name)
