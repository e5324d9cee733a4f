"""Choosing a card, as tables; what the driver tells is only looked at where there is one."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from config import GpuSettings
from stt import CardHealth, STTBackendMissing, STTUnavailable
from stt.cuda import choose_place
from stt.gpu import Card, card_index, cards, pick

CARDS = [
    Card(0, "NVIDIA GeForce GTX 1060", 2000, 6000, 40),
    Card(1, "NVIDIA RTX A4000", 15000, 16000, 40),
]


def gpu(device: int | str = 0, min_vram_mb: int | None = None, *, require: bool = False) -> GpuSettings:
    return GpuSettings(device=device, min_vram_mb=min_vram_mb, require=require)


@pytest.mark.parametrize(
    ("device", "index"), [(0, 0), (1, 1), ("1", 1), ("a4000", 1), ("NVIDIA", 0), ("gtx", 0)]
)
def test_a_card_is_found_by_index_or_name(device: int | str, index: int) -> None:
    assert pick(CARDS, gpu(device)).index == index


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (gpu(2), r"no graphics card 2 .*there is 0: NVIDIA GeForce GTX 1060, 1: NVIDIA RTX"),
        (gpu("Radeon"), "no graphics card 'Radeon'"),
        (gpu(0, 4000), "has 2000 MiB of 6000 free, gpu.min_vram_mb asks for 4000"),
    ],
)
def test_what_is_not_there_is_told(wanted: GpuSettings, message: str) -> None:
    with pytest.raises(STTUnavailable, match=message):
        pick(CARDS, wanted)


def test_an_index_alone_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert card_index(gpu(3)) == 3
    with pytest.raises(STTBackendMissing, match=r"prism-voice\[gpu\]"):
        card_index(gpu("A4000"))


def test_a_required_card_is_not_quietly_replaced() -> None:
    import ctranslate2

    with pytest.raises(STTUnavailable, match=r"gpu.require is set and stt.device is cpu"):
        choose_place("cpu", gpu(require=True))
    if ctranslate2.get_cuda_device_count() == 0:
        assert choose_place("auto", gpu()) == ("cpu", 0)
        with pytest.raises(STTUnavailable, match="No NVIDIA card"):
            choose_place("auto", gpu(require=True))


class NvmlError(Exception):
    """What the fake library raises."""


class Nvml:
    """NVIDIA's library as far as it is asked: one card, whose figures a test sets."""

    NVMLError = NvmlError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *, celsius: int | None = 40, free_mb: int = 15_000, driver: bool = True) -> None:
        self.celsius, self.free_mb, self.driver = celsius, free_mb, driver
        self.open = 0

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.driver:
            raise NvmlError("Driver Not Loaded")
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, _: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(free=self.free_mb << 20, total=16_000 << 20)

    def nvmlDeviceGetTemperature(self, _: int, __: int) -> int:  # noqa: N802
        if self.celsius is None:
            raise NvmlError("Not Supported")
        return self.celsius

    def nvmlDeviceGetUtilizationRates(self, _: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=70)

    def nvmlDeviceGetName(self, _: int) -> bytes:  # noqa: N802
        return b"NVIDIA RTX A4000"


def test_what_the_library_tells_becomes_a_card() -> None:
    library = Nvml(celsius=61)
    assert cards(library) == [Card(0, "NVIDIA RTX A4000", 15_000, 16_000, 61, 70)]
    assert library.open == 0
    assert cards(Nvml(celsius=None))[0].celsius == 0
    with pytest.raises(STTUnavailable, match="Driver Not Loaded"):
        cards(Nvml(driver=False))


@pytest.mark.parametrize(
    ("seen", "strained"),
    [
        ([(85, 9000)], [False]),
        ([(86, 9000), (83, 9000), (80, 9000)], [True, True, False]),
        ([(40, 255), (40, 300), (40, 512)], [True, True, False]),
        ([(86, 100), (70, 100), (70, 9000)], [True, True, False]),
    ],
)
def test_a_card_is_strained_until_it_has_recovered(seen: list[tuple[int, int]], strained: list[bool]) -> None:
    health = CardHealth()
    told = []
    for celsius, free_mb in seen:
        before = health.strained
        reason = health.look(Card(0, "A4000", free_mb, 16_000, celsius, 50))
        assert (reason is not None) == (health.strained != before)
        told.append(health.strained)
    assert told == strained
