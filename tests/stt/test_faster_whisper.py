"""The real faster-whisper on the model that comes with Prism: what it hears, and what it says when not."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from config import find_model
from stt import (
    SAMPLE_RATE,
    STTBackendMissing,
    STTError,
    STTManager,
    STTRejected,
    STTUnavailable,
    TranscriptSegment,
    create_transcriber,
    load_audio,
)
from stt.backends.faster_whisper import FasterWhisper, _cores, _translated
from stt.cuda import choose_compute_type, choose_device
from stt.decoding import How, decode, window_s
from stt.types import confidence
from tests.kit.settings import settings
from tests.stt.material import Recording, noise, recording, recordings, segment, silence

pytestmark = pytest.mark.real


def make(folder: Path, **stt: object) -> FasterWhisper:
    changes = {"model": "prism-tiny", **stt}
    made = create_transcriber(
        settings(**{f"stt__{key}": value for key, value in changes.items()}).stt, folder
    )
    assert isinstance(made, FasterWhisper)
    return made


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> FasterWhisper:
    """One loaded model for the whole file; its thread ends with the tests."""
    return make(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(
    ("item", "language"),
    [*((item, None) for item in recordings()), *((item, item.language) for item in recordings()[::4])],
    ids=lambda value: value.path.name if isinstance(value, Recording) else str(value),
)
async def test_recordings_are_heard_word_for_word(
    whisper: FasterWhisper, item: Recording, language: str | None
) -> None:
    heard = await whisper.transcribe(segment(load_audio(item.path)), language=language)
    assert (heard.text, heard.language) == (item.text, item.language)
    assert heard.confidence > 0.5
    (part,) = heard.segments
    assert part.end == pytest.approx(item.speech[1], abs=0.3)
    assert part.no_speech_prob < 0.3
    assert heard.backend == "faster_whisper"
    assert heard.processing_time > 0


@pytest.mark.parametrize("samples", [silence(2), noise(2, 500)], ids=["silence", "noise"])
async def test_nothing_said_is_nothing_heard(whisper: FasterWhisper, samples: np.ndarray[Any, Any]) -> None:
    heard = await whisper.transcribe(segment(samples))
    assert heard.text == ""
    assert heard.confidence == 0.0


async def test_a_language_that_whisper_does_not_know_is_rejected(whisper: FasterWhisper) -> None:
    with pytest.raises(STTRejected, match="language 'xx'"):
        await whisper.transcribe(segment(silence(0.5)), language="xx")


class CountingEngine:
    """CTranslate2's model, counting encodings."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.encoded = 0

    def encode(self, *args: Any, **kwargs: Any) -> Any:
        self.encoded += 1
        return self.engine.encode(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


def test_detecting_the_language_costs_no_second_encoding() -> None:
    from faster_whisper import WhisperModel

    from stt.whisper import OneEncodeWhisper

    path = str(find_model("prism-tiny").bundled_path)
    audio = load_audio(recordings()[0].path).astype(np.float32) / 32768
    found = []
    for kind in (WhisperModel, OneEncodeWhisper):
        model = kind(path, device="cpu", compute_type="int8", cpu_threads=1)
        model.model = CountingEngine(model.model)
        parts, info = model.transcribe(audio)
        found.append(([part.text for part in parts], info.language, model.model.encoded))
    assert found[0][:2] == found[1][:2]
    assert [counted[2] for counted in found] == [2, 1]


@pytest.mark.parametrize(
    ("probabilities", "usual", "taken"),
    [
        ([("fr", 0.9), ("en", 0.1)], {"fr", "en"}, ("fr", 0.9)),
        ([("ja", 0.6), ("fr", 0.4)], {"fr", "en"}, ("ja", 0.6)),  # sure
        ([("cy", 0.4), ("en", 0.1), ("fr", 0.3)], {"fr", "en"}, ("fr", 0.3)),
        ([("de", 0.4), ("nn", 0.35), ("en", 0.2)], {"fr", "en", "de"}, ("de", 0.4)),
        ([("cy", 0.4)], {"fr"}, ("cy", 0.4)),
    ],
)
def test_a_language_that_is_not_sure_is_a_usual_one(
    probabilities: list[tuple[str, float]], usual: set[str], taken: tuple[str, float]
) -> None:
    from stt.whisper import likeliest

    assert likeliest((*probabilities[0], probabilities), usual) == (*taken, probabilities)


def test_a_language_that_was_surely_heard_is_usual_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import faster_whisper

    from stt.whisper import OneEncodeWhisper

    answers = [("de", 0.4), ("de", 0.8), ("de", 0.4)]
    monkeypatch.setattr(
        faster_whisper.WhisperModel,
        "detect_language",
        lambda *_, **__: (*(best := answers.pop(0)), [best, ("en", 0.2)]),
    )
    path = find_model("prism-tiny").bundled_path
    model = OneEncodeWhisper(str(path), "cpu", compute_type="int8", cpu_threads=1)
    features = np.zeros((80, 101), np.float32)
    assert [model.detect_language(features=features)[0] for _ in range(3)] == ["en", "de", "de"]


def without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def holding(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, "utf-8")


def damaged(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:2000])


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (without("model.bin"), "has no model.bin"),
        (without("config.json"), "has no config.json"),
        (without("tokenizer.json"), "has no tokenizer.json"),
        (without("vocabulary.json"), r"has no vocabulary\.\*"),
        (damaged("tokenizer.json"), "tokenizer.json is damaged"),
        (damaged("model.bin"), "cannot be loaded"),
        (holding("tokenizer.json", "{}"), "cannot be loaded"),
        (holding("preprocessor_config.json", "[]"), "cannot be loaded"),
        (holding("preprocessor_config.json", '{"feature_size": 128}'), "Invalid input features shape"),
    ],
)
async def test_a_bad_model_folder_is_told(
    tmp_path: Path, harm: Callable[[Path], object], message: str
) -> None:
    source = find_model("prism-tiny").bundled_path
    assert source is not None
    folder = tmp_path / "model"
    shutil.copytree(source, folder)
    harm(folder)
    made = make(tmp_path, model=str(folder))
    with pytest.raises(STTUnavailable, match=message) as caught:
        await made.warm()
    assert "\n" not in str(caught.value)
    await made.aclose()


