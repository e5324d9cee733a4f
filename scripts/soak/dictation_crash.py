"""Dictation that dies at random moments: is sound lost beyond 200 ms, is any text delivered twice or never?

    python -m scripts.soak.dictation_crash --runs 200

Each run forks a process that dictates utterances, one after the other, at the speed of speech, with a recognizer that
knows which one it hears, into a file. It is killed with -9 at a random moment, or meets a full disk, a microphone that
dies, a recognizer that fails, or its journal is copied in the middle of a write, as a power cut would leave it. Further
processes recover from what is there, and some of them are killed too; the last one is not. Then the books must balance.
What a kernel has taken but not yet written is not lost by killing a process, so this does not prove that disks sync.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipeline import Journal, JournalError
from scripts.soak.dictation_lives import SMALL_DISK, Life, born, settings
from stt import SAMPLE_RATE

KINDS = ("kill", "full disk", "dead microphone", "failed model", "copied")
DEADLY = {"kill", "copied"}
CLICK_S = 0.13
"""Shorter sound is a click and no utterance: 0.09 s in whole frames."""
LOSS_MS = 200
"""Sound that may be lost: what was captured within so long before the end, milliseconds."""
QUICK = 0.3
"""How much shorter everything is with --quick."""
LIFE_S = (0.05, 2.2)
"""When a process dies, seconds after it began to dictate."""


@dataclass
class Books:
    """What must balance at the end of a run."""

    fed: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """Of each utterance: samples given so far, and when."""
    said: bool = False
    """Whether the user was told that the journal is in memory."""

    def read(self, text: bytes) -> None:
        for line in text.decode().splitlines():
            word, number, given, at = line.split()
            if word == "said":
                self.said = True
            else:
                self.fed.setdefault(int(number), []).append((int(given), float(at)))

    def owed(self, number: int, until: float) -> int:
        """Samples of an utterance that were given until then (s, monotonic)."""
        return max((given for given, at in self.fed[number] if at <= until), default=0)


@dataclass
class Report:
    """What all runs saw."""

    loss_s: float
    """Sound that may be lost."""
    pace: float
    """Of all durations."""
    runs: int = 0
    utterances: int = 0
    recovered: int = 0
    uncertain: int = 0
    worst_loss_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


def one_run(seed: int, report: Report) -> None:
    """One process, its end, and those that come after it."""
    draw, kind = random.Random(seed), KINDS[seed % len(KINDS)]
    with tempfile.TemporaryDirectory(prefix="prism-soak-") as name:
        folder, books = Path(name), Books()
        reading, writing = os.pipe()
        pid = born(Life(folder, seed, kind, recovering=False, pipe=writing, pace=report.pace))
        os.close(writing)
        died = _end(pid, kind, draw.uniform(*LIFE_S) * report.pace, folder)
        with os.fdopen(reading, "rb") as pipe:
            books.read(pipe.read())
        if kind == "copied":
            shutil.move(folder / "copy", folder / "left")
            shutil.rmtree(folder / "dictations", ignore_errors=True)
            shutil.move(folder / "left", folder / "dictations")
        before = _on_disk(folder)
        if kind in DEADLY:
            _check_sound(seed, books, before, died, report)
        _recover(folder, seed, kind, draw)
        _check_words(seed, kind, folder, books, before, report)
    report.runs += 1
    report.utterances += len(books.fed)


def _end(pid: int, kind: str, life_s: float, folder: Path) -> float:
    """Wait for the end of a life, or bring it about; when it was (s, monotonic)."""
    if kind not in DEADLY:
        _, status = os.waitpid(pid, 0)
        if status:
            raise SystemExit(f"a process of kind {kind} failed with {status}")
        return time.monotonic()
    time.sleep(life_s)
    os.kill(pid, signal.SIGSTOP)  # so that journal and words are of one moment
    at, words = time.monotonic(), folder / "words.txt"
    if kind == "copied":
        _copied(folder)
        seen = words.read_bytes() if words.exists() else b""
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        words.write_bytes(seen)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return at


def _copied(folder: Path) -> None:
    """A copy of the journal as it is now, file by file, while it is being written to."""
    (folder / "copy").mkdir()
    for file in sorted((folder / "dictations").glob("*")) if (folder / "dictations").exists() else ():
        shutil.copyfile(file, folder / "copy" / file.name)


def _on_disk(folder: Path) -> dict[int, tuple[str, int, bool]]:
    """Of each utterance of which there is sound: its name, its samples, and whether it was on its way to the sink."""
    journal = Journal(settings().journal, folder / "dictations")
    found = {}
    for dictated in journal.newest():
        try:
            samples = np.concatenate([*journal.sound(dictated.id), np.zeros(0, np.int16)])
        except JournalError:  # there was none yet
            samples = np.zeros(0, np.int16)
        if len(samples):
            found[int(samples[0])] = (dictated.id, len(samples), dictated.sent)
    return found


def _recover(folder: Path, seed: int, kind: str, draw: random.Random) -> None:
    """Lives that recover; the last of them lives to its end."""
    for life in range(draw.choice((1, 1, 2, 3)) - 1, -1, -1):
        reading, writing = os.pipe()
        pid = born(Life(folder, seed + 1, kind, recovering=True, pipe=writing))
        os.close(writing)
        if life:
            time.sleep(draw.uniform(0.0, 0.4))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(reading)
        if not life and status:
            raise SystemExit(f"recovering from {kind} failed with {status}")


def _check_sound(
    seed: int, books: Books, found: dict[int, tuple[str, int, bool]], died: float, report: Report
) -> None:
    for number, given in books.fed.items():
        there = found.get(number, ("", 0, False))[1]
        if there < books.owed(number, died - report.loss_s):
            report.wrong.append(f"run {seed}: utterance {number} has {there} samples of {given[-1][0]}")
        captured = books.owed(number, died)
        report.worst_loss_s = max(report.worst_loss_s, (captured - there) / SAMPLE_RATE)


def _check_words(
    seed: int, kind: str, folder: Path, books: Books, before: dict[int, tuple[str, int, bool]], report: Report
) -> None:
    """Every utterance of which there was sound is in the file once, or offered because it may have been there."""
    words = folder / "words.txt"
    written = Counter(words.read_text().split()) if words.exists() else Counter[str]()
    journal = Journal(settings().journal, folder / "dictations")
    offered = {one.id for one in journal.newest() if one.state == "recovered"}
    sound = {number: samples for number, (_, samples, _) in before.items()}
    due = (
        {n for n, samples in sound.items() if samples >= CLICK_S * SAMPLE_RATE}
        if kind in DEADLY
        else set(books.fed)
    )
    for number in due:
        times, name = written[f"u{number}"], before.get(number, ("", 0, False))[0]
        report.uncertain += name in offered
        if times > 1 or (not times and name not in offered):
            report.wrong.append(f"run {seed} ({kind}): utterance {number} was delivered {times} times")
    report.recovered += sum(one.state in {"confirmed", "recovered"} for one in journal.newest())
    left = [one.id for one in journal.newest() if one.unfinished]
    if left:
        report.wrong.append(f"run {seed} ({kind}): {left} are still unfinished")
    long = any(given[-1][0] * 2 > SMALL_DISK * report.pace * 1.3 for given in books.fed.values())
    if kind == "full disk" and long and not books.said:
        report.wrong.append(f"run {seed}: nobody was told of the full disk")


def main() -> int:
    """Run them and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--loss-ms", type=float, default=LOSS_MS, help="sound that may be lost by a death")
    parser.add_argument("--quick", action="store_true", help="shorter dictations")
    args = parser.parse_args()
    report, began = Report(args.loss_ms / 1000, QUICK if args.quick else 1.0), time.monotonic()
    for seed in range(args.seed, args.seed + args.runs):
        one_run(seed, report)
    print(
        f"{report.runs} runs in {time.monotonic() - began:.0f} s, {report.utterances} utterances, "
        f"{report.recovered} in the journal delivered or offered, {report.uncertain} offered as uncertain; "
        f"most sound lost by a death: {report.worst_loss_s * 1000:.0f} ms"
    )
    for wrong in report.wrong:
        print(f"WRONG {wrong}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
