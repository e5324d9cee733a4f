"""The contests of ``prism bench``: one file each, found by the table below. This file imports none of them.

A contest exports ``run(effort, board)``: blocking, filling the board as it goes, ending whatever it started.
"""

from __future__ import annotations

CONTESTS: dict[str, str] = {
    "turns": "mouth to ear with scripted stages against its limit, speculation on and off; the detector's lag",
    "barge-in": "from the onset of your voice to silence at the sink",
    "many": "1, 4, 16 and 64 conversations in one process",
    "recordings": "mouth to ear with real engines on the shipped recordings, stage by stage",
    "voices": "first sound of each voice, cold, warm and kept, against its engine called directly",
    "stt": "recognition through Prism against faster-whisper called directly",
    "dictation": "from the release of the key to the words, after 5 and after 60 seconds of speech",
    "process": "start-up, memory, idle listening, hours of conversation",
}
"""Name -> what it measures, in the order in which they are run. None needs a network. ``a-b`` is the file ``a_b``."""
