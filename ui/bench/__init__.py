"""What ``prism bench`` measures and how its figures are kept. Each contest is one file in ``contests``.

A contest measures from outside where it can (samples at the sink, the truth about a recording, a process seen by the
system) and compares with what it would cost without Prism, in turns with it. Nothing here judges by exit code.
"""

from __future__ import annotations
