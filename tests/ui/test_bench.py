"""The measuring itself: statistics, tables, files, the limit of a script, and a contest held for real."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import TurnCompleted
from tests.kit.settings import settings
from tests.kit.virtual_loop import run_virtual
from tests.tts.tone_voice import install_voice
from tests.ui.conftest import ROOT, Prism
from ui.bench import compare, hours
from ui.bench.contests import CONTESTS
from ui.bench.effort import child, environment
from ui.bench.engine_alone import answers
from ui.bench.figures import Board, Goal, percentile
from ui.bench.listening import listen
from ui.bench.machine import facts, memory_mb, timer_lateness, used_s
from ui.bench.picture import LEFT, RIGHT, WIDTH, picture
from ui.bench.stage import Script, Stage, first_sound, hold, last_sound, with_turns
from ui.bench.table import aligned, board_lines, number, ratio_lines
from ui.bench.user import BenchUser, scripted, shipped

SVG = "{http://www.w3.org/2000/svg}"


def board() -> Board:
    made = Board("turns")
    made.figure("over the limit", "ms", Goal("p95", 15)).add(1.0, 2.0, 40.0)
    made.figure("mouth to ear", "ms").add(650.0)
    made.figure("never taken", "ms")
    made.figure("start", "MB", Goal("p50", 100)).add(50)
    made.remark("one <remark>")
    made.facts["load"] = "1.5 to 2.0"
    return made


@pytest.mark.parametrize(
    ("samples", "share", "expected"),
    [
        ([5.0], 0.95, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 1.0, 2.0, 3.0], 0.5, 2.5),
        ([0.0, 10.0], 0.95, 9.5),
        (list(range(101)), 0.95, 95.0),
        ([2.0, 1.0], 1.0, 2.0),
        ([2.0, 1.0], 0.0, 1.0),
    ],
)
def test_a_percentile_lies_between_its_neighbors(samples: list[float], share: float, expected: float) -> None:
    assert percentile(samples, share) == pytest.approx(expected)


@pytest.mark.parametrize(("samples", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_there_is_no_percentile_of_nothing(samples: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"nothing|share"):
        percentile(samples, share)


@pytest.mark.parametrize(
    ("goal", "samples", "verdict"),
    [
        (Goal("p95", 15), [1.0, 2.0], "ok"),
        (Goal("p50", 15), [15.0], "above"),
        (Goal("max", 15), [1.0, 16.0], "above"),
        (Goal("p50", 15), [1.0, 2.0, 99.0], "ok"),
        (Goal("p95", 15), [], ""),
        (None, [1.0], ""),
    ],
)
def test_a_verdict_is_about_the_statistic_of_the_goal(
    goal: Goal | None, samples: list[float], verdict: str
) -> None:
    series = Board("x").figure("a", "ms", goal)
    series.add(*samples)
    assert series.verdict == verdict


def test_a_figure_is_one_series_by_its_name() -> None:
    made = Board("x")
    made.figure("a", "ms").add(1)
    made.figure("a", "ms").add(2)
    assert [series.samples for series in made.series] == [[1, 2]]


def test_columns_are_aligned() -> None:
    lines = aligned(("figure", "n", "unit"), [("short", "1", "ms"), ("a long name", "1000", "s")])
    assert lines == [
        "figure          n  unit",
        "short           1  ms",
        "a long name  1000  s",
    ]


def test_a_table_tells_what_was_measured_and_under_which_load() -> None:
    lines = board_lines(board())
    assert lines[0] == "== turns (load 1.5 to 2.0)"
    assert lines[-1] == "  - one <remark>"
    assert lines[2].split() == "over the limit 3 2.00 36.2 40.0 ms p95 < 15 above".split()
    assert lines[3].split() == "mouth to ear 1 650 ms".split()
    assert not any("never taken" in line for line in lines)
    assert board_lines(Board("empty")) == ["== empty", "nothing was measured"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "0.00"), (9.99, "9.99"), (-42.14, "-42.1"), (1234.5, "1234")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_a_measurement_survives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    compare.write(file, json.dumps(compare.to_json([board()], facts())))
    told = json.loads(file.read_text("utf-8"))
    assert told["machine"]["cores"] >= 1
    assert told["contests"][0]["figures"][0]["samples"] == [1.0, 2.0, 40.0]
    assert told["contests"][0]["figures"][0]["verdict"] == "above"
    (read,) = compare.read(file)
    assert board_lines(read) == board_lines(board())


def test_ratios_are_old_over_new_of_what_both_have() -> None:
    old, new = board(), Board("turns")
    new.figure("over the limit", "ms").add(1.0, 1.0)
    new.figure("mouth to ear", "s").add(0.65)  # another unit is another figure
    new.figure("new", "ms").add(3)
    (ratio,) = compare.ratios([old], [new])
    assert (ratio.contest, ratio.name, ratio.p50) == ("turns", "over the limit", (2.0, 1.0))
    assert ratio.p95 == pytest.approx((36.2, 1.0))
    assert (
        ratio_lines([ratio])[2].split()
        == "turns: over the limit ms 3 2 2.00 1.00 2.00 36.2 1.00 36.20".split()
    )
    assert ratio_lines([]) == ["== compared: no figure is in both"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"prism_bench": 2}',
        '{"prism_bench": 1}',
        '{"prism_bench": 1, "contests": [{"contest": "x"}]}',
    ],
)
def test_what_is_no_measurement_is_refused(prism: Prism, tmp_path: Path, text: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(text, "utf-8")
    ran = prism("bench", "process", "--compare", str(file))
    assert ran.code == 4
    assert ran.err.count("\n") == 1
    assert "cannot be compared with" in ran.err


def test_the_picture_has_a_bar_for_each_figure() -> None:
    root = ET.fromstring(picture([board(), Board("empty & done")]))  # noqa: S314  # our own text
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert [
        text for text in texts if text in {"turns", "empty & done", "over the limit", "mouth to ear"}
    ] == [
        "turns",
        "over the limit",
        "mouth to ear",
        "empty & done",
    ]
    widths = [float(r.attrib["width"]) for r in root.iter(f"{SVG}rect") if r.attrib.get("height") == "9"]
    longest = WIDTH - LEFT - RIGHT
    assert widths == pytest.approx(
        [1.0, longest, longest / 2], abs=0.1
    )  # 2 of 650 ms, 650, 50 MB of a goal of 100
    assert len(list(root.iter(f"{SVG}line"))) == 2


def test_each_contest_is_a_file_that_can_be_run() -> None:
    for name in CONTESTS:
        assert callable(import_module(f"ui.bench.contests.{name.replace('-', '_')}").run)


def test_the_list_names_every_contest(prism: Prism) -> None:
    ran = prism("bench", "--list")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == list(CONTESTS)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["turn"], "did you mean turns?"),
        (["xyz"], "there are turns, barge-in"),
        (["turns", "--json", "nowhere/x.json"], "--json: there is no folder nowhere"),
        (["turns", "--svg", "nowhere/x.svg"], "--svg: there is no folder nowhere"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(prism: Prism, argv: list[str], told: str) -> None:
    ran = prism("bench", *argv)
    assert ran.code == 2
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_the_limit_is_the_wait_or_the_stages() -> None:
    script = Script(pause=96, wait=512, stt=100, first_token=150, token=20, sentence=12, tts=60)
    assert (script.spoken_of, script.certain) == (370, 390)
    assert script.limit(speculate=True) == 96 + 100 + 390 + 60
    assert script.limit(speculate=False) == 512 + 390 + 60
    assert Script(wait=960).limit(speculate=True) == 960


@pytest.mark.parametrize("speculate", [True, False])
def test_on_a_perfect_clock_a_turn_takes_what_its_script_says(speculate: bool) -> None:
    script = Script()
    fixed = {"min_wait_ms": script.wait, "max_wait_ms": script.wait, "speculate": speculate}
    chosen = with_turns(settings(), "scripted", **fixed)
    user = BenchUser([scripted(13), scripted(20)], gap_s=0.2, quiet=True)
    held = run_virtual(hold(Stage(chosen, script).rooms, user, chosen))
    heard = [((first_sound(held.samples, said.end) or 0) - said.end) * 1000 for said in user.spoken]
    assert heard == pytest.approx([script.limit(speculate=speculate)] * 2, abs=0.1)
    assert user.late == 0
    assert user.frames_late < 0.1
    assert len(held.of(TurnCompleted)) == 2


def test_a_take_is_said_where_it_is_said_to_be() -> None:
    take = scripted(3, 2, 4)
    assert (take.start_s, take.end_s) == (0.0, 0.288)
    user = BenchUser([take], gap_s=0.064, quiet=True)

    async def listen_to_it() -> list[bool]:
        heard = []
        async for frame in user.frames(512):
            heard.append(bool(frame.samples.any()))
            if len(heard) == 20:
                break
        return heard

    voiced = asyncio.run(listen_to_it())
    start = round(user.spoken[0].start / 0.032)
    assert voiced[:start] == [False] * start
    assert voiced[start:] == [True] * 3 + [False] * 2 + [True] * 4 + [False] * (20 - start - 9)
    assert user.spoken[0].end == pytest.approx((start + 9) * 0.032)


def test_sound_is_found_where_it_is() -> None:
    samples = np.zeros(24_000, np.int16)
    assert (first_sound(samples, 0.0), last_sound(samples)) == (None, None)
    samples[6000:12_000] = 5000
    assert (first_sound(samples, 0.0), first_sound(samples, 0.3), last_sound(samples)) == (0.25, 0.3, 0.5)


def test_the_engine_alone_is_timed_to_its_first_audible_sample() -> None:
    def speak(_: str, take: Any) -> int:
        take(np.zeros(100, np.int16))
        take(np.concatenate([np.zeros(60, np.int16), np.full(40, 9000, np.int16)]))
        return 16_000

    (told,) = answers(speak, iter(["x"]))
    assert told["silence_ms"] == pytest.approx(10.0)
    assert 0 <= told["chunk_ms"] <= told["since_start_ms"]


def test_simulated_time_tells_its_memory(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(hours.live(0.2))
    seen = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [entry["turns"] for entry in seen] == [1, 11]
    assert seen[1]["hours"] - seen[0]["hours"] > 1 / 6


def test_the_machine_is_watched() -> None:
    late = timer_lateness(0.03)
    assert len(late) == 3
    assert min(late) > -1
    assert (memory_mb(os.getpid()) or 50) > 5
    assert (used_s(os.getpid()) or 0.1) > 0


@pytest.mark.real
def test_silero_finds_a_recording_where_it_is() -> None:
    pytest.importorskip("onnxruntime")
    take = next(take for take in shipped() if take.name == "fr_time")
    heard = listen(take, settings(), 256)
    assert heard is not None
    assert heard.t0 == pytest.approx(take.end_s, abs=0.1)
    assert take.start_s < heard.noticed <= heard.confirmed < take.start_s + 0.4


@pytest.mark.real
def test_the_engine_alone_answers() -> None:
    pytest.importorskip("espeakng_loader")
    done = subprocess.run(
        child("ui.bench.engine_alone", "espeak", "fr"),
        input='"Bonjour."\n"Au revoir."\n',
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 2
    assert all(0 < entry["chunk_ms"] < 5000 for entry in told)


@pytest.mark.real
@pytest.mark.timeout(120)
def test_a_contest_is_held(prism: Prism, tmp_path: Path) -> None:
    file, drawing = tmp_path / "new.json", tmp_path / "new.svg"
    ran = prism("bench", "turns", "--quick", "--json", str(file), "--svg", str(drawing))
    assert ran.code == 0, ran.err
    (read,) = compare.read(file)
    figures = {series.name: series for series in read.series}
    assert len(figures["mouth to ear, speculation on"].samples) == 4
    saved = figures["saved by speculation"].at("p50")
    assert 100 < saved < figures["saved against one stage after the other"].at("p50")
    assert figures["over the limit, speculation off"].at("p50") > -1
    assert [line for line in ran.out.splitlines() if line.startswith("== turns (took")]
    ET.fromstring(drawing.read_text("utf-8"))  # noqa: S314  # our own text


@pytest.mark.real
@pytest.mark.timeout(150)
def test_voices_are_measured_cold_warm_and_kept(prism: Prism, tmp_path: Path) -> None:
    for library in ("espeakng_loader", "piper", "onnx"):
        pytest.importorskip(library)
    install_voice(tmp_path / "models", "fr_FR-siwis-medium", "fr")
    file = tmp_path / "voices.json"
    ran = prism(
        "bench", "voices", "--quick", "--json", str(file), "--set", f"models.dir={tmp_path / 'models'}"
    )
    assert ran.code == 0, ran.err
    (read,) = compare.read(file)
    taken = {series.name: series for series in read.series if series.samples}
    for engine in ("espeak", "piper", "piper_cli"):
        assert {f"{engine} fr, warm: over the engine alone", f"{engine} fr, cold: Prism"} <= taken.keys()
    assert {"piper fr, cached: Prism", "piper_cli fr, cached: Prism"} <= taken.keys()
    assert "espeak fr, cached: Prism" not in taken, "eSpeak is as quick as the cache"
    assert taken["piper fr, cached: Prism"].at("p50") < taken["piper fr, cold: Prism"].at("p50")
    assert "piper has no voice here for en" in read.remarks


@pytest.mark.real
@pytest.mark.timeout(60)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child")
def test_what_is_done_survives_an_interrupt(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    file = tmp_path / "part.json"
    command = child("ui.cli.main", "bench", "voices", "turns", "--quick", "--json", str(file))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as bench:
        assert bench.stderr is not None
        assert bench.stderr.readline().startswith("voices:")
        assert bench.stderr.readline().startswith("turns:")
        bench.send_signal(signal.SIGINT)
        out, err = bench.communicate()
    assert bench.returncode == 130, err
    assert "== voices (took" in out
    assert "Traceback" not in err
    done = compare.read(file)
    assert [board.contest for board in done] == ["voices", "turns"]
    assert done[0].figure("espeak fr, warm: Prism", "ms").samples
    assert not done[1].figure("over the limit, speculation on", "ms").samples
