"""``prism history``: the conversations and dictations that are kept on this machine, to read, use again, or forget.

A dictation's id begins with d. What is done with a dictation beyond showing it is in ``dictation_history``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.cli import dictation_history as dictations
from ui.cli.exits import Exit, UsageError
from ui.cli.options import add_json, emit, note, settings_of

if TYPE_CHECKING:
    import argparse

    from pipeline import ConversationStore, Journal, Saved

ACTIONS = ("list", "show", "play", "retry", "paste", "rm", "path")
ALL = "all"
ABOUT = 60
"""Characters of the first words in the list."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``history [list|show|play|retry|paste|rm|path] [ID|last|all] [--kind ..] [--sink ..] [--json]``."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        help="list what is kept (the default), show: print one, rm: delete one or all, path: where they lie; of a "
        "dictation, play: hear it, retry: understand its sound again, paste: put its words where the cursor is",
    )
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="from the list, or last (the default of show); rm takes all, too"
    )
    parser.add_argument(
        "--kind",
        choices=("conversation", "dictation"),
        help="which of both last and all mean (default: both)",
    )
    parser.add_argument(
        "--sink", metavar="SINK", help="of paste: as of prism dictate (default: dictation.sink)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action. Raises UsageError, and what the rooms raise that it needs."""
    from pipeline import ConversationError, ConversationStore, Journal, JournalError, seal_for

    settings = settings_of(args)
    journal = Journal(settings.journal, seal=seal_for(settings.journal))
    try:
        if args.action in {"play", "retry", "paste"}:
            dictations.use(args, journal, settings)
        else:
            {"list": _list, "show": _show, "rm": _remove, "path": _path}[args.action](
                args, ConversationStore(), journal
            )
    except (ConversationError, JournalError) as error:
        raise UsageError(str(error)) from error
    return Exit.DONE


def _list(args: argparse.Namespace, store: ConversationStore, journal: Journal) -> None:
    from pipeline import ConversationError, JournalError

    if args.id:
        raise UsageError("history list takes no ID; history show ID prints one.")
    ids = _ids(args, store, journal)
    for name in ids:
        try:
            if dictations.is_one(name):
                dictations.tell_line(args, journal.load(name), ABOUT)
            else:
                _tell_line(args, store.load(name))
        except (ConversationError, JournalError) as error:
            note(f"{error} `prism history rm {name}` deletes it.")
    if not args.json:
        note(_about(args.kind, ids))


def _about(kind: str | None, ids: list[str]) -> str:
    """What can be done with those that were listed."""
    if any(not dictations.is_one(name) for name in ids):
        return "`prism talk --resume ID` goes on with one."
    if ids:
        return "`prism history paste ID` inserts the words of one."
    return "No dictation is kept." if kind == "dictation" else "No conversation is saved."


def _tell_line(args: argparse.Namespace, saved: Saved) -> None:
    if args.json:
        record = {"id": saved.id, "kind": "conversation", "began": saved.began, "entries": len(saved.entries)}
        emit({**record, "about": saved.about})
    else:
        print(f"{saved.id}  {len(saved.entries):4}  {saved.about[:ABOUT]}")


def _ids(args: argparse.Namespace, store: ConversationStore, journal: Journal) -> list[str]:
    """All ids of the kind that is asked for, the oldest first."""
    from pipeline import by_time

    of_kind = {"conversation": store.ids(), "dictation": journal.ids()}
    chosen = [args.kind] if args.kind else list(of_kind)
    return sorted((name for kind in chosen for name in of_kind[kind]), key=by_time)


def _show(args: argparse.Namespace, store: ConversationStore, journal: Journal) -> None:
    wanted = args.id or "last"
    ids = _ids(args, store, journal)
    if wanted == "last" and ids:
        wanted = ids[-1]
    if dictations.is_one(wanted) or (args.kind == "dictation" and wanted == "last"):
        dictations.show(args, journal.load(wanted))
        return
    for entry in store.load(wanted).entries:
        if args.json:
            emit({"role": entry.role, "text": entry.text, "language": entry.language})
        elif entry.text.strip():
            print(f"{'you' if entry.role == 'user' else 'prism'}: {entry.text}")


def _remove(args: argparse.Namespace, store: ConversationStore, journal: Journal) -> None:
    from pipeline import JournalError

    if not args.id:
        what = args.kind or "conversation or dictation"
        raise UsageError(f"Say which {what} to delete: prism history rm ID, last or all.")
    ids = _ids(args, store, journal)
    if args.id == ALL:
        names = ids
    elif args.id == "last" and ids:
        names = ids[-1:]
    else:
        names = [args.id]
    removed: list[str] = []
    problem: JournalError | None = None
    for name in names:
        try:
            (journal if dictations.is_one(name) else store).remove(name)
        except JournalError as error:  # one that is in work keeps no other
            problem = error
            continue
        removed.append(name)
        if args.json:
            emit({"event": "removed", "id": name})
    if removed and not args.json:
        _tell_removed(removed)
    if problem is not None:
        raise problem


def _tell_removed(names: list[str]) -> None:
    spoken = sum(dictations.is_one(name) for name in names)
    for count, word in ((len(names) - spoken, "conversation"), (spoken, "dictation")):
        if count or (word == "conversation" and not names):
            note(f"{count} {word}{'s are' if count != 1 else ' is'} deleted.")


def _path(args: argparse.Namespace, store: ConversationStore, journal: Journal) -> None:
    print(journal.folder if args.kind == "dictation" else store.folder)


def resumed(wanted: str) -> Saved:
    """The conversation that ``talk --resume`` goes on with. Raises UsageError."""
    from pipeline import ConversationError, ConversationStore

    try:
        return ConversationStore().load(wanted)
    except ConversationError as error:
        raise UsageError(str(error)) from error
