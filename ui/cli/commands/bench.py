"""``prism bench``: measure Prism on this machine, contest by contest, and keep every raw sample.

What is shipped is measured (as in ``prism demo``), or what ``--set`` says. It never judges by its exit code: figures
above their goal are information. Ctrl-C ends it with what is done.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.commands.demo import SHIPPED
from ui.cli.exits import Exit, UsageError
from ui.cli.options import note, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ui.bench.effort import Effort
    from ui.bench.figures import Board

CONTROL_S = 0.5
"""Seconds for which the timers of the machine are watched before each contest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``bench [CONTEST ...] [--quick] [--long] [--json FILE] [--svg FILE] [--compare OLD.json] [--list]``."""
    parser.add_argument(
        "contests", nargs="*", metavar="CONTEST", help="what to measure (default: everything)"
    )
    parser.add_argument("--list", action="store_true", help="show what can be measured and exit")
    parser.add_argument("--quick", action="store_true", help="a few samples only, to see that it runs")
    parser.add_argument("--long", action="store_true", help="24 simulated hours of conversation instead of 2")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep the figures and every raw sample")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the figures as bars")
    parser.add_argument(
        "--compare", metavar="OLD.json", type=Path, help="tell each figure against an earlier one"
    )


def run(args: argparse.Namespace) -> int:
    """Measure. Raises UsageError, ConfigError, Failure and what a contest raises when it cannot be held."""
    from ui.bench.contests import CONTESTS

    if args.list:
        width = max(map(len, CONTESTS))
        print("\n".join(f"{name.ljust(width)}  {summary}" for name, summary in CONTESTS.items()))
        return Exit.DONE
    chosen = _chosen(args.contests, CONTESTS)
    from ui.bench import compare

    old = compare.read(args.compare) if args.compare else None
    settings = settings_of(argparse.Namespace(config=args.config, overrides=[*SHIPPED, *args.overrides]))
    for name, value in (("--json", args.json), ("--svg", args.svg)):
        if value is not None and not value.absolute().parent.is_dir():
            raise UsageError(f"{name}: there is no folder {value.parent}.")
    from ui.bench.effort import Effort
    from ui.bench.figures import Board

    boards: list[Board] = []
    code = Exit.DONE
    try:
        for name in chosen:
            boards.append(Board(name))
            note(f"{name}: {CONTESTS[name]}")
            _hold(Effort(settings, quick=args.quick, long=args.long, tell=_teller(name)), boards[-1])
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
    finally:  # whatever ended it: what is done is kept
        _finish(args, boards, old)
    return code


def _chosen(names: Sequence[str], known: Sequence[str] | dict[str, str]) -> list[str]:
    """The contests that were asked for, each once, or all of them. Raises UsageError."""
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, list(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}."
            raise UsageError(f"There is no contest {name}; {hint}")
    return list(dict.fromkeys(names)) or list(known)


def _teller(contest: str) -> Callable[[str], None]:
    """Progress on one line of a terminal; nothing in a log."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: print(f"\r\x1b[K{contest}: {text}", end="\r", file=sys.stderr, flush=True)


def _hold(effort: Effort, board: Board) -> None:
    """Hold one contest and show its table, also of half a one."""
    from importlib import import_module

    from ui.bench.circumstances import Circumstances
    from ui.bench.table import board_lines

    circumstances = Circumstances(CONTROL_S)
    try:
        import_module(f"ui.bench.contests.{board.contest.replace('-', '_')}").run(effort, board)
    finally:
        board.facts.update(circumstances.over())
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        print("\n".join(board_lines(board)), end="\n\n", flush=True)


def _finish(args: argparse.Namespace, boards: Sequence[Board], old: Sequence[Board] | None) -> None:
    """The comparison and the files."""
    from ui.bench import compare
    from ui.bench.machine import facts
    from ui.bench.picture import picture
    from ui.bench.table import ratio_lines

    if old is not None:
        print("\n".join(ratio_lines(compare.ratios(old, boards))), flush=True)
    if args.json:
        told = compare.to_json(boards, {**facts(), "quick": args.quick, "set": args.overrides})
        compare.write(args.json, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    if args.svg:
        compare.write(args.svg, picture(boards))
    for file in (args.json, args.svg):
        if file:
            note(f"Written: {file}")
