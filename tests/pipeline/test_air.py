"""Echo in a whole conversation, on virtual time: it does not hear itself, and it hears you.

The short form; scripts/soak/echo_air.py has ten minutes at each level in each room.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline import canceller_installed
from tests.kit.air import Path, half_duplex, rendered, said, talk_in_the_air
from tests.kit.virtual_loop import run_virtual
from tts import SpeechChunk

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
needs_library = pytest.mark.skipif(
    not canceller_installed(), reason="livekit is not installed (the extra [echo])"
)

SEEDS = (1, 2)
STALLING = (4, 9, 13, 18)
"""More of them: stalls are where it went wrong."""
SPOILED = 1
"""Conversations of a room in which it may go wrong. WebRTC's filter and the detector compute in floats, whose last
digits are each processor's own, and once in a hundred conversations a digit decides: where stalls come, 2 of 120 other
seeds paused the reply. Two of a room's few are no chance."""


@pytest.fixture(scope="module")
def pieces() -> dict[str, SpeechChunk]:
    return rendered()


@needs_library
@pytest.mark.parametrize(
    ("path", "alone_s", "seeds"),
    [
        (Path(-24, jitter_s=0.01), 10, SEEDS),
        (Path(-11, jitter_s=0.01, reverberation_s=0.25), 10, SEEDS),
        (Path(-11, jitter_s=0.01, stalls=(5.0, 0.06)), 20, STALLING),
        (Path(0, jitter_s=0.01), 10, SEEDS),
    ],
    ids=["far away", "reverberant", "stalling", "loud"],
)
def test_it_hears_nobody_when_nobody_speaks_and_somebody_who_does(
    pieces: dict[str, SpeechChunk], path: Path, alone_s: float, seeds: tuple[int, ...]
) -> None:
    wrong = {seed: told for seed in seeds if (told := gone_wrong(pieces, replace(path, seed=seed), alone_s))}
    assert len(wrong) <= SPOILED, wrong


def gone_wrong(pieces: dict[str, SpeechChunk], path: Path, alone_s: float) -> str:
    """What it did to itself in a conversation, or whom it did not hear; empty when all was well."""

    async def main() -> tuple[dict[str, int], list[tuple[float | None, float | None]]]:
        async with talk_in_the_air(path, pieces) as talk:
            await talk.alone(alone_s)
            own = talk.self_inflicted()
            return own, [await talk.cut_in(said(name), 4.0) for name in ("en_joke", "fr_sum")]

    own, cuts = run_virtual(main())
    heard = all(paused is not None and paused < 800 and ended is not None for paused, ended in cuts)
    return "" if heard and not own else f"alone {own or 'nothing'}; cut in after {cuts} ms"


def test_without_a_canceller_it_listens_only_when_it_is_silent(pieces: dict[str, SpeechChunk]) -> None:
    before, after = half_duplex(pieces)
    assert before == {}
    assert after["speech.started"] == 1
