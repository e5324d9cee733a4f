"""Transcripts of audio that was heard before, sample for sample: a retried dictation, a file asked for twice. PURE.

The key is everything that a decode depends on: the samples, the language, the prompt and the model. Bounded in number,
least recently used out; a transcript is small, the audio itself is not kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stt.types import Int16, Transcript

Key = tuple[bytes, str | None, str | None, str | None]


class TranscriptCache:
    """At most ``size`` transcripts; 0 keeps none."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Transcript] = OrderedDict()
        self.hits = 0

    def __len__(self) -> int:
        return len(self._kept)

    def key(self, samples: Int16, language: str | None, prompt: str | None, model: str | None = None) -> Key:
        """What identifies a decode; ``model`` None is the set one."""
        return hashlib.blake2b(samples.tobytes(), digest_size=16).digest(), language, prompt, model

    def get(self, key: Key) -> Transcript | None:
        """The transcript, if it is known."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            self.hits += 1
        return found

    def put(self, key: Key, transcript: Transcript) -> None:
        """Keep it, and let the least recently used go."""
        self._kept[key] = transcript
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
