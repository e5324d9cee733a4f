"""What every room may share and no room owns: channels, clocks, engine threads, the sound hardware.

Small files, each of which is whole by itself. Nothing here knows what a transcript, a reply or a turn is.
"""

from __future__ import annotations

import os

# onnxruntime's builds of 1.31 give this machine a number and tell their maker what is run, unless this is set before
# they are imported. Every room is: they all come by here first. Children inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
