"""``prism doctor``: a checklist of what a spoken conversation needs, and what to do about what is missing."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from ui.cli.exits import Exit
from ui.cli.options import add_json, emit, load_of, note, settings_of

if TYPE_CHECKING:
    import argparse

    from config import Settings
    from ui.cli.checks import Finding

WIDTH = 15
"""Of the column of names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``doctor [--echo] [--json]``."""
    parser.add_argument(
        "--echo",
        action="store_true",
        help="play a sentence and listen: can you cut in by voice in this room?",
    )
    add_json(parser, "one JSON object per finding and line")


def run(args: argparse.Namespace) -> int:
    """Check everything; 3 when something is missing that ``prism talk`` needs.

    With ``--echo`` listen to the room instead; 3 without a microphone or a speaker.
    """
    if args.echo:
        return asyncio.run(_listen(settings_of(args), json_lines=args.json))
    from config import ConfigError, defaults
    from ui.cli.checks import Finding, configuration_file

    try:
        loaded = load_of(args)
        first, settings = configuration_file(loaded.file), loaded.settings
    except ConfigError as error:
        first, settings = Finding("configuration", "fail", str(error)), defaults()
    return asyncio.run(_examine(first, settings, json_lines=args.json))


async def _listen(settings: Settings, *, json_lines: bool) -> Exit:
    from ui.cli.echo_check import findings, measured

    note("Prism speaks for about ten seconds and listens to the room; please be quiet.")
    for finding in findings(await measured(settings)):
        _show(finding, json_lines=json_lines)
    return Exit.DONE


async def _examine(first: Finding, settings: Settings, *, json_lines: bool) -> Exit:
    from ui.cli.checks import all_findings

    findings = [first]
    _show(first, json_lines=json_lines)
    async for finding in all_findings(settings):
        _show(finding, json_lines=json_lines)
        findings.append(finding)
    failed = sum(finding.state == "fail" for finding in findings)
    if failed:
        note(f"{failed} of {len(findings)} checks failed: prism talk cannot work as it is.")
        return Exit.MISSING
    note("prism talk can work.")
    return Exit.DONE


def _show(finding: Finding, *, json_lines: bool) -> None:
    if json_lines:
        emit({"name": finding.name, "state": finding.state, "detail": finding.detail})
    else:
        line = f"{finding.state:5} {finding.name:{WIDTH}} {finding.detail}"
        print(_folded(line) if sys.stdout.isatty() else line, flush=True)


def _folded(line: str) -> str:
    """A line that fits the terminal, its rest beneath its beginning."""
    width, indent = shutil.get_terminal_size().columns, " " * (WIDTH + 7)
    if width < 2 * len(indent):
        return line
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
