"""Boards as JSON and back, and two measurements against each other. The files are read and written here only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ui.bench.figures import Board, Goal
from ui.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT = 1
"""Of the file; another number is another meaning."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure in two measurements."""

    contest: str
    name: str
    unit: str
    counts: tuple[int, int]
    """Samples, old and new: a few are not to be trusted against many."""
    p50: tuple[float, float]
    """Old, new."""
    p95: tuple[float, float]
    """Old, new."""


def to_json(boards: Sequence[Board], machine: Mapping[str, object]) -> dict[str, Any]:
    """Everything that was measured, every raw sample included."""
    return {
        "prism_bench": FORMAT,
        "machine": dict(machine),
        "contests": [_board_json(board) for board in boards],
    }


def from_json(data: object) -> list[Board]:
    """The boards of a file. Raises ValueError for anything else."""
    if not isinstance(data, dict) or data.get("prism_bench") != FORMAT:
        raise ValueError("it is no measurement of this version of prism bench")
    try:
        return [_board(entry) for entry in data["contests"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a part of it is missing or of the wrong kind ({error})") from error


def ratios(old: Sequence[Board], new: Sequence[Board]) -> list[Ratio]:
    """Each figure that both have samples of, in the order of the new one."""
    before = {(board.contest, s.name, s.unit): s for board in old for s in board.series if s.samples}
    return [
        Ratio(
            board.contest,
            s.name,
            s.unit,
            (len(was.samples), len(s.samples)),
            (was.at("p50"), s.at("p50")),
            (was.at("p95"), s.at("p95")),
        )
        for board in new
        for s in board.series
        if s.samples and (was := before.get((board.contest, s.name, s.unit)))
    ]


def read(path: Path) -> list[Board]:
    """The boards of an earlier measurement. Raises Failure."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Failure(Exit.UNREADABLE, f"{path} cannot be compared with: {reason}.") from error


def write(path: Path, text: str) -> None:
    """Keep a result. Raises Failure."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(Exit.FAILED, f"Cannot write {path}: {error.strerror or error}.") from error


def _board_json(board: Board) -> dict[str, Any]:
    figures = [
        {
            "name": s.name,
            "unit": s.unit,
            "samples": [round(value, 5) for value in s.samples],
            **({name: round(s.at(name), 5) for name in ("p50", "p95", "max")} if s.samples else {}),
            "goal": {"statistic": s.goal.statistic, "below": s.goal.below} if s.goal else None,
            "verdict": s.verdict,
        }
        for s in board.series
    ]
    return {"contest": board.contest, "facts": board.facts, "figures": figures, "remarks": board.remarks}


def _board(entry: Mapping[str, Any]) -> Board:
    board = Board(str(entry["contest"]))
    board.facts.update(entry["facts"])
    board.remarks += entry["remarks"]
    for figure in entry["figures"]:
        goal = figure["goal"]
        series = board.figure(
            figure["name"], figure["unit"], Goal(goal["statistic"], goal["below"]) if goal else None
        )
        series.add(*(float(value) for value in figure["samples"]))
    return board
