"""Break the rules of a conversation on purpose, one at a time, and see whether the tests notice.

    python -m scripts.mutants [--only WORD]

Each mutant is one rule of turn-taking with the line that keeps it. The tree is copied, the line broken, and the tests
of turns and of the segmenter are run: they must fail. A mutant that survives is a rule without a test.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = (
    "config",
    "common",
    "stt",
    "llm",
    "tts",
    "pipeline",
    "ui",
    "tests",
    "scripts",
    "docs",
    "pyproject.toml",
)
TESTS = (
    *(
        f"tests/pipeline/test_{name}.py"
        for name in (
            "floor playback barge_in play heard tools fillers voice prosody leak echo conversation "
            "random_conversations".split()
        )
    ),
    "tests/stt/test_segmenter.py",
)
"""What is about turns, the quickest first."""


@dataclass(frozen=True)
class Mutant:
    """A rule, and how it is broken."""

    rule: str
    file: str
    line: str
    broken: str


MUTANTS = (
    Mutant(
        "nothing sounds before the commit",
        "pipeline/playback.py",
        "return self._committed and not self._onset and not self._holds",
        "return not self._onset and not self._holds",
    ),
    Mutant(
        "nobody is spoken over: the onset holds",
        "pipeline/playback.py",
        "return self._committed and not self._onset and not self._holds",
        "return self._committed and not self._holds",
    ),
    Mutant(
        "nobody is spoken over: confirmed speech holds",
        "pipeline/hearing.py",
        "self._playback.hold(fact.utterance, 0)",
        "pass",
    ),
    Mutant(
        "holds are keyed by utterance and revision",
        "pipeline/playback.py",
        "self._holds = {(u, r) for u, r in self._holds if u != utterance}\n",
        "self._holds = set()\n",
    ),
    Mutant(
        "nothing of a provisional turn is seen",
        "pipeline/context.py",
        "        if self.committed.is_set():\n            self._emit(event)\n        else:\n"
        "            self._kept.append(event)",
        "        self._emit(event)",
    ),
    Mutant(
        "tools wait for the commit",
        "pipeline/think.py",
        "        await self._context.committed.wait()\n",
        "",
    ),
    Mutant(
        "more speech supersedes the provisional turn",
        "pipeline/floor.py",
        "return [Supersede()] if self._live and not self._live.committed else []",
        "return []",
    ),
    Mutant(
        "stale decodes are dropped",
        "pipeline/floor.py",
        "        if key != self._open:\n            return []\n",
        "        if self._open is None:\n            return []\n",
    ),
    Mutant(
        "words cut a reply",
        "pipeline/floor.py",
        'return words, [Interrupt("speech")]',
        "return words, []",
    ),
    Mutant(
        "a backchannel lets it go on",
        "pipeline/barge_in.py",
        "return scene.audible and not asked and is_backchannel(text)",
        "return False",
    ),
    Mutant(
        "an answer to a question is no backchannel",
        "pipeline/barge_in.py",
        "return scene.audible and not asked and is_backchannel(text)",
        "return scene.audible and is_backchannel(text)",
    ),
    Mutant(
        "voice that lasts cuts without words",
        "pipeline/floor.py",
        'return [Interrupt("speech")] if self._live and self._live.committed else []',
        "return []",
    ),
    Mutant(
        "words stay owed until a reply to them was audible",
        "pipeline/outcome.py",
        'return self.audible or self.reason != "speech"',
        "return True",
    ),
    Mutant(
        "the next turn starts when the old one is gone",
        "pipeline/converse.py",
        "        await asyncio.wait({task}, timeout=CLEAN_UP_S)\n",
        "",
    ),
    Mutant(
        "a turn that cannot be left is waited for a second",
        "pipeline/converse.py",
        "CLEAN_UP_S = 1.0",
        "CLEAN_UP_S = 10.0",
    ),
    Mutant(
        "history is what was heard",
        "pipeline/turn.py",
        "self._studio.history.assistant(heard, self._thinker.intended)",
        "self._studio.history.assistant(self._thinker.intended, self._thinker.intended)",
    ),
    Mutant(
        "utterances are settled in the order in which they were spoken",
        "pipeline/floor.py",
        "            if not isinstance(words, Decoded):\n                break",
        "            if not isinstance(words, Decoded):\n                continue",
    ),
    Mutant(
        "a filler is no reply: words stay owed",
        "pipeline/play.py",
        "        if not aside:\n",
        "        if True:\n",
    ),
    Mutant(
        "a filler is not remembered",
        "pipeline/think.py",
        "        self._pieces.append((text, True))\n",
        "        self._pieces.append((text, False))\n",
    ),
    Mutant(
        "no filler is said over the user",
        "pipeline/think.py",
        "if not self._speaks.is_set() and may_sound():",
        "if not self._speaks.is_set():",
    ),
    Mutant(
        "with --fast nothing depends on the speed of the stages",
        "pipeline/orchestrator.py",
        "joins=not io.fast",
        "joins=True",
    ),
    Mutant(
        "a pause is judged by its own sound",
        "pipeline/floor.py",
        "known = sound is not None and (sound.utterance, sound.revision) == (words.utterance, words.revision)",
        "known = sound is not None",
    ),
    Mutant(
        "a leak keeps one delay",
        "pipeline/leak.py",
        "abs(delay - self._delay) <= SAME",
        "abs(delay - self._delay) <= 100 * SAME",
    ),
    Mutant(
        "blocks of the loudspeaker that agree are moved to where they were heard",
        "pipeline/reference.py",
        "        self._move_if_agreed()\n\n    def _rest",
        "\n    def _rest",
    ),
    Mutant(
        "what is noticed in several frames is one reason to doubt the canceller",
        "pipeline/echo.py",
        "self._doubt_s if calm_s < ONE_S else 2 * self._doubt_s",
        "2 * self._doubt_s",
    ),
    Mutant(
        "the newest revision is decoded first",
        "pipeline/decodes.py",
        "self._pending.pop(max(self._pending))",
        "self._pending.pop(min(self._pending))",
    ),
    Mutant(
        "nothing ends while an onset is undecided",
        "stt/segmenter.py",
        "if self._state is not _State.PAUSED or self._onset is not None:",
        "if self._state is not _State.PAUSED:",
    ),
    Mutant(
        "with --fast a slow tool changes nothing",
        "pipeline/think.py",
        "clock.sleep_until(clock.now() + self._tools.filler_after_s)",
        "asyncio.sleep(self._tools.filler_after_s)",
    ),
    Mutant(
        "with --fast a frame waits until nothing moves",
        "pipeline/stepping.py",
        "SPINS = 12",
        "SPINS = 0",
    ),
)


def main() -> None:
    """Try each mutant; exit 1 if any survives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only rules that hold this word")
    only = parser.parse_args().only
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        if _fails(tree):
            sys.exit("The tests fail without any mutant: mend that first.")
        for mutant in MUTANTS:
            if only in mutant.rule:
                _copy(tree)
                _break(mutant, tree)
                seen = _fails(tree)
                survivors += not seen
                print(f"{'seen    ' if seen else 'SURVIVED'}  {mutant.rule}", flush=True)
    sys.exit(1 if survivors else 0)


def _copy(tree: Path) -> None:
    """A fresh copy of what the tests need."""
    shutil.rmtree(tree, ignore_errors=True)
    for name in ROOMS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "tiny-whisper"))
        else:
            shutil.copy(source, tree / name)


def _break(mutant: Mutant, tree: Path) -> None:
    """Put the mutant into the copy. Raises LookupError when its line is not there any more."""
    target = tree / mutant.file
    text = target.read_text(encoding="utf-8")
    if mutant.line not in text:
        raise LookupError(f"{mutant.file} has no longer the line of the rule {mutant.rule!r}")
    target.write_text(text.replace(mutant.line, mutant.broken, 1), encoding="utf-8")


def _fails(tree: Path) -> bool:
    """Whether the tests fail there."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS]
    return subprocess.run(command, cwd=tree, capture_output=True, check=False).returncode != 0  # noqa: S603  # ours


if __name__ == "__main__":
    main()
