"""A D-Bus of a test's own: a real daemon that nobody else is on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


def lacking() -> str | None:
    """Why there can be none here; None when there can."""
    if shutil.which("dbus-daemon") is None:
        return "dbus-daemon is not installed"
    try:
        import dbus_fast  # noqa: F401
    except ImportError:
        return "dbus-fast is not installed"
    return None


@dataclass(frozen=True, slots=True)
class PrivateBus:
    """One that runs."""

    address: str
    process: subprocess.Popen[str]

    def end(self) -> None:
        """Let it go away under everybody."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def private_bus() -> Iterator[PrivateBus]:
    """It is gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="prism-bus-") as folder:
        config = Path(folder) / "bus.conf"
        config.write_text(CONFIG, "utf-8")
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            if process.stdout is None:
                raise RuntimeError("a pipe was asked for")
            bus = PrivateBus(process.stdout.readline().strip(), process)
            try:
                yield bus
            finally:
                bus.end()
