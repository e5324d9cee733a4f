"""``prism history``: the conversations that are saved on this machine, to read, to go on with, or to forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.cli.exits import Exit, UsageError
from ui.cli.options import add_json, emit, note

if TYPE_CHECKING:
    import argparse

    from pipeline import ConversationStore, Saved

ACTIONS = ("list", "show", "rm", "path")
ALL = "all"
ABOUT = 60
"""Characters of a conversation's first words in the list."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``history [list|show|rm|path] [ID|last|all] [--json]``."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        help="list what is saved (the default), show: print one, rm: delete one or all, path: where they lie",
    )
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="from the list, or last (the default of show); rm takes all, too"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action. Raises UsageError."""
    from pipeline import ConversationError, ConversationStore

    actions = {"list": _list, "show": _show, "rm": _remove, "path": _path}
    try:
        actions[args.action](args, ConversationStore())
    except ConversationError as error:
        raise UsageError(str(error)) from error
    return Exit.DONE


def _list(args: argparse.Namespace, store: ConversationStore) -> None:
    if args.id:
        raise UsageError("history list takes no ID; history show ID prints one.")
    ids = store.ids()
    for name in ids:
        saved = store.load(name)
        if args.json:
            emit({"id": name, "began": saved.began, "entries": len(saved.entries), "about": saved.about})
        else:
            print(f"{name}  {len(saved.entries):4}  {saved.about[:ABOUT]}")
    if not args.json:
        note("`prism talk --resume ID` goes on with one." if ids else "No conversation is saved.")


def _show(args: argparse.Namespace, store: ConversationStore) -> None:
    saved = store.load(args.id or "last")
    for entry in saved.entries:
        if args.json:
            emit({"role": entry.role, "text": entry.text, "language": entry.language})
        elif entry.text.strip():
            print(f"{'you' if entry.role == 'user' else 'prism'}: {entry.text}")


def _remove(args: argparse.Namespace, store: ConversationStore) -> None:
    if not args.id:
        raise UsageError("Say which conversation to delete: prism history rm ID, last or all.")
    names = store.ids() if args.id == ALL else [store.load(args.id).id]
    for name in names:
        store.remove(name)
        if args.json:
            emit({"event": "removed", "id": name})
    if not args.json:
        note(f"{len(names)} conversation{'s are' if len(names) != 1 else ' is'} deleted.")


def _path(_args: argparse.Namespace, store: ConversationStore) -> None:
    print(store.folder)


def resumed(wanted: str) -> Saved:
    """The conversation that ``talk --resume`` goes on with. Raises UsageError."""
    from pipeline import ConversationError, ConversationStore

    try:
        return ConversationStore().load(wanted)
    except ConversationError as error:
        raise UsageError(str(error)) from error