async def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(STTUnavailable, match="a model is a folder"):
        await make(tmp_path, model=str(tmp_path / "model.bin")).warm()


async def test_an_unknown_model_meets_its_nearest(tmp_path: Path) -> None:
    with pytest.raises(STTUnavailable, match=r"did you mean small\?"):
        await make(tmp_path, model="smal").warm()


async def test_offline_without_the_model_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(STTUnavailable, match=r"Model small .* cannot be reached .*prism models pull small"):
        await make(tmp_path, model="small").warm()


@pytest.mark.parametrize("model", ["small.en", "distil-large-v3"])
async def test_a_model_that_does_not_know_the_set_language_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(STTUnavailable, match=f"{model} knows English only"):
        await make(tmp_path, model=model, language="fr").warm()


async def test_a_model_is_fetched_only_when_it_is_needed(tmp_path: Path) -> None:
    made = make(tmp_path)
    await made.aclose()
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # pathlib is told not to block a loop


async def test_an_impossible_number_type_is_told(tmp_path: Path) -> None:
    with pytest.raises(STTUnavailable, match=r"'int3' does not work on cpu; choose auto or one of .*int8"):
        await make(tmp_path, compute_type="int3", device="cpu").warm()


async def test_a_missing_library_names_its_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(STTBackendMissing, match="pip install faster-whisper"):
        await make(tmp_path).warm()


async def test_several_decodes_share_one_model(tmp_path: Path) -> None:
    made = make(tmp_path, num_workers=2)
    item = recordings()[0]
    samples = load_audio(item.path)
    heard = await asyncio.gather(*(made.transcribe(segment(samples, n)) for n in range(4)))
    assert {one.text for one in heard} == {item.text}
    await made.aclose()


@pytest.mark.parametrize("isolation", ["thread", "process"])
async def test_an_idle_model_gives_its_memory_back_and_hears_again(tmp_path: Path, isolation: str) -> None:
    stt = {"model": "prism-tiny", "idle_unload_s": 0.01, "isolation": isolation}
    made = create_transcriber(settings(**{f"stt__{key}": value for key, value in stt.items()}).stt, tmp_path)
    item = recordings()[0]
    for _ in range(2):
        assert (await made.transcribe(segment(load_audio(item.path)))).text == item.text
        async with asyncio.timeout(5):
            while _is_loaded(made):  # noqa: ASYNC110  # memory tells nobody that it was given back
                await asyncio.sleep(0.01)
    await made.aclose()


def _is_loaded(made: object) -> bool:
    return made._model.model.model_is_loaded if isinstance(made, FasterWhisper) else made.pid is not None  # type: ignore[attr-defined]


