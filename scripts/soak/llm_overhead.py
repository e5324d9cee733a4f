"""What Prism's language model client costs over reading the same stream from a bare socket.

    python -m scripts.soak.llm_overhead [--rounds 200] [--seconds 20] [--streams 64]

A server in a process of its own streams events whose text is the time at which each was sent. Three figures, each for
the client and for a bare asyncio socket: milliseconds from the request to the first token (interleaved, kept
connections), share of one core at 200 tokens a second, and milliseconds from the sending of a token to its reading in
many streams at once. A busy machine makes both worse: what counts is the difference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from llm import Message, TextDelta, create_chat_model  # noqa: E402
from tests.kit.settings import settings  # noqa: E402

if TYPE_CHECKING:
    from llm import ChatModel

TOKENS_PER_SECOND = 200
PER_STREAM = 20
"""Tokens a second in each of many streams: what a busy server gives."""
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
MARK = b'"content": "'


async def serve() -> None:
    """Stream what the last user message asks for: "COUNT RATE"."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            asked = json.loads(await reader.readexactly(length))["messages"][-1]["content"].split()
            count, gap = int(asked[0]), 1 / float(asked[1])
            writer.write(HEAD)
            due = time.monotonic()
            for _ in range(count):
                _send(writer, {"content": f"{time.monotonic():.6f} "})
                due += gap
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            _send(writer, {}, "stop")
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _send(writer: asyncio.StreamWriter, delta: dict[str, str], finish: str | None = None) -> None:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = (
        b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode() + b"\n\n"
    )
    writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")


class Bare:
    """A kept socket, read with nothing but a search for the text."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def texts(self, asked: str) -> AsyncGenerator[str, None]:
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._ends
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": asked}]}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        while (line := await reader.readline()) != b"0\r\n":
            if MARK in line:
                yield line.partition(MARK)[2].partition(b'"')[0].decode()
        await reader.readline()

    async def aclose(self) -> None:
        if self._ends is not None:
            self._ends[1].close()


class Client:
    """Prism's own client, as a conversation uses it."""

    def __init__(self, port: int) -> None:
        config = settings(llm__model="m").llm
        self._model: ChatModel = create_chat_model(config, base_url=f"http://127.0.0.1:{port}/v1")

    async def texts(self, asked: str) -> AsyncGenerator[str, None]:
        async with aclosing(self._model.reply([Message("user", asked)])) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield event.text

    async def aclose(self) -> None:
        await self._model.aclose()


async def first_token(port: int, rounds: int) -> dict[str, float]:
    """Medians in milliseconds; the two take turns, so that the load of the machine is the same for both."""
    readers: dict[str, Bare | Client] = {"bare": Bare(port), "client": Client(port)}
    took: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, reader in readers.items():
            began = time.perf_counter()
            async with aclosing(reader.texts("2 1000")) as texts:
                await anext(texts)
                took[name].append((time.perf_counter() - began) * 1000)
                async for _ in texts:
                    pass
    for reader in readers.values():
        await reader.aclose()
    return {name: statistics.median(times[5:]) for name, times in took.items()}


async def processor(reader: Bare | Client, seconds: float) -> float:
    """Percent of one core while one stream of 200 tokens a second is read."""
    async with aclosing(reader.texts("3 1000")) as texts:  # libraries are loaded and the connection is open
        async for _ in texts:
            pass
    wall, busy, count = time.perf_counter(), time.process_time(), 0
    async with aclosing(reader.texts(f"{round(seconds * TOKENS_PER_SECOND)} {TOKENS_PER_SECOND}")) as texts:
        async for _ in texts:
            count += 1
    percent = 100 * (time.process_time() - busy) / (time.perf_counter() - wall)
    await reader.aclose()
    if count != round(seconds * TOKENS_PER_SECOND):
        raise RuntimeError(f"{count} tokens came instead of {seconds * TOKENS_PER_SECOND:.0f}")
    return percent


async def at_once(readers: list[Bare | Client], seconds: float) -> dict[str, float]:
    """Milliseconds from the sending of a token to its reading, over all streams."""
    late: list[float] = []

    async def read(reader: Bare | Client, number: int) -> None:
        await asyncio.sleep(number / PER_STREAM / len(readers))
        async with aclosing(reader.texts(f"{round(seconds * PER_STREAM)} {PER_STREAM}")) as texts:
            async for text in texts:
                late.append((time.monotonic() - float(text)) * 1000)  # noqa: PERF401  # time passes in between
        await reader.aclose()

    async with asyncio.TaskGroup() as group:
        for number, reader in enumerate(readers):
            group.create_task(read(reader, number))
    late.sort()
    return {"median": statistics.median(late), "p95": late[int(len(late) * 0.95)], "tokens": len(late)}


async def measure(port: int, rounds: int, seconds: float, streams: int) -> dict[str, object]:
    """All figures."""
    first = await first_token(port, rounds)
    return {
        "first_token_ms": first,
        "first_token_overhead_ms": first["client"] - first["bare"],
        "cpu_percent_at_200_tokens_per_s": {
            "bare": await processor(Bare(port), seconds),
            "client": await processor(Client(port), seconds),
        },
        f"late_ms_in_{streams}_streams": {
            "bare": await at_once([Bare(port) for _ in range(streams)], seconds / 2),
            "client": await at_once([Client(port) for _ in range(streams)], seconds / 2),
        },
    }


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-m", "scripts.soak.llm_overhead", "--serve"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield int(process.stdout.readline() if process.stdout else "")
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200, help="requests for the first token")
    parser.add_argument(
        "--seconds", type=float, default=20, help="length of the stream for the processor's share"
    )
    parser.add_argument("--streams", type=int, default=64, help="streams at once")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve())
        return
    with serving() as port:
        print(json.dumps(asyncio.run(measure(port, args.rounds, args.seconds, args.streams)), indent=2))


if __name__ == "__main__":
    main()
