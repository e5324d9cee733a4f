"""faster-whisper's model with one encode less, and a shorter one on demand.

Only imported in the engine's thread: it loads CTranslate2.

To detect the language, faster-whisper encodes the first 30 s, and then encodes the same again to decode them:
half of the time of a short utterance. Here the encoded window of the detection is kept until the decoding
asks for it. The two windows differ in the last frame, which is padding, so detection is given exactly the
window of the decoding.

Whisper hears 30 s however short the audio is: the rest is padding, and encoding it is most of the time of a short
utterance. ``window`` cuts that padding off before the encoder. The network was trained on the full width, so this is
a choice of the user, with figures in docs/hearing.md.

Of "oui" or "stop" Whisper often does not know the language, and takes any of a hundred: what it is not sure of is taken
for the likeliest of those that are usual here (``likeliest``).

CTranslate2 cannot be interrupted, but a decode has steps: ``unless`` ends one that nobody waits for before its next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, TypeAlias

import faster_whisper
import numpy as np

FRAMES_S = 100
"""Frames of the encoder's input in a second."""
USUAL = frozenset({"fr", "en"})
"""Languages that are usual before any was heard."""
SURE = 0.5
"""Probability from which a detected language is believed: faster-whisper's own threshold."""

Detected: TypeAlias = tuple[str, float, list[tuple[str, float]]]
"""A language, its probability, and those of all."""


class Abandoned(Exception):
    """Nobody waits for this decode any more."""


def likeliest(found: Detected, usual: AbstractSet[str]) -> Detected:
    """What was detected where that is sure, else the likeliest of the usual languages. PURE."""
    language, probability, every = found
    known = [each for each in every if each[0] in usual]
    if probability >= SURE or not known:
        return found
    language, probability = max(known, key=lambda each: each[1])
    return language, probability, every


class OneEncodeWhisper(faster_whisper.WhisperModel):  # type: ignore[misc]  # it has no types
    """Detects the language and decodes on one encoding."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self._kept = threading.local()
        self._usual = set(USUAL)  # and those that were surely heard

    @contextmanager
    def window(self, seconds: float | None) -> Iterator[None]:
        """Within, this thread encodes only the first ``seconds`` of each 30; None is all."""
        self._kept.frames = None if seconds is None else round(seconds * FRAMES_S)
        try:
            yield
        finally:
            self._kept.frames = None

    @contextmanager
    def unless(self, stop: threading.Event) -> Iterator[None]:
        """Within, this thread begins no step of a decode once ``stop`` is set: it raises Abandoned instead."""
        self._kept.stop = stop
        try:
            yield
        finally:
            self._kept.stop = None
            vars(self._kept).pop("last", None)

    def generate_with_fallback(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """As in faster-whisper, unless the decode was abandoned."""
        self._go_on()
        return super().generate_with_fallback(*args, **kwargs)

    def get_prompt(
        self,
        tokenizer: Any,  # noqa: ANN401
        previous_tokens: list[int],
        without_timestamps: bool = False,  # the library's own signature
        prefix: str | None = None,
        hotwords: str | None = None,
    ) -> Any:  # noqa: ANN401
        """As in faster-whisper, but names and prompt share half of the context: together they could leave no room."""
        if hotwords:
            room = self.max_length // 2 - 1 - len(tokenizer.encode(" " + hotwords.strip()))
            previous_tokens = previous_tokens[-room:] if room > 0 else []
        return super().get_prompt(tokenizer, previous_tokens, without_timestamps, prefix, hotwords)

    def _go_on(self) -> None:
        stop: threading.Event | None = getattr(self._kept, "stop", None)
        if stop is not None and stop.is_set():
            raise Abandoned

    def detect_language(
        self,
        audio: Any = None,  # noqa: ANN401
        features: Any = None,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """As in faster-whisper where it is sure; the encoded window is kept for the decoding that follows."""
        if features is None:
            return super().detect_language(audio, **options)
        self._kept.wanted = True
        try:
            found: Detected = super().detect_language(features=features[..., :-1], **options)
        finally:
            self._kept.wanted = False
        if found[1] >= SURE:
            self._usual.add(found[0])
        return likeliest(found, self._usual)

    def encode(self, features: Any) -> Any:  # noqa: ANN401
        """Encode a window, unless it is the one that was just encoded to detect the language."""
        features = np.ascontiguousarray(features[..., : getattr(self._kept, "frames", None)])
        window, encoded = vars(self._kept).pop("last", (None, None))
        if window is not None and np.array_equal(window, features):
            return encoded
        self._go_on()
        encoded = super().encode(features)
        if getattr(self._kept, "wanted", False):
            self._kept.last = (features, encoded)
        return encoded
