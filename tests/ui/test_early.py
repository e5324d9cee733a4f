"""Ctrl-C at any moment of the program's start, and of its end: code 130 and not a word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PRESS = """
import os, runpy, signal, sys

class Press:
    '''Ctrl-C at the very moment at which a module begins to be imported.'''

    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Press())
moment, start = sys.argv[1], sys.argv[2]
sys.argv = ["prism", "devices"]
if start == "module":
    runpy.run_module("ui.cli.main", run_name="__main__", alter_sys=True)
else:
    from ui.cli.early import main
    sys.exit(main())
"""


@pytest.mark.parametrize("start", ["module", "program"])
@pytest.mark.parametrize(
    "moment",
    ["argparse", "difflib", "ui.cli.exits", "ui.cli.process", "ui.cli.commands.devices", "ui.cli.log"],
)
def test_ctrl_c_while_loading_says_nothing(moment: str, start: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRESS.replace("sys.argv[1]", repr(moment), 1), moment, start],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_background_job_ignores_it_still() -> None:
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); from ui.cli import early; early.guard()\n"
        "early.hand_over(); print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    )
    assert printed(script) == "True"


def test_another_program_that_calls_us_keeps_its_own_handler() -> None:
    script = (
        "import signal\nmine = lambda *_: None\nsignal.signal(signal.SIGINT, mine)\n"
        "from ui.cli.main import main\nmain(['--version'])\nprint(signal.getsignal(signal.SIGINT) is mine)"
    )
    assert printed(script) == "True"


def printed(script: str) -> str:
    """The last line that a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[-1]
