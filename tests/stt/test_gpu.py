"""Choosing a card, as tables; what the driver tells is only looked at where there is one."""

from __future__ import annotations

import sys

import pytest

from config import GpuSettings
from stt import STTBackendMissing, STTUnavailable
from stt.cuda import choose_place
from stt.gpu import Card, card_index, pick

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
