"""A recognizer in a process of its own, so that what kills or hangs it costs a second and no word.

``engine`` is the recognizer that others see, ``link`` one child and the talk with it, ``child`` what runs there.
"""

from __future__ import annotations

from stt.isolation.engine import IsolatedTranscriber

__all__ = ["IsolatedTranscriber"]
