"""Silero's neural voice detector, through onnxruntime, with the weights that faster-whisper ships.

The package is located, not imported: importing it would load CTranslate2 as well. The network takes 64
samples of the frame before, then 512 new ones, and two LSTM states. One session serves the whole process
(running it is thread safe); each detector has its own states. One thread, in sequence: a frame costs about
0.2 ms, and more threads would only compete with the recognizer.

A room is quiet most of the time. After a second in which nothing rose above the noise the network rests, and frames are
only kept; the first louder one wakes it, and it hears the last of what it missed first, so that it judges an onset with
what came before it. What it has not heard then is a stretch of the same noise. Loudness is measured twice, of the sound
and of its steps from sample to sample: an offset or a hum may be louder than a voice, but its steps are small.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stt.base import STTBackendMissing, STTUnavailable

if TYPE_CHECKING:
    from config import VadSettings
    from stt.types import Int16

FRAME = 512
"""New samples of each frame: the only size the network was trained for at 16 kHz."""
CONTEXT = 64
"""Samples of the frame before that the network sees again."""
STATE = (1, 1, 128)
CALM = 31
"""Quiet frames in a row after which the network rests: one second."""
UNLIKELY = 0.1
"""Probability of speech below which a frame can be quiet."""
LOUDER = 2.0
"""Times the power of the noise (3 dB) from which a frame is not quiet."""
SILENT = 4.0
"""Power below which any frame is quiet: two digits, -84 dBFS."""
FALL, RISE, CLIMB = 0.5, 0.02, 1.02
"""How the noise is followed: quickly down, slowly up, by 2 % for each frame that is louder (10 dB in four seconds)."""
CATCH_UP = 8
"""Frames before an onset that the network still hears: a quarter of a second, more than it looks back."""
Floats: TypeAlias = npt.NDArray[np.float32]
INPUTS = {"input", "h", "c"}


class Silero:
    """A detector of one conversation."""

    frame_samples = FRAME

    def __init__(self, session: Any) -> None:  # noqa: ANN401  # onnxruntime has no types
        self._session = session
        self._h: Floats
        self._c: Floats
        self._noise: list[float]
        self._calm: int
        self._last: float
        self.reset()

    def probability(self, samples: Int16) -> float:
        """Probability (0-1) that these 512 samples hold speech."""
        if self._resting(samples):
            self._missed.append(samples)
            return self._last
        while self._missed:
            self._judge(self._missed.popleft())
        self._last = self._judge(samples)
        return self._last

    def _resting(self, samples: Int16) -> bool:
        """Whether nothing has risen above the noise for so long that the network need not hear this frame."""
        sound = samples.astype(np.float32)
        steps = np.diff(sound)
        powers = [float(sound @ sound) / FRAME, float(steps @ steps) / FRAME]
        self._noise = self._noise or powers
        calm = [p <= max(SILENT, LOUDER * n) for p, n in zip(powers, self._noise, strict=True)]
        self._noise = [_followed(*each) for each in zip(self._noise, powers, calm, strict=True)]
        quiet = all(calm)
        self._calm = self._calm + 1 if quiet and self._last < UNLIKELY else 0
        return self._calm > CALM

    def _judge(self, samples: Int16) -> float:
        """One frame through the network."""
        self._window[0, :CONTEXT] = self._window[0, -CONTEXT:]
        self._window[0, CONTEXT:] = samples
        self._window[0, CONTEXT:] /= 32768
        inputs = {"input": self._window, "h": self._h, "c": self._c}
        output, self._h, self._c = self._session.run(None, inputs)
        return float(output.flat[0])

    def reset(self) -> None:
        """Forget all frames."""
        self._window = np.zeros((1, CONTEXT + FRAME), np.float32)
        self._missed: deque[Int16] = deque(maxlen=CATCH_UP)
        self._noise = []
        self._calm = 0
        self._last = 1.0
        self._h = np.zeros(STATE, np.float32)
        self._c = np.zeros(STATE, np.float32)


def _followed(noise: float, power: float, calm: bool) -> float:
    """The power of the noise after a frame."""
    return noise + (FALL if power < noise else RISE) * (power - noise) if calm else noise * CLIMB


def create(settings: VadSettings) -> Silero:  # noqa: ARG001  # every backend is made the same way
    """A new detector on the shared session."""
    return Silero(_session())


@cache
def _session() -> Any:  # noqa: ANN401  # onnxruntime has no types
    """The network, loaded once."""
    weights = _weights()
    try:
        import onnxruntime
    except ImportError as error:
        raise STTBackendMissing(
            "Silero needs onnxruntime: run `pip install onnxruntime`, or set vad.backend=webrtc."
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    if {item.name for item in session.get_inputs()} != INPUTS:
        raise STTUnavailable(
            f"This version of faster-whisper ships another Silero ({weights.name}); set vad.backend=webrtc."
        )
    return session


def _weights() -> Path:
    """The network's file inside the faster-whisper package."""
    spec = find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise STTBackendMissing(
            "Silero's weights come with faster-whisper: run `pip install faster-whisper`, or set "
            "vad.backend=webrtc."
        )
    found = sorted((Path(spec.origin).parent / "assets").glob("silero_vad*.onnx"))
    if not found:
        raise STTUnavailable("faster-whisper is installed without Silero's weights; set vad.backend=webrtc.")
    return found[-1]
