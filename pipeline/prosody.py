"""How a pause sounded, asked beside the recognizer: evidence for the endpointer, never a reason to wait.

Each pause is shown to the turn model while its words are being decoded. The answer is news of its own: it comes before
the words or after them, or not at all, and the end of the utterance is judged with whatever is known by then. One pause
waits at most; a newer one replaces it, as its utterance has gone on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from common.channel import Policy, Receiver, Sender, channel

if TYPE_CHECKING:
    from pipeline.stepping import Activity
    from stt import Int16, SpeechPaused


class TurnModel(Protocol):
    """Judges by sound whether somebody is done."""

    async def completeness(self, samples: Int16) -> float | None:
        """Probability (0-1); None when it is not known in time. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """How the pause of that revision sounded."""

    utterance: int
    revision: int
    completeness: float
    """Probability (0-1) that the speaker was done."""


class Prosody:
    """One per conversation; ``offer`` belongs to the ears and never waits."""

    def __init__(self, model: TurnModel, activity: Activity) -> None:
        self._model = model
        self._activity = activity
        ends: tuple[Sender[SpeechPaused], Receiver[SpeechPaused]] = channel(
            1, Policy.DROP_OLDEST, name="prosody"
        )
        self._pauses, self._work = ends

    def offer(self, pause: SpeechPaused) -> None:
        """Ask about a pause."""
        if self._pauses.is_open:
            self._pauses.offer(pause)

    def close(self) -> None:
        """No more will come."""
        self._pauses.close()

    async def run(self, news: Sender[Sounded]) -> None:
        """Answer until it is closed."""
        with news, self._work:
            async for pause in self._work:
                segment = pause.segment
                with self._activity.outside():
                    sound = await self._model.completeness(segment.samples)
                if sound is not None:
                    news.offer(Sounded(segment.utterance, segment.revision, sound))
