"""The turn model: what it is fed, how it is fetched, and that it can neither delay nor break anything.

The weights cannot be had offline; a network of half a kilobyte with the same signature stands in for them, real for
onnxruntime and for the model store.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from config import ModelStore, find_model
from stt import SAMPLE_RATE, Int16, SmartTurn, STTUnavailable, create_turn_model
from stt.smart_turn import FRAMES, LIMIT_S, features
from tests.kit.model_hub import model_hub
from tests.kit.settings import settings
from tests.kit.turn_model import make_turn_model

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

TIME = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
TONE: Int16 = (9000 * np.sin(2 * np.pi * 440 * TIME)).astype(np.int16)
FALLEN = np.concatenate([TONE, np.zeros(SAMPLE_RATE // 5, np.int16)])


async def ready(path: Path) -> SmartTurn:
    model = create_turn_model(settings(turn__model=str(path)))
    assert model is not None
    await model.warm()
    return model


def test_the_features_are_those_of_the_last_eight_seconds() -> None:
    long = np.random.default_rng(1).integers(-9000, 9000, 12 * SAMPLE_RATE).astype(np.int16)
    assert features(long).shape == (1, 80, FRAMES)
    np.testing.assert_array_equal(features(long), features(long[-8 * SAMPLE_RATE :]))
    padded = np.concatenate([np.zeros(6 * SAMPLE_RATE, np.int16), TONE])
    np.testing.assert_array_equal(features(TONE), features(padded))


def test_the_features_do_not_depend_on_loudness() -> None:
    quiet = (TONE // 3).astype(np.int16)
    np.testing.assert_allclose(features(quiet), features(TONE), atol=0.1)


def test_the_features_are_those_of_the_reference() -> None:
    extractor = pytest.importorskip("faster_whisper.feature_extractor").FeatureExtractor(chunk_length=8)
    sound = np.zeros(8 * SAMPLE_RATE, np.float32)
    sound[-len(FALLEN) :] = FALLEN / np.float32(32768)
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    np.testing.assert_allclose(features(FALLEN)[0], extractor(sound, padding=0), atol=2e-4)


async def test_it_tells_an_ending_from_none(tmp_path: Path) -> None:
    model = await ready(make_turn_model(tmp_path / "any-name.onnx"))
    done, going_on = await model.completeness(FALLEN), await model.completeness(TONE)
    model.close()
    assert done is not None
    assert going_on is not None
    assert done > 0.9
    assert going_on < done - 0.3


async def test_a_folder_will_do_and_nothing_is_the_default(tmp_path: Path) -> None:
    make_turn_model(tmp_path / "model.onnx")
    model = await ready(tmp_path)
    assert await model.completeness(TONE) is not None
    model.close()
    model.close()
    assert create_turn_model(settings()) is None


async def test_it_is_fetched_from_the_pinned_commit_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = find_model("smart-turn")
    made = make_turn_model(tmp_path / "made.onnx").read_bytes()
    with model_hub({"README.md": b"# no", entry.files[0]: made}) as (hub, address):
        hub.repo, hub.revision = str(entry.repo), entry.revision
        monkeypatch.setenv("HF_ENDPOINT", address)
        model = SmartTurn("smart-turn", ModelStore(tmp_path / "models"))
        await model.warm()
    assert await model.completeness(FALLEN) is not None
    model.close()
    store = ModelStore(tmp_path / "models")
    home = store.resolve("smart-turn", "turn")
    assert home is not None
    assert store.verify("smart-turn") == ()
    (home / entry.files[0]).write_bytes(b"something else")
    assert store.verify("smart-turn") == (entry.files[0],)


async def test_weights_that_are_none_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = find_model("smart-turn")
    with model_hub({entry.files[0]: b"weights"}) as (hub, address):
        hub.repo, hub.revision = str(entry.repo), entry.revision
        monkeypatch.setenv("HF_ENDPOINT", address)
        with pytest.raises(STTUnavailable, match="cannot be used"):
            await SmartTurn("smart-turn", ModelStore(tmp_path / "models")).warm()


async def test_offline_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(STTUnavailable, match="prism models pull smart-turn"):
        await SmartTurn("smart-turn", ModelStore(tmp_path / "models")).warm()


async def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.onnx").write_bytes(b"not a network")
    with pytest.raises(STTUnavailable, match="cannot be used"):
        await ready(tmp_path / "junk.onnx")
    with pytest.raises(STTUnavailable, match="is no turn model"):
        await ready(make_turn_model(tmp_path / "other.onnx", (80, 3000)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(STTUnavailable, match=r"holds no \.onnx file"):
        await ready(tmp_path / "empty")


async def test_an_answer_that_is_no_probability_is_none(tmp_path: Path) -> None:
    model = await ready(make_turn_model(tmp_path / "model.onnx", sigmoid=False))
    assert await model.completeness(FALLEN) is None  # e^line is far above 1
    model.close()


async def test_whoever_asks_is_not_kept_waiting(tmp_path: Path) -> None:
    model = await ready(make_turn_model(tmp_path / "model.onnx"))
    busy = model._worker.run(time.sleep, 2 * LIMIT_S)  # another conversation's question takes very long
    async with asyncio.TaskGroup() as group:
        group.create_task(busy)
        await asyncio.sleep(0)
        begun = asyncio.get_running_loop().time()
        assert await model.completeness(FALLEN) is None
        assert asyncio.get_running_loop().time() - begun < 1.8 * LIMIT_S
    assert await model.completeness(FALLEN) is not None
    model.close()
