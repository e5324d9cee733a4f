"""Echo in a whole conversation, on virtual time: it does not hear itself, and it hears you.

The short form; scripts/soak/echo_air.py has ten minutes at each level in each room.
"""

from __future__ import annotations

import pytest

from pipeline import canceller_installed
from tests.kit.air import Path, half_duplex, rendered, said, talk_in_the_air
from tests.kit.virtual_loop import run_virtual
from tts import SpeechChunk

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
needs_library = pytest.mark.skipif(
    not canceller_installed(), reason="livekit is not installed (the extra [echo])"
)

STALLING = (4, 9, 13, 18)
"""Seeds with which a far end that is moved by reported times alone makes it interrupt itself."""


@pytest.fixture(scope="module")
def pieces() -> dict[str, SpeechChunk]:
    return rendered()


@needs_library
@pytest.mark.parametrize(
    "path",
    [
        Path(-24, jitter_s=0.01),
        Path(-11, jitter_s=0.01, reverberation_s=0.25),
        *(Path(-11, jitter_s=0.01, stalls=(5.0, 0.06), seed=seed) for seed in STALLING),
        Path(0, jitter_s=0.01),
    ],
    ids=["far away", "reverberant", *(f"stalling {seed}" for seed in STALLING), "loud"],
)
def test_it_hears_nobody_when_nobody_speaks_and_somebody_who_does(
    pieces: dict[str, SpeechChunk], path: Path
) -> None:
    async def main() -> tuple[dict[str, int], list[tuple[float | None, float | None]]]:
        async with talk_in_the_air(path, pieces) as talk:
            await talk.alone(20)
            own = talk.self_inflicted()
            return own, [await talk.cut_in(said(name), 4.0) for name in ("en_joke", "fr_sum")]

    own, cuts = run_virtual(main())
    assert own == {}
    assert all(paused is not None and paused < 800 for paused, _ in cuts), cuts
    assert all(ended is not None for _, ended in cuts), cuts


def test_without_a_canceller_it_listens_only_when_it_is_silent(pieces: dict[str, SpeechChunk]) -> None:
    before, after = half_duplex(pieces)
    assert before == {}
    assert after["speech.started"] == 1
