"""From the sound of a dictation to its words: live while it is recorded, from the whole of it when that is in doubt.

``LiveWords`` hears what is spoken and has it decoded at each pause, so that at the end only the tail is left; a failure
of the recognizer meanwhile costs nothing but that. ``whole_recording`` understands a finished recording at once. Both
give the words as they were recognized; ``written`` makes of them what is to be written.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.dictation.complete import doubt
from pipeline.dictation.text import scratched, word_count
from stt import STTError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from config import Settings
    from stt import Int16, Partial, STTManager

log = logging.getLogger("prism.dictation")


@dataclass(frozen=True, slots=True)
class Recognized:
    """What was said in a dictation, as it was recognized."""

    text: str
    language: str
    """Of most words; empty when there are none."""
    doubt: str | None = None
    """Why words may be missing."""


class LiveWords:
    """The words of one recording that is still going on."""

    def __init__(self, stt: STTManager, language: str | None, *, guess: bool) -> None:
        """``guess`` at words between pauses. Raises STTBackendMissing or STTUnavailable."""
        self._stt = stt
        self._language = language
        self._guess = guess
        self._live = stt.live(language, settled=True)
        self._fed = asyncio.Event()
        self._ended = False
        self._failure: STTError | None = None

    @property
    def language(self) -> str:
        """Of the words so far; empty before the first."""
        return self._live.language

    def feed(self, samples: Int16) -> None:
        """The next samples."""
        self._live.feed(samples)
        self._fed.set()

    def end(self) -> None:
        """No more samples will come."""
        self._ended = True
        self._live.hurry()
        self._fed.set()

    async def settle(self) -> Partial | None:
        """Decode what a pause has ended: for a source that waits for its reader."""
        return await self._step(guess=False)

    async def follow(self, tell: Callable[[Partial], None], busy: Callable[[], bool]) -> None:
        """Decode while sound comes, until ``end``. ``busy``: an earlier dictation needs the recognizer first."""
        last: Partial | None = None
        while True:
            await self._fed.wait()
            self._fed.clear()
            if self._ended:
                return
            if busy():
                continue
            partial = await self._step(guess=self._guess)
            if partial is not None and partial != last:
                tell(partial)
                last = partial

    async def finish(self, recording: Callable[[], Iterable[Int16]]) -> Recognized:
        """All words. Raises STTError when neither the tail nor the whole recording can be understood."""
        text, failure = "", self._failure
        if failure is None:
            try:
                text = await self._live.finish()
            except STTError as error:
                failure = error
        live = self._live
        if failure is not None:
            log.info("understanding the whole recording: %s", failure)
            return self._judged(await whole_recording(self._stt, recording, self._language))
        found = Recognized(text, live.language, doubt(word_count(text), live.voiced_s, live.deaf_s))
        if found.doubt is None:
            return found
        log.info("understanding the whole recording once more: %s", found.doubt)
        try:
            again = await whole_recording(self._stt, recording, self._language)
        except STTError:
            return found
        return found if word_count(again.text) <= word_count(found.text) else self._judged(again)

    def _judged(self, again: Recognized) -> Recognized:
        """A second understanding, with what is still doubtful about it."""
        return replace(again, doubt=doubt(word_count(again.text), self._live.voiced_s))

    async def _step(self, *, guess: bool) -> Partial | None:
        if self._failure is not None:
            return None
        try:
            return await self._live.step(guess=guess)
        except STTError as error:
            # The recording goes on: it is understood as a whole, when the recognizer works again.
            log.warning("words are not shown while they are spoken: %s", error)
            self._failure = error
            return None


async def whole_recording(
    stt: STTManager,
    blocks: Callable[[], Iterable[Int16]],
    language: str | None = None,
    model: str | None = None,
) -> Recognized:
    """The words of a finished recording; with another ``model`` than the set one, if it is named. Raises STTError."""
    parts: list[str] = []
    languages: Counter[str] = Counter()
    async with aclosing(stt.transcribe_blocks(blocks, language, model)) as heard:
        async for _, transcript in heard:
            # The parts, not the text: that is polished already, and polish is not done twice.
            part = " ".join(segment.text.strip() for segment in transcript.segments if segment.text.strip())
            parts.append(part)
            languages[transcript.language] += word_count(part)
    found = languages.most_common(1)
    return Recognized(" ".join(filter(None, parts)), found[0][0] if found else "")


def written(recognized: Recognized, stt: STTManager, settings: Settings, *, plain: bool = False) -> str:
    """The words as they are to be written, before a clean-up and before they are fitted to what stands there."""
    text, commands = recognized.text, settings.dictation.commands
    if plain:
        return text
    if commands:
        text = scratched(text, recognized.language)
    return stt.polish(text, recognized.language, commands=commands).strip(" ")
