"""Where models lie on this machine: find, fetch, verify, remove. Used by hearing and speaking alike.

A model is a folder ``ROOT/KIND/NAME``. It is there only when it is whole and verified: files are gathered in
``ROOT/.partial/KIND/NAME``, compared with the hub's checksums, and the folder is then renamed in one step. An
interrupted fetch leaves its parts, and the next one goes on from them; the name of a part holds the checksum
that it is to have, so that parts of different versions never mix. ``prism-model.json`` in it says what
was fetched.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import hub
from config.models import (
    Kind,
    ModelDamaged,
    ModelEntry,
    ModelError,
    ModelUnknown,
    StoreFull,
    catalogue,
    find_model,
)
from config.paths import data_dir

if TYPE_CHECKING:
    import httpx

    from config.settings import ModelsSettings

NOTE = "prism-model.json"
"""Written last into each fetched model's folder."""
SPARE = 64 << 20
"""Bytes that a fetch leaves free on the disk."""
RETRY_S = 1.0
"""Pause after a broken connection."""

Progress = Callable[[str, int, int], None]
"""``on_progress(file, done_bytes, total_bytes)``."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that can be used at once."""

    name: str
    kind: Kind
    path: Path
    size: int
    """Bytes on disk."""
    bundled: bool
    """Part of Prism itself: cannot be removed."""
    commit: str
    """Commit of the hub's repository; empty for a bundled model."""


