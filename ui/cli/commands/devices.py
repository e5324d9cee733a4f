"""``prism devices``: the microphones and speakers that PortAudio sees, and which ones are used without being named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.cli.exits import Exit
from ui.cli.options import add_json, emit, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from common.audio_host import Device

ANSWER_S = 5.0
"""Longest wait for the list of devices."""
NONE_HERE = "There is no sound device here; Prism still works on files, pipes and text."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``devices [--json]``."""
    add_json(parser, "one JSON object per device and line")


def run(args: argparse.Namespace) -> int:
    """List the devices. Raises AudioBackendMissing without PortAudio, AudioUnavailable when it does not answer."""
    import asyncio

    found = asyncio.run(listed())
    if args.json:
        for device in found:
            emit(record(device))
    elif found:
        print("\n".join(table(found)))
    if not found:
        note(NONE_HERE)
    return Exit.DONE


async def listed(limit_s: float = ANSWER_S) -> list[Device]:
    """All devices. A hung sound server blocks PortAudio, so it is asked in a thread that can be left behind."""
    import asyncio

    from common.audio_host import AudioUnavailable, devices
    from common.worker import Worker

    worker = Worker("prism-devices")
    try:
        async with asyncio.timeout(limit_s):
            return await worker.run(devices)
    except TimeoutError as error:
        raise AudioUnavailable(
            "the sound system does not answer: restart the sound server and try again"
        ) from error
    finally:
        worker.close()


def record(device: Device) -> dict[str, object]:
    """A device as JSON holds it. PURE."""
    return {
        "number": device.index,
        "name": device.name,
        "host": device.host_api,
        "inputs": device.inputs,
        "outputs": device.outputs,
        "sample_rate": device.default_rate,
        "default_input": device.is_default_input,
        "default_output": device.is_default_output,
    }


def table(found: Sequence[Device]) -> Iterator[str]:
    """Aligned lines for a person; ``*`` marks what is used when nothing is set. PURE."""
    width = max(len(device.name) for device in found)
    yield f"{'':>3}  {'name':{width}}  in    out   {'Hz':>6}  sound system"
    for device in found:
        heard = f"{device.inputs or '-'}{' *' if device.is_default_input else ''}"
        played = f"{device.outputs or '-'}{' *' if device.is_default_output else ''}"
        rate = device.default_rate
        yield f"{device.index:>3}  {device.name:{width}}  {heard:<5} {played:<5} {rate:>6}  {device.host_api}"
    yield "* is used unless audio.input_device or audio.output_device names another, by number or part of the name."
