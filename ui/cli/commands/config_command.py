"""``prism config``: show what is in force and why, write a file to start from, check it, find it, pass it on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.exits import Exit, UsageError
from ui.cli.options import add_json, emit, load_of, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

ACTIONS = ("show", "init", "validate", "path", "export", "import")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``config [show|init|validate|path|export|import] [FILE] [--json] [--force]``."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="show",
        help="show what is in force (the default), init: write your own file, validate it, or tell its path; export "
        "what you have set, without secrets, or import such a file into yours",
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE", type=Path, help="of import, or of export instead of stdout"
    )
    add_json(parser, "with show: one JSON object with the values, their origins and the file")
    parser.add_argument(
        "--force", action="store_true", help="with init and export: write over a file that is there"
    )


def run(args: argparse.Namespace) -> int:
    """Do the chosen action. Raises ConfigError, UsageError, OSError."""
    if args.file is not None and args.action not in {"export", "import"}:
        raise UsageError(f"config {args.action} takes no FILE; --config FILE names the configuration.")
    actions = {
        "show": _show,
        "init": _init,
        "validate": _validate,
        "path": _path,
        "export": _export,
        "import": _import,
    }
    actions[args.action](args)
    return Exit.DONE


def rows(values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[str]:
    """``dotted.key: value`` lines as YAML writes them, with the origin of what is not a default."""
    from config import known_keys

    for name in known_keys():
        value: Any = values
        for word in name.split("."):
            value = value[word]
        origin = f"    # {origins[name]}" if name in origins else ""
        yield f"{name}: {_flow(value)}{origin}"


def _flow(value: object) -> str:
    import json

    import yaml

    if isinstance(value, str):
        text = yaml.safe_dump(value, allow_unicode=True, width=1_000_000).removesuffix("\n...\n").strip()
        return json.dumps(value, ensure_ascii=False) if "\n" in text else text
    dumped: str = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=1_000_000)
    return dumped.removesuffix("...\n").strip()


def _show(args: argparse.Namespace) -> None:
    import config

    loaded = load_of(args)
    values = config.dump(loaded.settings)
    if args.json:
        emit(
            {
                "file": str(loaded.file) if loaded.file else None,
                "values": values,
                "origins": dict(loaded.origins),
            }
        )
        return
    for row in rows(values, loaded.origins):
        print(row)


def _init(args: argparse.Namespace) -> None:
    import config

    target = args.config or config.user_config_file()
    if os.path.lexists(target) and not args.force:
        raise UsageError(f"{target} is there already; edit it, or add --force to write over it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    config.write_whole(target, config.user_text())
    note(f"Written. Every key is in it with its default: {target}")


def _validate(args: argparse.Namespace) -> None:
    loaded = load_of(args)
    note(f"The configuration is valid ({loaded.file or 'no file of your own, only defaults'}).")


def _export(args: argparse.Namespace) -> None:
    import config

    text = config.exported(load_of(args))
    if args.file is None:
        print(text, end="")
        return
    try:
        with args.file.open("w" if args.force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{args.file} is there already; add --force to write over it.") from error
    note(f"What you have set, without secrets, is in {args.file}")


def _import(args: argparse.Namespace) -> None:
    import config

    if args.file is None:
        raise UsageError("Name the file to import: prism config import FILE.")
    own = args.config or config.user_config_file()
    kept = config.imported(args.file, own)
    note(f"Set in {own}" + (f"; as it was before it is in {own}{config.BEFORE}" if kept else ""))


def _path(args: argparse.Namespace) -> None:
    import config

    print(args.config or config.user_config_file())
