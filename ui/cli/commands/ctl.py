"""``prism ctl``: drive the running dictation from a key of the desktop, a script, a deck of buttons or Talon.

It must act at once: nothing but the standard library is imported on the way to the daemon, and no log is opened.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.options import add_json, emit, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ui.control.client import Client
    from ui.control.protocol import Verb

QUICK = True
"""The program opens no log and loads no configuration for this command."""

ACTIONS: dict[str, str] = {
    "start": "begin to listen",
    "stop": "finish, and insert the words",
    "toggle": "the one of both that fits",
    "cancel": "throw away what is being said",
    "status": "tell what is going on",
    "paste-last": "insert the last words once more",
    "retry-last": "understand the last recording once more, and insert its words",
    "events": "tell what happens, as it happens, until Ctrl-C",
    "ping": "ask whether anybody is there",
    "talon-install": "write the folder by which Talon drives Prism, and Prism Talon",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``ctl ACTION [DIR] [--json]``."""
    told = "; ".join(f"{name}: {what}" for name, what in ACTIONS.items())
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help=told)
    parser.add_argument(
        "folder", nargs="?", metavar="DIR", type=Path, help="with talon-install: Talon's user folder"
    )
    add_json(parser, "the answer, or each event, as one JSON object per line on stdout")


def run(args: argparse.Namespace) -> int:
    """Ask the daemon. Exit code 3 when none runs."""
    if args.action == "talon-install":
        return _install(args.folder, as_json=args.json)
    if args.folder is not None:
        raise UsageError(f"{args.action} takes no folder; only talon-install does.")
    return _connected(lambda client: _asked(client, args.action, as_json=args.json))


def _connected(work: Callable[[Client], int]) -> int:
    from ui.control.client import ControlError, NoDaemon, connect

    try:
        with connect() as client:
            return work(client)
    except NoDaemon as error:
        raise Failure(Exit.MISSING, str(error)) from error
    except ControlError as error:
        raise Failure(Exit.FAILED, str(error)) from error


def _asked(client: Client, action: Verb, *, as_json: bool) -> int:
    if action == "events":
        return _followed(client, as_json=as_json)
    answer = client.ask(action)
    if as_json:
        emit(answer)
    elif action == "status":
        sys.stdout.write("".join(f"{line}\n" for line in status_lines(answer)))
    elif action == "ping":
        print(f"Prism {client.hello.get('version')} is there (process {client.hello.get('pid')}).")
    return Exit.DONE


def _followed(client: Client, *, as_json: bool) -> int:
    for record in client.events():
        if as_json:
            emit(record)
        else:
            print(event_line(record), flush=True)
    note("Prism has ended.")
    return Exit.DONE


def status_lines(status: dict[str, Any]) -> list[str]:
    """What is going on, for a person."""
    lines = [str(status.get("state", "unknown"))]
    if target := status.get("target"):
        lines[0] += f", into {target}"
    if waiting := status.get("waiting"):
        lines.append(f"{waiting} dictation{'s' if waiting > 1 else ''} still to be inserted")
    if last := status.get("last"):
        lines.append(f"last: {last['delivery']}, {last['where']}: {_shortened(last['text'])}")
    if error := status.get("error"):
        lines.append(f"error: {error}")
    return lines


def event_line(record: dict[str, Any]) -> str:
    """One event on one line for a person."""
    name = record.get("event", "status")
    told = {key: value for key, value in record.items() if key not in {"event", "ok", "do", "t", "last"}}
    return f"{name}  " + "  ".join(f"{key}: {_shortened(str(value))}" for key, value in told.items())


def _shortened(text: str, limit: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def _install(folder: Path | None, *, as_json: bool) -> int:
    from ui.control.talon_folder import install, usual_folder

    written = install(folder or usual_folder())
    if as_json:
        emit({"written": [str(file) for file in written]})
    else:
        note("\n".join(["Talon loads these by itself when it runs:", *(f"  {file}" for file in written)]))
    return Exit.DONE
