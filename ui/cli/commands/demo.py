"""``prism demo``: a whole spoken conversation between shipped recordings and Prism, offline, and its latency picture.

Everything is real (voice detection, recognition, turns, interruption, timers, speech) and runs at the speed of a
microphone; only the user is a recording, and the answers come from the built-in responder unless ``--set`` says
otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ui.cli.exits import Exit
from ui.cli.options import add_json, emit, note, settings_of, tell

if TYPE_CHECKING:
    from config import Settings
    from pipeline import Rooms, SessionReport
    from stt import Int16
    from ui.cli.demo_user import DemoUser
    from ui.cli.observers import Collector

SHIPPED = (
    "stt.backend=faster_whisper",
    "stt.model=prism-tiny",
    "stt.language=auto",
    "stt.device=cpu",
    "stt.compute_type=auto",
    "vad.backend=silero",
    "llm.backend=openai_http",
    "llm.base_url=builtin",
    "llm.tools=auto",
    "tts.backends=[espeak]",
    "tts.voice=null",
    "tts.speed=1.0",
    "barge_in.enabled=true",
)
"""What comes with Prism and works without a network: stronger than the user's configuration, weaker than --set."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``demo [--output-dir DIR] [--json]``."""
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        type=Path,
        default=Path("prism-demo"),
        help="where conversation.wav and latency.svg go (default: prism-demo)",
    )
    add_json(parser, "one JSON object per event on stdout, and a last one about the files")


def run(args: argparse.Namespace) -> int:
    """Hold the conversation. Raises the errors of the rooms, ConfigError and Failure."""
    settings = settings_of(argparse.Namespace(config=args.config, overrides=[*SHIPPED, *args.overrides]))
    from ui.cli import demo_result

    demo_result.prepare(args.output_dir)
    demo = Demo(settings)
    code = Exit.FAILED
    try:
        asyncio.run(demo.perform(json_lines=args.json))
    finally:
        if demo.begun:
            code = _finish(demo, args)
    return code


class Demo:
    """One performance, and what is left of it at any moment."""

    def __init__(self, settings: Settings) -> None:
        from ui.cli.demo_user import SCRIPT, DemoUser, shipped
        from ui.cli.observers import Collector

        self._settings = settings
        self._script = SCRIPT
        self._blocks: list[Int16] = []
        self.user: DemoUser = DemoUser(SCRIPT, shipped())
        self.collector: Collector = Collector()

    @property
    def begun(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.collector.events)

    @property
    def assistant(self) -> Int16:
        """What the assistant has played, silence included: mono at ``pipeline.RATE``."""
        import numpy as np

        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int16)

    def missing(self) -> list[str]:
        """What was promised and not shown."""
        from ui.cli.demo_result import missing

        return missing(self.collector.events, self._script, self.user.late)

    async def perform(self, *, json_lines: bool) -> None:
        """The conversation from its first to its last sample."""
        from pipeline import ConversationIO, PipelineOrchestrator, TimelineSink, run_with_rooms
        from ui.cli.observers import EventLog, JsonLines
        from ui.cli.progress import fetching
        from ui.cli.view import ConversationView

        shown = JsonLines() if json_lines else ConversationView()
        observers = (self.user, self.collector, shown, EventLog())
        hold = self._settings.turn.hold_s

        async def body(rooms: Rooms) -> SessionReport:
            io = ConversationIO(
                self.user,
                lambda clock: TimelineSink(clock, hold_s=hold, record=self._blocks.append),
                observers,
            )
            return await PipelineOrchestrator(rooms, io, self._settings).run()

        note("Recordings talk with Prism; it takes about half a minute.")
        with fetching(json_lines=json_lines) as progress:
            await run_with_rooms(self._settings, progress, body)


def _finish(demo: Demo, args: argparse.Namespace) -> Exit:
    """Write the files, also of half a conversation, and tell what came of it; the last two lines name the files."""
    from ui.cli import demo_result

    sound, picture = demo_result.save(args.output_dir, demo.user.track, demo.assistant, demo.collector.events)
    lacking = demo.missing()
    if lacking:
        tell(f"The demo is not complete: {'; '.join(lacking)}.")
    if args.json:
        emit({"event": "demo.finished", "files": [str(sound), str(picture)], "missing": lacking})
    else:
        print(f"\nTo listen to (left you, right Prism): {sound}")
        print(f"Where the time of each turn went:     {picture}", flush=True)
    return Exit.FAILED if lacking else Exit.DONE