class ModelStore:
    """The models on this machine. Cheap to make; holds no state but its place."""

    def __init__(self, root: Path | None = None, retry_s: float = RETRY_S) -> None:
        self.root = (root or data_dir() / "models").expanduser()
        self._retry_s = retry_s

    @classmethod
    def from_settings(cls, settings: ModelsSettings) -> ModelStore:
        """The store at ``models.dir``."""
        return cls(settings.dir)

    def resolve(self, name: str, kind: Kind) -> Path | None:
        """Folder of an installed model, or the path itself when ``name`` is one; None when it is not here.

        A name of the catalogue wins over a folder of the same name. Raises ModelUnknown.
        """
        path = Path(name)
        with suppress(RuntimeError):  # ~nobody is a name like any other
            path = path.expanduser()
        if _is_there(path) and all(entry.name != name for entry in catalogue()):
            return path
        entry = find_model(name, kind)
        return self._home(entry) if self._is_installed(entry) else None

    def installed(self) -> tuple[InstalledModel, ...]:
        """Every model that can be used at once, bundled ones first."""
        bundled = [self._describe(e, e.bundled_path, "") for e in catalogue() if e.bundled_path]
        return (*(model for model in bundled if model.path.is_dir()), *self._fetched())

    async def fetch(self, entry: ModelEntry, on_progress: Progress | None = None) -> Path:
        """Bring a model here, going on from what an earlier try left; give its folder.

        Raises HubUnreachable, ModelUnknown, ModelDamaged or StoreFull. Cancelling keeps what has arrived.
        """
        if self._is_installed(entry):
            return self._home(entry)
        if entry.bundled:
            raise ModelDamaged(
                f"Model {entry.name} is part of Prism but its files lack; install Prism again."
            )
        async with hub.connect() as client:
            snapshot = await hub.look_up(client, entry)
            try:
                partial = self._prepare(entry, snapshot)
                for remote in snapshot.files:
                    await self._gather(client, entry, snapshot.commit, remote, on_progress)
                return self._settle(entry, snapshot, partial)
            except OSError as error:
                raise StoreFull(hub.store_problem(self.root, error)) from error

    def verify(self, name: str, kind: Kind | None = None) -> tuple[str, ...]:
        """Names of an installed model's files that are missing or changed; empty when it is sound.

        Raises ModelUnknown when it is not installed.
        """
        entry = self._installed_entry(name, kind)
        if entry.bundled_path:
            present = {file.name for file in entry.bundled_path.iterdir()}
            return tuple(p for p in entry.files if not any(Path(f).match(p) for f in present))
        described = _note(self._home(entry))["files"]
        home = self._home(entry)
        return tuple(f for f, d in described.items() if not hub.matches(home / f, d["size"], d["digest"]))

    def remove(self, name: str, kind: Kind | None = None) -> None:
        """Delete a fetched model and the parts of an interrupted fetch. Raises ModelError."""
        entry = find_model(name, kind)
        if entry.bundled:
            raise ModelError(f"Model {name} is part of Prism and cannot be removed.")
        places = [place for place in (self._home(entry), self._partial(entry)) if place.exists()]
        if not places:
            raise ModelUnknown(f"Model {name} is not installed.")
        for place in places:
            shutil.rmtree(place)

    def _home(self, entry: ModelEntry) -> Path:
        return entry.bundled_path or self.root / entry.kind / entry.folder

    def _partial(self, entry: ModelEntry) -> Path:
        return self.root / ".partial" / entry.kind / entry.folder

    def _is_installed(self, entry: ModelEntry) -> bool:
        home = self._home(entry)
        return home.is_dir() if entry.bundled else (home / NOTE).is_file()

    def _installed_entry(self, name: str, kind: Kind | None) -> ModelEntry:
        entry = find_model(name, kind)
        if not self._is_installed(entry):
            raise ModelUnknown(f"Model {name} is not installed; `prism models pull {name}` fetches it.")
        return entry

    def _fetched(self) -> Iterator[InstalledModel]:
        for note in sorted(self.root.glob(f"*/*/{NOTE}")):
            data = _note(note.parent)
            yield self._describe(find_model(data["name"], data["kind"]), note.parent, data["commit"])

    def _describe(self, entry: ModelEntry, path: Path, commit: str) -> InstalledModel:
        size = sum(file.stat().st_size for file in path.glob("*")) if path.is_dir() else 0
        return InstalledModel(entry.name, entry.kind, path, size, entry.bundled is not None, commit)

    def _prepare(self, entry: ModelEntry, snapshot: hub.Snapshot) -> Path:
        """The folder to gather in, with room for what is still to come."""
        partial = self._partial(entry)
        partial.mkdir(parents=True, exist_ok=True)
        here = sum(file.stat().st_size for file in partial.iterdir())
        needed = sum(remote.size for remote in snapshot.files) - here
        free = shutil.disk_usage(partial).free
        if needed + SPARE > free:
            raise StoreFull(
                f"Model {entry.name} needs {needed / 1e6:.0f} MB more and {self.root} has {free / 1e6:.0f} "
                "MB left; free some space or set models.dir to another place."
            )
        return partial

    async def _gather(
        self,
        client: httpx.AsyncClient,
        entry: ModelEntry,
        commit: str,
        remote: hub.RemoteFile,
        on_progress: Progress | None,
    ) -> None:
        """One file, whole and verified, into the partial folder."""
        name = Path(remote.path).name
        target = self._partial(entry) / name
        if not hub.matches(target, remote.size, remote.digest):
            part = target.with_name(f"{name}.part-{remote.digest.rpartition(':')[2][:16]}")
            url = hub.file_url(entry, commit, remote.path)

            def arrived(done: int) -> None:
                _report(on_progress, name, done, remote.size)

            await hub.download(client, url, part, remote.size, arrived, self._retry_s)
            hub.check(part, remote)
            part.replace(target)
        _report(on_progress, name, remote.size, remote.size)

    def _settle(self, entry: ModelEntry, snapshot: hub.Snapshot, partial: Path) -> Path:
        """Write the note and move the whole folder to its place in one step."""
        files = {Path(r.path).name: {"size": r.size, "digest": r.digest} for r in snapshot.files}
        for stray in partial.iterdir():
            if stray.name not in files:
                stray.unlink()
        note = {
            "name": entry.name,
            "kind": entry.kind,
            "repo": entry.repo,
            "commit": snapshot.commit,
            "files": files,
        }
        (partial / NOTE).write_text(json.dumps(note, indent=1), "utf-8")
        home = self._home(entry)
        home.parent.mkdir(parents=True, exist_ok=True)
        if home.exists():
            shutil.rmtree(home)
        partial.replace(home)
        return home


def _note(folder: Path) -> dict[str, Any]:
    """What was fetched into ``folder``."""
    note: dict[str, Any] = json.loads((folder / NOTE).read_text("utf-8"))
    return note


def _report(on_progress: Progress | None, file: str, done: int, total: int) -> None:
    if on_progress is not None:
        on_progress(file, done, total)


def _is_there(path: Path) -> bool:
    """Whether a path exists; one that cannot exist, such as one that is too long, does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
