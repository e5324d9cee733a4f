"""Which graphics card may be used, and how it fares: pure decisions over what NVIDIA's library tells of the cards.

``nvidia-ml-py`` (extra ``gpu``) is only needed to choose by name or by free memory and to watch the card: an index
alone is taken as it is, counted in the order of the PCI bus, as nvidia-smi counts. Under CUDA_VISIBLE_DEVICES the
visible cards are renumbered, and the index is one of those.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stt.base import STTBackendMissing, STTUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config import GpuSettings

HOT_C, COOL_C = 85, 80
"""Degrees above which a card is about to slow itself down (NVIDIA's own slow-down lies a few above), and below which it
has cooled down again."""
SCARCE_MB = 256
"""MiB of free memory below which the next allocation may fail."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card as it is now."""

    index: int
    name: str
    free_mb: int
    """MiB of memory that nobody uses."""
    total_mb: int
    """MiB."""
    celsius: int
    """0 where the card does not tell."""
    busy: int = 0
    """Per cent of the last moment in which it worked; 0 where it does not tell."""

    def __str__(self) -> str:
        return f"{self.name} at {self.celsius} degrees, {self.busy} % busy, {self.free_mb} of {self.total_mb} MiB free"


class CardHealth:
    """Whether a card is strained. PURE: it is shown the card now and then."""

    def __init__(self) -> None:
        self.strained = False
        """Whether what is not necessary should be left undone."""

    def look(self, card: Card) -> str | None:
        """The reason when ``strained`` has changed, else None. Between the limits it stays as it was."""
        hot = card.celsius > (COOL_C if self.strained else HOT_C)
        scarce = card.free_mb < (2 * SCARCE_MB if self.strained else SCARCE_MB)
        if (hot or scarce) == self.strained:
            return None
        self.strained = hot or scarce
        return str(card)


def pick(cards: Sequence[Card], wanted: GpuSettings) -> Card:
    """The card that was asked for. Raises STTUnavailable when it is not there or has not enough free memory."""
    chosen = next((card for card in cards if _is(card, wanted.device)), None)
    if chosen is None:
        there = ", ".join(f"{card.index}: {card.name}" for card in cards) or "none"
        raise STTUnavailable(f"There is no graphics card {wanted.device!r} (gpu.device); there is {there}.")
    if wanted.min_vram_mb is not None and chosen.free_mb < wanted.min_vram_mb:
        raise STTUnavailable(
            f"{chosen.name} has {chosen.free_mb} MiB of {chosen.total_mb} free, gpu.min_vram_mb asks for "
            f"{wanted.min_vram_mb}; close what uses it or choose a smaller stt.model."
        )
    return chosen


def card_index(wanted: GpuSettings) -> int:
    """Index of the card to use. Raises STTUnavailable, or STTBackendMissing when NVIDIA's library is needed."""
    if isinstance(wanted.device, int) and wanted.min_vram_mb is None:
        return wanted.device
    chosen = pick(cards(), wanted)
    if chosen.celsius >= HOT_C:
        log.warning("%s is at %d degrees and will be slow", chosen.name, chosen.celsius)
    return chosen.index


def cards(library: Any = None) -> list[Card]:  # noqa: ANN401  # it has no types
    """All cards, told by ``library`` (None is nvidia-ml-py).

    Raises STTBackendMissing without the library, STTUnavailable without a driver.
    """
    pynvml = library if library is not None else _nvml()
    try:
        pynvml.nvmlInit()
        try:
            return [_card(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise STTUnavailable(
            f"NVIDIA's driver does not answer ({error}); check it, or set stt.device=cpu."
        ) from error


def _nvml() -> Any:  # noqa: ANN401
    try:
        import pynvml
    except ImportError as error:
        raise STTBackendMissing(
            "Choosing a graphics card by name or memory needs nvidia-ml-py: run `pip install 'prism-voice[gpu]'`."
        ) from error
    return pynvml


def _is(card: Card, wanted: int | str) -> bool:
    if isinstance(wanted, int) or wanted.isdigit():
        return card.index == int(wanted)
    return wanted.casefold() in card.name.casefold()


def _card(nvml: Any, index: int) -> Card:  # noqa: ANN401  # it has no types
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    celsius = _told(nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
    busy = _told(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    name = nvml.nvmlDeviceGetName(handle)
    text = name.decode() if isinstance(name, bytes) else str(name)
    return Card(index, text, memory.free >> 20, memory.total >> 20, celsius, busy)


def _told(nvml: Any, ask: Callable[[], Any]) -> int:  # noqa: ANN401
    """A figure that some cards do not give."""
    try:
        return int(ask())
    except nvml.NVMLError:
        return 0
