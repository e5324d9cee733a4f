"""``prism ctl`` as a user runs it, without a daemon; with one it is driven in tests/real."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.ui.conftest import ROOT, Prism
from ui.cli.commands.ctl import event_line, status_lines
from ui.control.protocol import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_without_a_daemon_each_verb_says_how_to_start_one(prism: Prism, verb: str) -> None:
    ran = prism("ctl", verb)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "prism: No dictation runs here; start it with: prism dictate\n"


@pytest.mark.parametrize("words", [["explode"], [], ["start", "somewhere"]])
def test_nonsense_is_wrong_usage(prism: Prism, words: list[str]) -> None:
    assert prism("ctl", *words).code == 2


def test_it_imports_nothing_but_the_standard_library() -> None:
    """A key bound to it must act at once."""
    probe = (
        "import sys; from ui.cli.main import main; main(['ctl', 'status']); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {"ui", "__main__"}
    found = {name for name in done.stdout.split() if not name.startswith(("_", "sitecustomize"))}
    assert found <= ours
    probe = probe.replace("print(", "assert 'asyncio' not in sys.modules; print(")
    subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)


def test_a_status_is_told_in_words() -> None:
    last = {"delivery": "kept", "where": "the clipboard", "text": "one\ntwo " + "x" * 200, "id": "a"}
    told = status_lines(
        {"state": "listening", "target": "notes", "waiting": 2, "last": last, "error": "It broke."}
    )
    assert told[:2] == ["listening, into notes", "2 dictations still to be inserted"]
    assert told[2].startswith("last: kept, the clipboard: one two xxx")
    assert len(told[2]) < 150
    assert told[3] == "error: It broke."


def test_an_event_is_one_line() -> None:
    assert event_line({"event": "dictation.text", "t": 1.2, "text": "a\nb"}) == "dictation.text  text: a b"
    assert event_line({"ok": True, "do": "events", "state": "idle"}) == "status  state: idle"
