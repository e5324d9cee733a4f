"""What holds for every test: it is no matter of how busy the machine is, nor of luck.

Properties are tried on the same examples in every run, so that a red test is red again. To search for new ones:

    scripts/test tests/stt --hypothesis-profile search
"""

from __future__ import annotations

import signal

from hypothesis import settings

# A shell has its background jobs ignore Ctrl-C, and so would every program that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("same", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("same")