async def test_options_reach_the_engine(tmp_path: Path) -> None:
    item = recordings()[1]
    made = make(tmp_path, word_timestamps=True, temperatures=[0.0], beam_size=1)
    heard = await made.transcribe(segment(load_audio(item.path)), language=item.language)
    words = heard.segments[0].words
    assert "".join(word.text for word in words).strip() == item.text
    assert all(first.end <= second.start + 0.02 for first, second in itertools.pairwise(words))
    assert all(0 < word.probability <= 1 for word in words)
    told = make(tmp_path, prompt="Prism.", hotwords=["Zoé", "Ollama"])
    heard = await told.transcribe(segment(load_audio(item.path)), language=item.language)
    assert heard.prompt == "Prism. Zoé Ollama"
    for one in (made, told):
        await one.aclose()


@pytest.mark.parametrize(("names", "sentences"), [(3, 1), (300, 0), (0, 60), (60, 60), (300, 60)])
def test_however_many_names_and_however_long_a_prompt_there_is_room_for_words(
    names: int, sentences: int
) -> None:
    from faster_whisper.tokenizer import Tokenizer

    from stt.whisper import OneEncodeWhisper

    path = find_model("prism-tiny").bundled_path
    model = OneEncodeWhisper(str(path), "cpu", compute_type="int8", cpu_threads=1)
    tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language="fr")
    told = tokenizer.encode(" Bonjour, ici Prism." * sentences)
    hotwords = ", ".join(f"Zoé {n}" for n in range(names)) or None
    prompt = model.get_prompt(tokenizer, told, hotwords=hotwords)
    assert len(prompt) < 448 / 2 + 8
    if names <= 3:
        assert prompt[: -len(tokenizer.sot_sequence)][-9:] == told[-9:]


@pytest.mark.parametrize(
    ("audio", "window"),
    [(0.1, 5.0), (3.9, 5.0), (4.2, 6.0), (9.0, 10.0), (25.0, 26.0), (25.1, None), (90, None)],
)
def test_the_window_is_as_long_as_what_was_said(audio: float, window: float | None) -> None:
    assert window_s(audio) == window


@pytest.mark.parametrize("item", recordings()[::3], ids=lambda item: item.path.name)
async def test_a_short_window_hears_the_same_words(tmp_path: Path, item: Recording) -> None:
    made = make(tmp_path, window="auto")
    heard = await made.transcribe(segment(load_audio(item.path)))
    assert (heard.text, heard.language) == (item.text, item.language)
    await made.aclose()


class WindowedEngine:
    """Answers improbably within a window: what a model does that needs the full one."""

    class Model:
        is_multilingual = True

    def __init__(self) -> None:
        self.widths: list[float | None] = []
        self.model = self.Model()
        self.supported_languages = ["fr"]

    @contextlib.contextmanager
    def window(self, seconds: float | None) -> Iterator[None]:
        self.widths.append(seconds)
        yield

    def transcribe(self, *_: Any, **__: Any) -> Any:
        part = SimpleNamespace(
            text=" Oui.", start=0, end=1, no_speech_prob=0, compression_ratio=1, words=None
        )
        part.avg_logprob = -0.2 if self.widths[-1] is None else -1.5
        return [part], SimpleNamespace(language="fr")


def test_an_improbable_short_decode_is_repeated_on_the_full_width() -> None:
    engine = WindowedEngine()
    how = How(settings(stt__window="auto").stt, "fr", None)
    (part,), _ = decode(engine, silence(2), how, lambda error: STTError(str(error)))
    assert engine.widths == [5.0, None]
    assert part.avg_logprob == -0.2


