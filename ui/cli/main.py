"""The terminal program: finds the command, runs it, and turns however it ends into one line and an exit code.

``prism --help`` must answer at once: the commands are a table of names here, and only the chosen one is imported. No
command's own work may live here. A command file offers ``add_arguments(parser)`` and ``run(args) -> int``.
"""

from __future__ import annotations

if __name__ == "__main__":  # before anything that takes time to import
    from ui.cli import early

    early.guard()

import argparse
import difflib
import importlib
import sys
from typing import TYPE_CHECKING, NoReturn

from ui.cli.exits import Exit, UsageError, is_bug, most_telling, verdict
from ui.cli.options import add_common, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

COMMANDS: dict[str, tuple[str, str]] = {
    "talk": ("talk", "talk with the assistant, by voice, from a file or in writing"),
    "dictate": ("dictate", "speak, and the words are written where you want them"),
    "demo": ("demo", "hear a whole conversation from shipped recordings, offline"),
    "transcribe": ("transcribe", "write down what is said in sound files"),
    "say": ("say", "speak a text, aloud or into a file"),
    "devices": ("devices", "list microphones and speakers"),
    "doctor": ("doctor", "check what works here and what to do about the rest"),
    "models": ("models_command", "list, get, check and remove speech models"),
    "history": ("history_command", "list, show and delete conversations and dictations, and use them again"),
    "config": ("config_command", "show, write and check the configuration"),
    "ctl": ("ctl", "drive the running dictation: start it, stop it, ask how it is"),
    "bench": ("bench", "measure how quick Prism is on this machine"),
}
"""Command -> (file in ui/cli/commands, what it does)."""

EPILOG = "prism COMMAND --help tells more about each."
GRACE_S = 0.3
"""Time for engine threads to end by themselves before the process leaves without them."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the program."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the way to the help."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Without ``argv`` this is the process itself: signals are handled, and threads that never end are left behind.
    """
    if argv is not None:
        return _run(argv)
    from ui.cli import process

    process.prepare()
    code = _run(sys.argv[1:])
    return process.leave(code, GRACE_S)


def _run(argv: Sequence[str]) -> int:
    from ui.cli import early

    try:
        early.hand_over()
        chosen = _chosen(argv)
        parser, module = _parser(chosen)
        if chosen is None and not argv:
            parser.print_help(sys.stderr)
            return Exit.USAGE
        args, unknown = parser.parse_known_args(argv)
        if unknown:
            raise UsageError(f"Unrecognized arguments: {' '.join(unknown)}; see prism {args.command} --help.")
        if module is None:
            return Exit.USAGE
        return int(module.run(args)) if getattr(module, "QUICK", False) else _logged(module, args)
    except SystemExit as done:  # --help and --version have been answered
        return int(done.code or 0)
    except BaseException as error:  # noqa: BLE001  # the last stop: nobody above could tell the user
        return _told(error, None)


def _chosen(argv: Sequence[str]) -> str | None:
    """The command of a command line: its first word that is no option. Raises UsageError for an unknown one."""
    name = next((word for word in argv if not word.startswith("-")), None)
    if name is None or name in COMMANDS:
        return name
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(COMMANDS)}."
    raise UsageError(f"There is no command {name}; {hint}")


def _parser(chosen: str | None) -> tuple[Parser, ModuleType | None]:
    parser = Parser(
        "prism", description="A local voice assistant: you speak, it answers, you can cut in.", epilog=EPILOG
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    module = None
    for name, (file, summary) in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", allow_abbrev=False
        )
        if name == chosen:
            module = importlib.import_module(f"ui.cli.commands.{file}")
            module.add_arguments(command)
            add_common(command)
    return parser, module


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: str | None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=kwargs.get("help"))

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print ``prism 0.1.0`` and leave."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"prism {version('prism-voice')}")
        except PackageNotFoundError:
            print("prism (not installed)")
        parser.exit(0)


def _logged(module: ModuleType, args: argparse.Namespace) -> int:
    import logging

    from config import log_file
    from ui.cli.log import logging_to

    with logging_to(log_file(), args.verbose) as file:
        logging.getLogger("prism").info("prism %s", args.command)
        try:
            return int(module.run(args))
        except BaseException as error:  # the last stop: nobody above could tell the user
            logging.getLogger("prism").info("ended by %s", type(error).__name__, exc_info=error)
            return _told(error, file)


def _told(error: BaseException, log: Path | None) -> int:
    """Say what happened in one line, if it needs one, and return the exit code."""
    code, sentence = verdict(error)
    if sentence is None and is_bug(error):
        found = most_telling(error)
        details = f"details are in {log}" if log else f"{type(found).__name__}: {found}"
        sentence = f"This is a bug in Prism: {details}"
    if sentence is not None:
        tell(sentence)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
