"""Who may cut in by voice: every combination of what a conversation is made of."""

from __future__ import annotations

import re

import pytest

from common.audio_host import AudioBackendMissing
from pipeline.duplex import DEAF, Duplex, Equipment, decide
from tests.kit.settings import settings

ROOM = Equipment(live_source=True, live_sink=True, tapped=True, installed=True)
FILE = Equipment(live_source=False, live_sink=False, tapped=False, installed=True)
TO_FILE = Equipment(live_source=True, live_sink=False, tapped=False, installed=True)
FROM_FILE = Equipment(live_source=False, live_sink=True, tapped=True, installed=True)
WITHOUT = Equipment(live_source=True, live_sink=True, tapped=True, installed=False)
UNTAPPED = Equipment(live_source=True, live_sink=True, tapped=False, installed=True)

FULL = Duplex(shared_room=False, deaf=False)
CASES = [
    (FILE, {}, FULL),
    (TO_FILE, {}, FULL),
    (FROM_FILE, {}, FULL),
    (FILE, {"audio__echo": "off"}, FULL),
    (ROOM, {"audio__headphones": True}, FULL),
    (WITHOUT, {"audio__headphones": True}, FULL),
    (WITHOUT, {"audio__headphones": True, "audio__echo": "on"}, FULL),
    (ROOM, {}, Duplex(shared_room=True, deaf=False, cancel=True)),
    (ROOM, {"audio__echo": "on"}, Duplex(shared_room=True, deaf=False, cancel=True)),
    (ROOM, {"audio__echo": "off"}, Duplex(shared_room=True, deaf=True)),
    (WITHOUT, {}, Duplex(shared_room=True, deaf=True, advice=DEAF)),
    (WITHOUT, {"audio__echo": "off"}, Duplex(shared_room=True, deaf=True)),
    (UNTAPPED, {}, Duplex(shared_room=True, deaf=True)),
    (ROOM, {"barge_in__enabled": False}, Duplex(shared_room=True, deaf=True)),
    (WITHOUT, {"barge_in__enabled": False}, Duplex(shared_room=True, deaf=True)),
    (FILE, {"barge_in__enabled": False}, Duplex(shared_room=False, deaf=True)),
]


@pytest.mark.parametrize(("equipment", "changes", "expected"), CASES)
def test_who_may_cut_in(equipment: Equipment, changes: dict[str, object], expected: Duplex) -> None:
    assert decide(settings(**changes), equipment) == expected


def test_a_canceller_that_is_insisted_on_and_missing_is_an_error_with_its_remedy() -> None:
    with pytest.raises(AudioBackendMissing, match=re.escape("pip install 'prism-voice[echo]'")):
        decide(settings(audio__echo="on"), WITHOUT)


def test_the_advice_is_one_line_that_names_both_remedies() -> None:
    assert "\n" not in DEAF
    assert "pip install 'prism-voice[echo]'" in DEAF
    assert "audio.headphones=true" in DEAF