class Card(WindowedEngine):
    """A model on a card that fails with ``errors``, one for each decode."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__()
        self.errors = errors
        self.model.model_is_loaded = True  # type: ignore[attr-defined]

    def unless(self, _: object) -> Any:
        return contextlib.nullcontext()

    def transcribe(self, *words: Any, **more: Any) -> Any:
        if self.errors:
            raise RuntimeError(self.errors.pop(0))
        return super().transcribe(*words, **more)


@pytest.mark.parametrize(
    ("errors", "loads", "heard"),
    [
        (["CUDA failed with error unknown error"], 2, "Oui."),
        (["cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"] * 2, 2, None),
        (["CUDA failed with error out of memory"], 1, None),
        (["Unsupported"], 1, None),
    ],
)
async def test_a_lost_card_costs_a_new_load_and_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: list[str], loads: int, heard: str | None
) -> None:
    loaded: list[Card] = []

    def load(*_: object) -> Card:
        loaded.append(Card(errors))
        return loaded[-1]

    monkeypatch.setattr("stt.backends.faster_whisper._load", load)
    made = make(tmp_path)
    if heard is None:
        with pytest.raises(STTUnavailable):
            await made.transcribe(segment(silence(1)))
    else:
        assert (await made.transcribe(segment(silence(1)))).text == heard
    assert len(loaded) == loads
    await made.aclose()


async def test_a_model_that_comes_after_the_close_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def load(*_: object) -> Card:
        begun.set()
        go_on.wait(10)
        return Card([])

    monkeypatch.setattr("stt.backends.faster_whisper._load", load)
    made = make(tmp_path)
    async with asyncio.TaskGroup() as group:
        warming = group.create_task(_refused(made))
        await asyncio.to_thread(begun.wait, 10)
        await made.aclose()
        go_on.set()
    assert "closed" in warming.result()
    assert made._model is None


async def _refused(made: FasterWhisper) -> str:
    with pytest.raises(STTUnavailable) as caught:
        await made.warm()
    return str(caught.value)


def test_devices_and_number_types() -> None:
    import ctranslate2

    assert choose_device("cpu") == "cpu"
    assert choose_compute_type("auto", "cpu") == "int8"
    if ctranslate2.get_cuda_device_count() == 0:
        assert choose_device("auto") == "cpu"
        with pytest.raises(STTUnavailable, match=r"stt\.device=cpu"):
            choose_device("cuda")
    else:
        assert choose_device("auto") == "cuda"


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 64), ("250000 100000", 2), ("50000 100000", 1), ("", 64), (None, 64)]
)
def test_a_container_has_the_cores_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str | None, cores: int
) -> None:
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota, "ascii")
    monkeypatch.setattr("stt.backends.faster_whisper.CPU_QUOTA", file)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert _cores() == cores


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (RuntimeError("CUDA failed with error out of memory"), STTUnavailable, "smaller stt.model"),
        (MemoryError(), STTUnavailable, "not enough memory"),
        (RuntimeError("std::bad_alloc"), STTUnavailable, "not enough memory"),
        (RuntimeError("Library libcublas.so.12 is not found"), STTBackendMissing, r"prism-voice\[gpu\]"),
        (RuntimeError("Unsupported model binary version"), STTUnavailable, "what .Unsupported model binary"),
        (ValueError("Invalid input features shape"), STTUnavailable, "fetch it again"),
    ],
)
def test_errors_of_the_engine_are_translated(error: Exception, kind: type[STTError], message: str) -> None:
    found = _translated(error, settings().stt, "what")
    assert isinstance(found, kind)
    with pytest.raises(kind, match=message):
        raise found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], 0.0),
        ([(1.0, 0.0)], 1.0),
        ([(1.0, -0.5)], 0.6065),
        ([(3.0, -0.1), (1.0, -0.9)], 0.7408),
        ([(1.0, 0.3)], 1.0),
        ([(0.0, -1.0)], 0.3679),
    ],
)
def test_confidence_is_weighted_by_duration(parts: list[tuple[float, float]], expected: float) -> None:
    found = [TranscriptSegment("x", 0.0, duration, logprob) for duration, logprob in parts]
    assert confidence(found) == pytest.approx(expected, abs=1e-4)


async def test_pieces_of_a_file_are_decoded_at_once_with_the_same_words(tmp_path: Path) -> None:
    """Two sentences with a pause: one by one and in one batch."""
    item = recording("fr_16k.wav")
    pause = np.zeros(3 * SAMPLE_RATE, np.int16)
    samples = np.concatenate([load_audio(item.path), pause, load_audio(item.path), pause, noise(1, 3)])
    file = tmp_path / "twice.wav"
    soundfile.write(file, samples, SAMPLE_RATE)
    found = {}
    for batch in (1, 4):
        chosen = settings(stt__model="prism-tiny", stt__language="fr", stt__file_batch=batch)
        manager = STTManager.from_settings(chosen)
        async with contextlib.aclosing(manager.transcribe_file(file)) as pieces:
            found[batch] = [(start, heard.text) async for start, heard in pieces]
        await manager.aclose()
    assert found[1] == found[4]
    assert [text for _, text in found[4]] == [item.text, item.text]
