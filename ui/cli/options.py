"""What every command shares: the common options, the configuration they lead to, and how data leaves.

Cheap to import: the configuration itself is loaded when it is asked for. A command's own flags become overrides of
the same kind as ``--set``, so that there is one way from the command line into the configuration.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from config import Loaded, Settings

LANGUAGES = ("fr", "en", "auto")


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--config``, ``--set`` and ``-v``, the same on every command."""
    group = parser.add_argument_group("common options")
    group.add_argument("--config", metavar="FILE", type=Path, help="read this file instead of your own one")
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="overrides",
        action="append",
        default=[],
        help="set one key, such as stt.model=small; may be repeated",
    )
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="tell more on stderr; -vv tells all"
    )


def add_json(parser: argparse.ArgumentParser, what: str = "one JSON object per line on stdout") -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help=what)


def add_language(parser: argparse.ArgumentParser) -> None:
    """``--lang``, which sets ``stt.language``."""
    parser.add_argument("--lang", choices=LANGUAGES, help="the language spoken; auto finds out")


def load_of(args: argparse.Namespace, flags: Mapping[str, object] | None = None) -> Loaded:
    """The configuration that ``args`` lead to; ``flags`` are dotted keys set by the command's own options.

    A flag that is None was not given. Raises ConfigError.
    """
    import config
    from ui.cli import log

    set_here = {key: value for key, value in (flags or {}).items() if value is not None}
    given = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in set_here.items()]
    loaded = config.load(args.config, [*args.overrides, *given])
    log.hide(config.secrets(loaded.settings))
    return loaded


def settings_of(args: argparse.Namespace, flags: Mapping[str, object] | None = None) -> Settings:
    """The checked values of ``load_of``."""
    return load_of(args, flags).settings


def emit(record: Mapping[str, object]) -> None:
    """One JSON object on one line of stdout, at once: a reader at the other end of a pipe follows live."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def tell(message: str) -> None:
    """One line for the person, on stderr: stdout carries data only."""
    print(f"prism: {' '.join(message.split())}", file=sys.stderr, flush=True)


def note(message: str) -> None:
    """A remark for the person, on stderr."""
    print(message, file=sys.stderr, flush=True)
