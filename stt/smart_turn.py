"""Does it *sound* as if the speaker were done? A small network on the last seconds of an utterance.

The network is smart-turn v3 (BSD-2-Clause, 8 MB, on Whisper's smallest encoder), fetched when it is asked for. It takes
``input_features`` (1, 80, 800), the log-mel picture of eight seconds that end where the utterance paused, and gives one
probability. Sound that is shorter is preceded by silence, as it was in its training.

Any ONNX file of that signature can be put in its place (``turn.model=FOLDER``). It runs on one thread of its own, and
is never waited for: who asks gets an answer within ``LIMIT_S`` or none. How much the answer weighs is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.worker import Worker
from stt.base import STTBackendMissing, STTUnavailable
from stt.mel import BANDS, HOP, Floats, log_mel
from stt.types import SAMPLE_RATE

if TYPE_CHECKING:
    from config import ModelStore, Progress, Settings
    from stt.types import Int16

log = logging.getLogger("prism.smart_turn")

SECONDS = 8
"""Of sound that the network hears."""
FRAMES = SECONDS * SAMPLE_RATE // HOP
INPUT = "input_features"
LIMIT_S = 0.4
"""Seconds after which an answer is of no use: the shortest wait is over by then. It takes 10 to 60 ms."""


class SmartTurn:
    """One for the process; conversations share it."""

    def __init__(self, name: str, store: ModelStore, progress: Progress | None = None) -> None:
        """``name`` of the catalogue, or a folder or file. Nothing is loaded yet."""
        self._name = name
        self._store = store
        self._progress = progress
        self._worker = Worker("prism-turn")
        self._session: Any = None

    def __repr__(self) -> str:
        return f"<SmartTurn {self._name} {'ready' if self._session else 'not loaded'}>"

    async def warm(self) -> None:
        """Fetch, load and exercise the network. Raises STTUnavailable or STTBackendMissing."""
        path = await self._find()
        self._session = await self._worker.run(_load, path)

    async def completeness(self, samples: Int16) -> float | None:
        """Probability (0-1) that the speaker of these samples (16 kHz) is done; None when that is not known in time."""
        try:
            async with asyncio.timeout(LIMIT_S):
                return await self._worker.run(_judge, self._session, samples)
        except TimeoutError:
            log.warning("the turn model took more than %.1f s: its answer is not used", LIMIT_S)
        except STTUnavailable as error:
            log.warning("%s", error)
        return None

    def close(self) -> None:
        """Free the thread; twice is fine."""
        self._worker.close()

    async def _find(self) -> Path:
        from config import ModelError, find_model

        try:
            path = self._store.resolve(self._name, "turn")
            if path is None:
                path = await self._store.fetch(find_model(self._name, "turn"), self._progress)
        except ModelError as error:
            raise STTUnavailable(str(error)) from error
        files = [path] if path.is_file() else sorted(path.glob("*.onnx"))
        if not files:
            raise STTUnavailable(f"{path} holds no .onnx file, so turn.model cannot be used.")
        return files[-1]


def create_turn_model(settings: Settings, progress: Progress | None = None) -> SmartTurn | None:
    """What ``turn.model`` asks for; None when that is nothing."""
    from config import ModelStore

    name = settings.turn.model
    return SmartTurn(name, ModelStore.from_settings(settings.models), progress) if name else None


def features(samples: Int16) -> Floats:
    """(1, 80, 800) of the last eight seconds, silence before them, at mean 0 and variance 1 as in the training."""
    wanted = SECONDS * SAMPLE_RATE
    sound = np.zeros(wanted, np.float32)
    tail = samples[-wanted:]
    sound[wanted - len(tail) :] = tail / np.float32(32768)
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    return log_mel(sound)[None]


def _judge(session: Any, samples: Int16) -> float:  # noqa: ANN401  # onnxruntime has no types
    """In the network's thread. Raises STTUnavailable."""
    try:
        (answer,) = session.run(None, {INPUT: features(samples)})
    except _engine_errors() as error:
        raise STTUnavailable(f"The turn model failed ({_first_line(error)}).") from error
    value = float(np.asarray(answer).reshape(-1)[0])
    if not 0.0 <= value <= 1.0:
        raise STTUnavailable(f"The turn model answered {value}, which is no probability; fetch it again.")
    return value


def _load(path: Path) -> Any:  # noqa: ANN401
    """In the network's thread: a session that has been asked once."""
    try:
        import onnxruntime
    except ImportError as error:
        raise STTBackendMissing(
            "The turn model needs onnxruntime: run `pip install onnxruntime`, or set turn.model=null."
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _engine_errors() as error:
        raise STTUnavailable(
            f"The turn model {path} cannot be used ({_first_line(error)}); remove it and pull it again."
        ) from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    fits = len(inputs) == 1 and inputs[0].name == INPUT and list(inputs[0].shape[1:]) == [BANDS, FRAMES]
    if not fits or len(outputs) != 1:
        raise STTUnavailable(
            f"{path} is no turn model: it must take {INPUT} (1, {BANDS}, {FRAMES}) and give one."
        )
    _judge(session, np.zeros(SAMPLE_RATE, np.int16))
    return session


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def _engine_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for a bad file or input; its own errors have no common parent."""
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    raised = [
        kind for kind in vars(native).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return (OSError, ValueError, RuntimeError, *raised)
