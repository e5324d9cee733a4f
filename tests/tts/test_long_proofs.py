"""The long proofs of scripts/soak in a short form."""

from __future__ import annotations

import random

import pytest

from scripts.soak import splitter, voices

pytestmark = pytest.mark.real  # processes that are started, killed and waited for


def test_random_texts_are_cut_and_joined_again() -> None:
    dice = random.Random(7)  # noqa: S311  # texts, no secrets
    for _ in range(2000):
        text = splitter.made(dice)
        assert splitter.wrong(text, dice) is None, text


async def test_many_conversations_through_one_espeak_hear_only_their_own() -> None:
    pytest.importorskip("espeakng_loader", reason="eSpeak is not installed")
    heard = await voices.soak(conversations=8, audio_s=60)
    assert sum(each.seconds for each in heard) >= 60
    assert min(each.worst for each in heard) > 0.75
    assert max(each.others for each in heard) < 0.65
