"""Several models: who leaves as a table, then a pool of scripted recognizers, then real ones."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from stt import SpeechSegment, STTManager, STTUnavailable, Transcript, load_audio
from stt.model_pool import ModelPool, PoolRules, Resident, leaving
from stt.residents import model_mb
from tests.kit.settings import settings
from tests.stt.material import recording, segment, silence

MAIN = Resident("main", 500, 0.0, stays=True)
OLD, NEW, BUSY = Resident("old", 300, 1.0), Resident("new", 300, 9.0), Resident("busy", 300, 0.5, stays=True)
UNKNOWN = Resident("unknown", 0, 0.1)


@pytest.mark.parametrize(
    ("residents", "needed", "budget", "gone"),
    [
        ([MAIN], 100, 1000, []),
        ([MAIN, NEW, OLD], 300, 1400, []),
        ([MAIN, NEW, OLD], 300, 1399, ["old"]),
        ([MAIN, OLD, NEW], 300, 800, ["old", "new"]),
        ([MAIN, OLD, NEW], 301, 800, None),
        ([MAIN, BUSY], 300, 900, None),
        ([MAIN, BUSY, NEW, OLD], 300, 1400, ["old"]),
        ([MAIN, UNKNOWN, OLD], 300, 800, ["old"]),
        ([], 100, 99, None),
    ],
)
def test_the_least_recently_used_leaves(
    residents: list[Resident], needed: int, budget: int, gone: list[str] | None
) -> None:
    assert leaving(residents, needed, budget) == gone


class Model:
    """A recognizer that says its name, in the language it is told to hear."""

    def __init__(self, name: str, log: list[str], hears: str = "en", warm_s: float = 0.0) -> None:
        self.name, self.log, self.hears, self.warm_s = name, log, hears, warm_s
        self.closed = False

    async def warm(self) -> None:
        await asyncio.sleep(self.warm_s)
        if self.name == "broken":
            raise STTUnavailable("It is broken.")
        self.log.append(f"load {self.name}")

    async def transcribe(
        self, segment: SpeechSegment, *, language: str | None = None, prompt: str | None = None
    ) -> Transcript:
        assert not self.closed
        assert len(segment.samples)
        assert prompt is None
        await asyncio.sleep(0.01)
        return Transcript(self.name, language or self.hears, 1.0, (), True, 1.0, 0.01, self.name, "test")

    async def aclose(self) -> None:
        self.closed = True
        self.log.append(f"close {self.name}")


def pool(log: list[str], budget_mb: int = 250, hears: str = "en", **rules: object) -> ModelPool:
    """Every model takes 100 MiB."""
    known = PoolRules("main", {}, (), None, budget_mb)
    chosen = dataclasses.replace(known, **rules)  # type: ignore[arg-type]
    return ModelPool(lambda name: Model(name, log, hears, 0.02), lambda _: 100, chosen)


async def test_models_come_when_asked_for_and_the_oldest_leaves() -> None:
    log: list[str] = []
    made = pool(log)
    await made.warm()
    for name in ("a", "b", "a", "c"):
        async with made.use(name) as engine:
            assert (await engine.transcribe(segment(silence(0.1)))).text == name
    assert log == ["load main", "load a", "close a", "load b", "close b", "load a", "close a", "load c"]
    assert made.residents == ("main", "c")
    await made.aclose()
    await made.aclose()
    with pytest.raises(STTUnavailable, match="closed"):
        async with made.use("d"):
            pass


async def test_a_model_at_work_never_leaves_and_the_others_hear_meanwhile() -> None:
    log: list[str] = []
    made = pool(log)
    await made.warm()
    async with made.use("a"):
        with pytest.raises(STTUnavailable, match=r"takes 100 MiB.* stt\.resident_mb=250"):
            async with made.use("b"):
                pass
        loading = []

        async def ask() -> None:
            async with made.use("b"):
                loading.append("b")

    async with asyncio.TaskGroup() as group:
        group.create_task(ask())
        await asyncio.sleep(0)
        assert (await made.transcribe(segment(silence(0.1)))).text == "main"
        assert loading == [], "the main model must hear while another loads"
    assert loading == ["b"]
    await made.aclose()


async def test_a_model_is_loaded_once_however_many_ask() -> None:
    log: list[str] = []
    made = pool(log)

    async def ask() -> None:
        async with made.use("a"):
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(ask())
    assert log == ["load a"]
    await made.aclose()


async def test_a_model_that_comes_after_the_pool_was_closed_is_closed() -> None:
    log: list[str] = []
    made = pool(log)
    async with asyncio.TaskGroup() as group:
        late = group.create_task(_told(made, "a"))
        await asyncio.sleep(0)
        await made.aclose()
    assert "closed" in late.result()
    assert log == ["close main", "load a", "close a"]


async def _told(made: ModelPool, name: str) -> str:
    with pytest.raises(STTUnavailable) as caught:
        async with made.use(name):
            pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("language", "hears", "said_by"),
    [("fr", "en", "french"), ("en", "en", "main"), (None, "fr", "french"), (None, "en", "main")],
)
async def test_a_language_has_its_own_model(language: str | None, hears: str, said_by: str) -> None:
    made = pool([], hears=hears, of_language={"fr": "french"})
    await made.warm()
    assert (await made.transcribe(segment(silence(0.1)), language=language)).text == said_by
    await made.aclose()


@pytest.mark.parametrize(("language", "hears"), [("fr", "en"), (None, "fr")])
async def test_the_main_model_hears_where_a_languages_own_cannot_be_had(
    language: str | None, hears: str
) -> None:
    made = pool([], hears=hears, of_language={"fr": "broken"}, captions="broken")
    await made.warm()
    assert (await made.transcribe(segment(silence(0.1)), language=language)).text == "main"
    going_on = dataclasses.replace(segment(silence(0.1)), partial=True)
    assert (await made.transcribe(going_on)).text == "main"
    await made.aclose()


async def test_captions_may_have_a_small_model() -> None:
    made = pool([], captions="small")
    await made.warm()
    going_on = dataclasses.replace(segment(silence(0.1)), partial=True)
    assert (await made.transcribe(going_on)).text == "small"
    assert (await made.transcribe(segment(silence(0.1)))).text == "main"
    await made.aclose()


async def test_what_cannot_be_preloaded_is_told_when_it_is_asked_for() -> None:
    made = pool([], preload=("broken", "a"))
    await made.warm()
    assert made.residents == ("main", "a")
    with pytest.raises(STTUnavailable, match="broken"):
        async with made.use("broken"):
            pass
    await made.aclose()


def test_a_model_counts_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" * 2_500_000)
    assert model_mb(tmp_path) == 3
    assert model_mb(None) == model_mb(tmp_path / "nothing") == 0


@pytest.mark.real
async def test_a_file_is_heard_with_another_model_while_the_set_one_stays(tmp_path: Path) -> None:
    """The real engine: the same weights under a second name are a second model."""
    from config import find_model

    bundled = find_model("prism-tiny").bundled_path
    assert bundled is not None
    other = tmp_path / "other"
    other.symlink_to(bundled, target_is_directory=True)
    made = STTManager.from_settings(settings(stt__model="prism-tiny", stt__device="cpu"))
    await made.warm()
    item = recording("fr_16k.wav")
    samples = load_audio(item.path)
    for model, told in ((None, "prism-tiny"), (str(other), str(other))):
        heard = await made.transcribe(segment(samples), language="fr", model=model)
        assert (heard.text, heard.model) == (item.text, told)
    await made.aclose()
