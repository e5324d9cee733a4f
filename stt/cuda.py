"""Where CTranslate2 can compute, and how exactly: the device and number type for what the settings ask.

Only decisions and look-ups; it loads no model. NVIDIA's libraries from pip lie where the system's loader does
not look, so they are opened here by path first: a second opening by name then finds them.
"""

from __future__ import annotations

import ctypes
import logging
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from stt.base import STTError, STTUnavailable
from stt.gpu import Card, card_index, cards

if TYPE_CHECKING:
    from config import GpuSettings, SttSettings

LIBRARIES = (
    ("nvidia.cuda_runtime", "lib/libcudart.so.*", "bin/cudart64_*.dll"),
    ("nvidia.cublas", "lib/libcublasLt.so.*", "bin/cublasLt64_*.dll"),
    ("nvidia.cublas", "lib/libcublas.so.*", "bin/cublas64_*.dll"),
)
"""Package, file on Linux, file on Windows: what CTranslate2 opens, each after what it needs itself."""
BEST = {"cpu": ("int8", "float32"), "cuda": ("int8_float16", "float16", "int8_float32", "int8", "float32")}
"""Number types for ``auto``, the best trade of speed and memory first."""

log = logging.getLogger(__name__)


def choose_place(wanted: str, gpu: GpuSettings | None) -> tuple[str, int]:
    """``cpu`` or ``cuda``, and the card's index. Raises STTUnavailable when what is demanded is not there."""
    required = gpu is not None and gpu.require
    if required and wanted == "cpu":
        raise STTUnavailable("gpu.require is set and stt.device is cpu; change one of them.")
    device = choose_device("cuda" if required else wanted)
    if device == "cpu" or gpu is None:
        return device, 0
    try:
        return device, card_index(gpu)
    except STTUnavailable as error:
        if wanted == "cuda" or required:
            raise
        log.warning("%s The processor is used.", error)
        return "cpu", 0


def card_watched(stt: SttSettings, gpu: GpuSettings) -> Card | None:
    """The card that recognizes speech as it is now; None where there is none, or where it cannot be asked."""
    if stt.backend != "faster_whisper" or stt.device == "cpu":
        return None
    try:
        found = cards()  # first: without NVIDIA's library nothing else need be loaded
        place, index = choose_place(stt.device, gpu)
        return next((card for card in found if card.index == index), None) if place == "cuda" else None
    except STTError as error:
        log.info("the graphics card is not watched: %s", error)
        return None


def choose_device(wanted: str) -> str:
    """``cpu`` or ``cuda``. Raises STTUnavailable when cuda is demanded and no card is there."""
    if wanted == "cpu":
        return "cpu"
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # as nvidia-smi counts, not the quickest first
    import ctranslate2

    if ctranslate2.get_cuda_device_count() > 0:
        _open_libraries()
        return "cuda"
    if wanted == "cuda":
        raise STTUnavailable(
            "No NVIDIA card can be used by CTranslate2; set stt.device=cpu or check the driver."
        )
    return "cpu"


def choose_compute_type(wanted: str, device: str, index: int = 0) -> str:
    """The number type to compute with. Raises STTUnavailable when the device has not the one demanded."""
    import ctranslate2

    supported: set[str] = ctranslate2.get_supported_compute_types(device, index)
    if wanted == "auto":
        return next(kind for kind in BEST[device] if kind in supported)
    if wanted not in supported:
        raise STTUnavailable(
            f"stt.compute_type {wanted!r} does not work on {device}; choose auto or one of "
            f"{', '.join(sorted(supported))}."
        )
    return wanted


def is_lost_card(error: BaseException | None) -> bool:
    """Whether CUDA fails altogether, as after a sleep of the machine: no decode works until the model is loaded anew.

    A lack of memory is none: it passes.
    """
    text = str(error)
    return ("CUDA failed" in text or "cuBLAS failed" in text) and "out of memory" not in text


def _open_libraries() -> None:
    """Open NVIDIA's libraries that pip brought, if any; CTranslate2 tells when one is lacking."""
    for package, *patterns in LIBRARIES:
        for library in (file for pattern in patterns for file in _files(package, pattern)):
            try:
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
            except OSError as error:
                log.debug("could not open %s: %s", library, error)


def _files(package: str, pattern: str) -> list[Path]:
    """Files of an installed package, which is located but not imported."""
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:
        return []
    folders = spec.submodule_search_locations or () if spec else ()
    return [file for folder in folders for file in sorted(Path(folder).glob(pattern))]
