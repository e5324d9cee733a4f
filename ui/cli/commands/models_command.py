"""``prism models``: list, fetch, check and remove the models that hearing and speaking need."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ui.cli.exits import Exit, Failure, UsageError
from ui.cli.options import add_json, emit, note, settings_of
from ui.cli.progress import MEGABYTE, fetching

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from config import InstalledModel, ModelEntry, ModelStore, Settings

ACTIONS = ("list", "pull", "verify", "rm", "path")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``models [list|pull|verify|rm|path] [NAME] [--tts LANG] [--llm] [--json]``."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        help="list what there is (the default), pull: fetch one, verify its files, rm: remove it, path: where it lies",
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a name from the list, any Piper voice or owner/name of the hub; pull takes stt.model without one, "
        "verify all that are here, path the folder of all",
    )
    parser.add_argument(
        "--tts", metavar="LANG", help="pull: the voice that Prism speaks this language with, such as fr or en"
    )
    parser.add_argument(
        "--llm",
        action="store_true",
        help="list the language models that servers offer here, and which one prism talk would take",
    )
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Do the chosen action. Raises ModelError, UsageError, Failure."""
    from config import ModelStore

    if args.tts and args.action != "pull":
        raise UsageError("--tts goes with models pull: prism models pull --tts fr.")
    settings = settings_of(args)
    if args.llm:
        if args.action != "list" or args.name:
            raise UsageError("--llm only lists: language models are fetched and removed by their server.")
        from ui.cli.language_models import show

        show(settings.llm, json_lines=args.json)
        return Exit.DONE
    store = ModelStore.from_settings(settings.models)
    actions = {"list": _list, "pull": _pull, "verify": _verify, "rm": _remove, "path": _path}
    actions[args.action](args, store, settings)
    return Exit.DONE


def _entry(name: str) -> ModelEntry:
    """The model of that name. Raises UsageError naming the nearest."""
    from config import ModelUnknown, find_model

    try:
        return find_model(name)
    except ModelUnknown as error:
        raise UsageError(str(error)) from error


def _list(args: argparse.Namespace, store: ModelStore, _settings: Settings) -> None:
    if args.name:
        raise UsageError("models list takes no name; models path NAME tells where one lies.")
    found = list(records(store))
    if args.json:
        for entry in found:
            emit(entry)
        return
    width = max(len(entry["name"]) for entry in found)
    print(f"   {'name':{width}}  for   {'size':>8}  languages")
    for entry in found:
        mark = "*" if entry["installed"] else " "
        size = f"{entry['size'] / MEGABYTE:.0f} MB" if entry["installed"] else ""
        spoken = ", ".join(entry["languages"]).replace("*", "all")
        print(f" {mark} {entry['name']:{width}}  {entry['kind']:4}  {size:>8}  {spoken}")
    note("* is installed; `prism models pull NAME` fetches another one.")


def records(store: ModelStore) -> Iterator[dict[str, Any]]:
    """Every model that is known or installed, as JSON holds it."""
    from config import catalogue, find_model

    here = {(model.kind, model.name): model for model in store.installed()}
    known = {(entry.kind, entry.name): entry for entry in catalogue()}
    for kind, name in dict.fromkeys([*known, *here]):
        entry = known.get((kind, name)) or find_model(name, kind)
        yield _record(entry, here.get((kind, name)))


def _record(entry: ModelEntry, model: InstalledModel | None) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "languages": list(entry.languages),
        "license": entry.license,
        "installed": model is not None,
        "bundled": entry.bundled is not None,
        "size": model.size if model else None,
        "path": str(model.path) if model else None,
    }


def _voice_for(language: str) -> str:
    """The name of the first voice of the catalogue for a language. Raises UsageError, naming those that have one."""
    from config import catalogue

    voices = [entry for entry in catalogue() if entry.kind == "tts"]
    wanted = language.replace("_", "-").partition("-")[0].lower()
    for entry in voices:
        if wanted in entry.languages:
            return entry.name
    known = ", ".join(dict.fromkeys(spoken for entry in voices for spoken in entry.languages))
    raise UsageError(
        f"No voice is listed for the language {language!r}, only for {known}; pull takes any Piper voice by its name."
    )


def _pull(args: argparse.Namespace, store: ModelStore, settings: Settings) -> None:
    if args.name and args.tts:
        raise UsageError("Give models pull either a name or --tts LANG, not both.")
    entry = _entry(_voice_for(args.tts) if args.tts else args.name or settings.stt.model)
    with fetching(json_lines=args.json) as progress:
        path = asyncio.run(store.fetch(entry, progress))
    if args.json:
        emit({"event": "installed", "name": entry.name, "path": str(path)})
    else:
        note(f"Model {entry.name} is in {path}")


def _verify(args: argparse.Namespace, store: ModelStore, _settings: Settings) -> None:
    names = [_entry(args.name).name] if args.name else [model.name for model in store.installed()]
    damaged = {name: files for name in names if (files := store.verify(name))}
    for name in names:
        if args.json:
            emit({"name": name, "sound": name not in damaged, "damaged": list(damaged.get(name, ()))})
        elif name not in damaged:
            note(f"Model {name} is sound.")
    if damaged:
        told = "; ".join(f"{name}: {', '.join(files)}" for name, files in damaged.items())
        first = next(iter(damaged))
        again = f"prism models rm {first} && prism models pull {first}"
        raise Failure(Exit.FAILED, f"Files are missing or changed ({told}); fetch the model again: {again}")


def _remove(args: argparse.Namespace, store: ModelStore, _settings: Settings) -> None:
    if not args.name:
        raise UsageError("Say which model to remove: prism models rm NAME.")
    store.remove(_entry(args.name).name)
    if args.json:
        emit({"event": "removed", "name": args.name})
    else:
        note(f"Model {args.name} is removed.")


def _path(args: argparse.Namespace, store: ModelStore, _settings: Settings) -> None:
    if not args.name:
        print(store.root)
        return
    entry = _entry(args.name)
    path = store.resolve(entry.name, entry.kind)
    if path is None:
        raise Failure(
            Exit.MISSING, f"Model {entry.name} is not installed; get it with: prism models pull {entry.name}"
        )
    print(path)
