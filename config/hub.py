"""Fetching from a model hub with Hugging Face's protocol: what a repository holds, and its files, resumably.

Two requests are used: ``/api/models/REPO/revision/REV?blobs=true`` for sizes and checksums, and
``/REPO/resolve/COMMIT/FILE`` with ``Range``. Plain httpx instead of huggingface_hub, because that retries for
23 s before it says that it is offline, prints its own progress bars and does not compare checksums. Nothing
here knows where models are kept.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from config.models import HubUnreachable, ModelDamaged, ModelEntry, ModelUnknown, StoreFull

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
CONNECT_S = 4.0
"""Longest wait for a connection: being offline is told within five seconds."""
SILENCE_S = 20.0
"""Longest silence while data flows."""
ATTEMPTS = 4
"""Connections tried in a row for one file without a single new byte."""
BLOCK = 1 << 20
"""Bytes hashed at once."""
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")  # of the system's error, which says nothing to a person


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub describes it."""

    path: str
    """Within the repository."""
    size: int
    """Bytes."""
    digest: str
    """``sha256:HEX`` of a large file, ``git:HEX`` (blob SHA-1) of a small one, empty where none is told."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit."""

    commit: str
    files: tuple[RemoteFile, ...]


def endpoint() -> str:
    """The hub's address: ``HF_ENDPOINT`` or Hugging Face."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def file_url(entry: ModelEntry, commit: str, path: str) -> str:
    """Where one file of a model is served."""
    return f"{endpoint()}/{entry.repo}/resolve/{commit}/{quote(path)}"


def connect() -> httpx.AsyncClient:
    """A client for one fetch; use it under ``async with``."""
    import httpx

    timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    return httpx.AsyncClient(timeout=timeout, follow_redirects=True, headers={"Accept-Encoding": "identity"})


async def look_up(client: httpx.AsyncClient, entry: ModelEntry) -> Snapshot:
    """What the hub holds of a model. Raises HubUnreachable, ModelUnknown or ModelDamaged."""
    import httpx

    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        raise HubUnreachable(_offline(entry, "HF_HUB_OFFLINE is set"))
    url = f"{endpoint()}/api/models/{entry.repo}/revision/{quote(entry.revision, safe='')}"
    try:
        response = await client.get(
            url, params={"blobs": "true"}, timeout=httpx.Timeout(CONNECT_S + 1, connect=CONNECT_S)
        )
        if response.status_code in {401, 404} and "json" in response.headers.get("Content-Type", ""):
            raise ModelUnknown(
                f"The hub at {endpoint()} offers no {entry.repo}; check the name {entry.name!r}."
            )
        response.raise_for_status()
        return _snapshot(entry, response.json())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HubUnreachable(_offline(entry, _why(error))) from error
    except (ValueError, KeyError, TypeError) as error:
        raise HubUnreachable(_offline(entry, "it does not answer like a model hub")) from error


def _snapshot(entry: ModelEntry, answer: dict[str, Any]) -> Snapshot:
    """The files of ``entry`` from the hub's description of its repository."""
    described = {item["rfilename"]: item for item in answer["siblings"]}
    files = tuple(_remote(described[name]) for name in entry.wanted(described))
    return Snapshot(str(answer["sha"]), files)


def _remote(item: dict[str, Any]) -> RemoteFile:
    large = item.get("lfs")
    if large:
        return RemoteFile(item["rfilename"], int(large["size"]), f"sha256:{large['sha256']}")
    blob = item.get("blobId")
    return RemoteFile(item["rfilename"], int(item["size"]), f"git:{blob}" if blob else "")


async def download(
    client: httpx.AsyncClient,
    url: str,
    part: Path,
    size: int,
    on_bytes: Callable[[int], None],
    pause: float,
) -> None:
    """Bring ``part`` to ``size`` bytes, going on where it stands; ``on_bytes`` is told how many there are.

    A broken connection is taken up again after ``pause`` seconds, doubled while nothing comes.
    Raises HubUnreachable or StoreFull; what is there stays.
    """
    import httpx

    failures, reached = 0, _size(part)
    while True:
        try:
            await _continue(client, url, part, size, on_bytes)
            return
        except httpx.HTTPError as error:
            failures = 1 if _size(part) > reached else failures + 1
            reached = _size(part)
            if failures == ATTEMPTS or _final(error):
                done = f"{reached / 1e6:.0f} of {size / 1e6:.0f} MB"
                file = part.name.partition(".part")[0]
                raise HubUnreachable(
                    f"The download of {file} stopped at {done} ({_why(error)}); run it again to go on."
                ) from error
        except OSError as error:
            raise StoreFull(store_problem(part.parent, error)) from error
        await asyncio.sleep(pause * 2 ** (failures - 1))


async def _continue(
    client: httpx.AsyncClient, url: str, part: Path, size: int, on_bytes: Callable[[int], None]
) -> None:
    """One connection: append to ``part`` from where it stands."""
    have = _start(part, size)
    if have == size:
        return
    async with client.stream("GET", url, headers={"Range": f"bytes={have}-"} if have else {}) as response:
        response.raise_for_status()
        if response.status_code != 206:
            have = 0
        with _open(part, have) as file:
            async for block in response.aiter_raw():  # a block size would lose the last bytes of a broken one
                file.write(block)
                have += len(block)
                on_bytes(have)
    if have < size:
        import httpx

        raise httpx.RemoteProtocolError("the connection was closed early")


def matches(path: Path, size: int, digest: str) -> bool:
    """Whether a file on disk is the one described."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    scheme, _, expected = digest.partition(":")
    if not expected:
        return True
    hasher = hashlib.sha256()
    if scheme == "git":
        hasher = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    return hasher.hexdigest() == expected


def check(path: Path, remote: RemoteFile) -> None:
    """Raise ModelDamaged, and delete the file, unless it is what the hub described."""
    if not matches(path, remote.size, remote.digest):
        path.unlink(missing_ok=True)
        raise ModelDamaged(f"{remote.path} arrived damaged (wrong checksum) and was deleted; run it again.")


def store_problem(folder: Path, error: OSError) -> str:
    """What to tell when models cannot be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk of {folder} is full; free some space or set models.dir to another place."
    return (
        f"Models cannot be written to {folder} ({error.strerror or error}); set models.dir to another place."
    )


def _start(part: Path, size: int) -> int:
    """Bytes to go on from; what can only be wrong is thrown away."""
    if not part.exists() or part.stat().st_size > size:
        part.write_bytes(b"")
    return part.stat().st_size


def _open(part: Path, have: int) -> BinaryIO:
    return part.open("ab" if have else "wb")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _final(error: httpx.HTTPError) -> bool:
    """Whether trying again is pointless: the hub said no."""
    import httpx

    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500


def _offline(entry: ModelEntry, reason: str) -> str:
    instead = {
        "stt": ", give a directory that holds it or set stt.model=prism-tiny, a tiny test model",
        "turn": ", or give a directory that holds it",
    }
    return (
        f"Model {entry.name} is not installed and the hub at {endpoint()} cannot be reached ({reason}): run "
        f"`prism models pull {entry.name}` when online{instead.get(entry.kind, '')}."
    )


def _why(error: Exception) -> str:
    """A short reason from httpx's error, which is often empty."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return _NUMBER.sub("", str(error)) or type(error).__name__
