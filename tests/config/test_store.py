"""The model store against a hub in this process: fetch, resume, damage, offline, verify, remove.

The hub is real HTTP; its faults are switches.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import (
    HubUnreachable,
    ModelDamaged,
    ModelError,
    ModelStore,
    ModelUnknown,
    StoreFull,
    find_model,
)
from config import hub as hub_requests
from tests.kit.model_hub import COMMIT, Hub, model_hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with model_hub() as (running, address):
        monkeypatch.setenv("HF_ENDPOINT", f"{address}/")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield running


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", retry_s=0.01)


TINY = find_model("tiny")


async def test_a_model_is_fetched_whole_and_found(hub: Hub, store: ModelStore) -> None:
    assert store.resolve("tiny", "stt") is None
    seen: list[tuple[str, int, int]] = []
    path = await store.fetch(TINY, lambda *step: seen.append(step))
    assert {file.name for file in path.iterdir()} == {
        "config.json", "model.bin", "prism-model.json", "tokenizer.json", "vocabulary.txt",
    }  # fmt: skip
    assert (path / "model.bin").read_bytes() == hub.files["model.bin"]
    assert store.resolve("tiny", "stt") == path
    assert [m.commit for m in store.installed() if m.name == "tiny"] == [COMMIT]
    assert not list((store.root / ".partial" / "stt").iterdir())
    size = len(hub.files["model.bin"])
    assert ("model.bin", size, size) in seen
    assert store.verify("tiny") == ()


async def test_a_fetched_model_is_not_fetched_again(hub: Hub, store: ModelStore) -> None:
    first = await store.fetch(TINY)
    hub.files.clear()
    assert await store.fetch(TINY) == first


async def test_a_broken_connection_is_taken_up_again(hub: Hub, store: ModelStore) -> None:
    hub.cut_after = [1_000_000, 500_000]
    path = await store.fetch(TINY)
    assert hub.ranges == [None, "bytes=1000000-", "bytes=1500000-"]
    assert (path / "model.bin").read_bytes() == hub.files["model.bin"]


async def test_a_hub_without_ranges_starts_anew(hub: Hub, store: ModelStore) -> None:
    hub.cut_after, hub.no_ranges = [1_000_000], True
    path = await store.fetch(TINY)
    assert (path / "model.bin").read_bytes() == hub.files["model.bin"]


async def test_a_cancelled_fetch_goes_on_next_time(hub: Hub, store: ModelStore) -> None:
    reached = asyncio.Event()

    def watch(file: str, done: int, total: int) -> None:
        if file == "model.bin" and 0 < done < total:
            reached.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(store.fetch(TINY, watch))
        await reached.wait()
        task.cancel()
    assert task.cancelled()
    assert store.resolve("tiny", "stt") is None
    await store.fetch(TINY)
    assert hub.ranges[-1] is not None
    assert store.verify("tiny") == ()


async def test_a_connection_that_never_lasts_says_so_and_keeps_its_part(hub: Hub, store: ModelStore) -> None:
    hub.cut_after = [1_000_000, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable, match=r"model\.bin stopped at 1 of 3 MB .* run it again to go on"):
        await store.fetch(TINY)
    hub.cut_after = []
    await store.fetch(TINY)
    assert hub.ranges[-1] == "bytes=1000000-"


async def test_a_wrong_checksum_is_never_installed(hub: Hub, store: ModelStore) -> None:
    hub.flip = True
    with pytest.raises(ModelDamaged, match=r"model\.bin arrived damaged"):
        await store.fetch(TINY)
    assert store.resolve("tiny", "stt") is None
    hub.flip = False
    assert await store.fetch(TINY) == store.resolve("tiny", "stt")


async def test_parts_of_another_version_are_not_mixed(hub: Hub, store: ModelStore) -> None:
    hub.cut_after = [1_000_000, 0, 0, 0, 0]
    with pytest.raises(HubUnreachable):
        await store.fetch(TINY)
    hub.cut_after, hub.files["model.bin"] = [], b"new" * 900_000
    path = await store.fetch(TINY)
    assert (path / "model.bin").read_bytes() == b"new" * 900_000
    assert len(list(path.iterdir())) == 5


async def test_too_little_room_is_told_before_the_first_byte(hub: Hub, store: ModelStore) -> None:
    hub.claim = 1 << 50
    with pytest.raises(StoreFull, match=r"needs \d+ MB more"):
        await store.fetch(TINY)
    assert hub.ranges == []


async def test_a_place_that_cannot_be_written_is_told(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(StoreFull, match=r"cannot be written .* set models\.dir"):
        await ModelStore(tmp_path / "models").fetch(TINY)
    assert hub.ranges == []


async def test_an_unknown_repository_is_told(hub: Hub, store: ModelStore) -> None:
    with pytest.raises(ModelUnknown, match="offers no no/such"):
        await store.fetch(find_model("no/such"))
    assert hub.ranges == []


async def test_a_log_in_page_is_not_the_hub(hub: Hub, store: ModelStore) -> None:
    hub.portal = True
    with pytest.raises(HubUnreachable, match=r"cannot be reached \(it answered 404\)"):
        await store.fetch(TINY)


async def test_a_repository_of_something_else_is_told(hub: Hub, store: ModelStore) -> None:
    del hub.files["model.bin"]
    with pytest.raises(ModelDamaged, match=r"has no model\.bin"):
        await store.fetch(TINY)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    "environment",
    [
        {"HF_ENDPOINT": "http://127.0.0.1:{port}"},
        {"HF_ENDPOINT": "http://name.invalid"},
        {"HF_ENDPOINT": "nonsense"},
        {"HF_HUB_OFFLINE": "1"},
    ],
    ids=["refused", "no such host", "no address", "told to be offline"],
)
async def test_offline_is_one_line_with_a_way_out(
    environment: dict[str, str], store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(hub_requests, "CONNECT_S", 1.0)  # a name server may be silent
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(port=closed_port()))
    async with asyncio.timeout(5):
        with pytest.raises(HubUnreachable) as caught:
            await store.fetch(TINY)
    message = str(caught.value)
    assert "\n" not in message
    assert "prism models pull tiny" in message
    assert "stt.model=prism-tiny" in message


async def test_damage_on_disk_is_found(hub: Hub, store: ModelStore) -> None:
    path = await store.fetch(TINY)
    (path / "config.json").unlink()
    (path / "model.bin").write_bytes(hub.files["model.bin"][:-1] + b"x")
    assert set(store.verify("tiny")) == {"config.json", "model.bin"}


async def test_remove_forgets_a_model(hub: Hub, store: ModelStore) -> None:
    path = await store.fetch(TINY)
    store.remove("tiny")
    assert not path.exists()
    assert hub.ranges == [None]
    with pytest.raises(ModelUnknown, match="not installed"):
        store.remove("tiny")
    with pytest.raises(ModelUnknown, match="prism models pull tiny"):
        store.verify("tiny")


async def test_the_bundled_model_needs_no_hub(store: ModelStore) -> None:
    path = await store.fetch(find_model("prism-tiny"))
    assert (path / "model.bin").is_file()
    assert store.verify("prism-tiny") == ()
    assert [model.name for model in store.installed()] == ["prism-tiny"]
    with pytest.raises(ModelError, match="part of Prism"):
        store.remove("prism-tiny")


def test_a_directory_is_its_own_model_but_a_known_name_wins(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("my-model", "small"):
        Path(name).mkdir()
    assert store.resolve("my-model", "stt") == Path("my-model")
    assert store.resolve(str(tmp_path / "small"), "stt") == tmp_path / "small"
    assert store.resolve("small", "stt") is None
    with pytest.raises(ModelUnknown, match="no model named"):
        store.resolve("mymodel", "stt")


def test_without_a_place_the_data_folder_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if os.uname().sysname == "Linux":
        assert ModelStore().root == tmp_path / "prism" / "models"
    assert ModelStore().root.name == "models"
