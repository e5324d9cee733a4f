"""A WAV or raw PCM body as it arrives, cut anywhere: bytes in, mono int16 out. Pure.

Servers that stream cannot know a file's length, so the sizes in their headers are false: the format is read from the
header, and then everything up to the end counts as sound. Raw PCM has no header; its rate must be told.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tts.types import Int16

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE

LONGEST_HEADER = 65_536
"""Bytes after which a header without a data chunk is none."""

_KINDS = {(PCM, 16): "<i2", (PCM, 32): "<i4", (FLOAT, 32): "<f4"}


class NotSound(Exception):
    """The body is nothing that can be played; the message says what it looks like."""


@dataclass(frozen=True, slots=True)
class _Format:
    rate: int
    channels: int
    kind: str
    """numpy's name of a sample."""

    @property
    def frame(self) -> int:
        """Bytes of one sample of every channel."""
        return np.dtype(self.kind).itemsize * self.channels


class SoundReader:
    """One body. ``raw_rate`` (hertz) is what a body without a header has; None refuses one."""

    def __init__(self, raw_rate: int | None = None) -> None:
        self._raw_rate = raw_rate
        self._format: _Format | None = None
        self._held = b""

    @property
    def sample_rate(self) -> int | None:
        """Hertz, once known."""
        return self._format.rate if self._format else None

    def feed(self, data: bytes) -> Int16:
        """What these bytes complete. Raises NotSound."""
        self._held += data
        if self._format is None:
            self._format = self._begin()
        if self._format is None:
            return np.zeros(0, np.int16)
        whole = len(self._held) - len(self._held) % self._format.frame
        sound, self._held = self._held[:whole], self._held[whole:]
        return _mono(sound, self._format)

    def _begin(self) -> _Format | None:
        """The format, when enough has come to tell; takes the header off."""
        if len(self._held) < 12:
            return None
        if self._held[:4] == b"RIFF" and self._held[8:12] == b"WAVE":
            return self._header()
        if (
            self._raw_rate is None
            or self._held[:4] in (b"OggS", b"fLaC")
            or self._held[:3] in (b"ID3", b"\xff\xfb")
        ):
            raise NotSound("it is no WAV file")
        return _Format(self._raw_rate, 1, "<i2")

    def _header(self) -> _Format | None:
        place, found = 12, None
        while len(self._held) >= place + 8:
            name, size = struct.unpack_from("<4sI", self._held, place)
            place += 8
            if name == b"data":
                if found is None:
                    raise NotSound("its header tells no format")
                self._held = self._held[place:]
                return found
            if name == b"fmt ":
                if len(self._held) < place + size:
                    return None
                found = _format(self._held[place : place + size])
            place += size + size % 2
            if place > LONGEST_HEADER:
                raise NotSound("its header has no end")
        return None


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise NotSound("its header is cut")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == EXTENSIBLE and len(chunk) >= 26:
        tag = struct.unpack_from("<H", chunk, 24)[0]
    kind = _KINDS.get((tag, bits))
    if kind is None or not channels or not 1000 <= rate <= 400_000:
        raise NotSound(f"its format {tag} with {bits} bits is not one that can be read")
    return _Format(rate, channels, kind)


def _mono(sound: bytes, form: _Format) -> Int16:
    samples = np.frombuffer(sound, form.kind).reshape(-1, form.channels)
    if form.kind == "<i2" and form.channels == 1:
        return samples[:, 0].astype(np.int16)
    scale = {"<i2": 1.0, "<i4": 1 / 65_536, "<f4": 32_767.0}[form.kind]
    mixed = np.nan_to_num(samples.astype(np.float64)).mean(axis=1) * scale
    mono: Int16 = np.clip(np.round(mixed), -32_768, 32_767).astype(np.int16)
    return mono
