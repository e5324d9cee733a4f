"""The waterfall in the terminal."""

from __future__ import annotations

from ui.cli.latency_view import WIDTH, lines

ROW = {
    "pause": 96.0,
    "stt_started": 97.0,
    "stt_done": 300.0,
    "llm_started": 301.0,
    "llm_first_token": 400.0,
    "first_clause": 410.0,
    "tts_first_chunk": 420.0,
    "committed": 481.0,
    "first_audio": 482.0,
    "speculation": "hit",
}


def test_each_stage_has_its_bar_where_it_belongs() -> None:
    drawn = lines(ROW)
    assert [line.split()[0] for line in drawn[:2]] == ["end", "recognition"]
    recognition = drawn[1]
    bar = recognition.index("█"), recognition.rindex("█")
    column = len("  " + " " * 16 + " ")
    assert abs((bar[0] - column) / WIDTH - 97 / 482) < 0.03
    assert abs((bar[1] + 1 - column) / WIDTH - 300 / 482) < 0.03
    assert recognition.endswith("203 ms")
    assert drawn[-1] == "  482 ms mouth to ear, speculation: hit"


def test_a_turn_that_was_cut_before_its_first_sound_says_so() -> None:
    cut = {name: value for name, value in ROW.items() if name != "first_audio"}
    assert "nothing was heard" in lines(cut)[-1]
    assert lines({}) == []


def test_it_fits_a_terminal() -> None:
    assert max(map(len, lines(ROW))) <= 80
