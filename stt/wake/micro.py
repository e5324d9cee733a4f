"""microWakeWord's small networks, through ``pymicro-wakeword`` (extra ``wake``): four words, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stt.base import STTBackendMissing, STTUnavailable

if TYPE_CHECKING:
    from stt.types import Int16


class MicroWake:
    """One word's network and its features."""

    def __init__(self, model: Any, features: Any) -> None:  # noqa: ANN401  # they have no types
        self._model = model
        self._features = features

    def heard(self, samples: Int16) -> bool:
        """Whether the word ends in these samples or ended just before them."""
        # All features are fed, also after a hit: the network counts on seeing every one.
        hits = [
            self._model.process_streaming(each)
            for each in self._features.process_streaming(samples.tobytes())
        ]
        return any(hits)

    def reset(self) -> None:
        """Forget all samples."""
        self._model.reset()
        self._features.reset()


def create(word: str) -> MicroWake:
    """A detector of ``word``. Raises STTBackendMissing without the library, STTUnavailable for another word."""
    try:
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
    except ImportError as error:
        raise STTBackendMissing(
            "The wake word needs pymicro-wakeword: run `pip install 'prism-voice[wake]'`, or set wake.word=null."
        ) from error
    known = {str(model.value): model for model in Model}
    if word not in known:
        raise STTUnavailable(f"wake.word {word!r} is not known; choose one of {', '.join(sorted(known))}.")
    try:
        return MicroWake(MicroWakeWord.from_builtin(known[word]), MicroWakeWordFeatures())
    except (OSError, ValueError, RuntimeError) as error:
        raise STTUnavailable(f"The wake word cannot be listened for on this machine ({error}).") from error
