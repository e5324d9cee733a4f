"""prism config: show, init, validate and path."""

from __future__ import annotations

import json
from pathlib import Path

from config import default_text
from tests.ui.conftest import Prism


def test_show_tells_values_and_where_they_come_from(prism: Prism, home: Path) -> None:
    file = home / "mine.yaml"
    file.write_text("stt:\n  model: base\n", encoding="utf-8")
    ran = prism("config", "--config", str(file), "--set", "llm.api_key=hunter2", "--set", "tts.voice='on'")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert f"stt.model: base    # {file}:2" in lines
    assert "llm.api_key: '********'    # --set llm.api_key" in lines
    assert "tts.voice: 'on'    # --set tts.voice" in lines
    assert "stt.language: auto" in lines


def test_show_as_json_is_one_object(prism: Prism) -> None:
    ran = prism("config", "show", "--json", "--set", "stt.beam_size=2")
    shown = json.loads(ran.out)
    assert ran.out.count("\n") == 1
    assert shown["values"]["stt"]["beam_size"] == 2
    assert shown["origins"] == {"stt.beam_size": "--set stt.beam_size"}
    assert shown["file"] is None


def test_init_writes_a_file_that_changes_nothing_and_keeps_what_is_there(prism: Prism, home: Path) -> None:
    file = home / "config/prism/config.yaml"
    first = prism("config", "init")
    assert (first.code, first.out) == (0, "")
    assert str(file) in first.err
    assert prism("config", "validate").code == 0
    assert json.loads(prism("config", "show", "--json").out)["origins"] == {}
    file.write_text("stt: {model: base}\n", encoding="utf-8")
    again = prism("config", "init")
    assert again.code == 2
    assert again.err == f"prism: {file} is there already; edit it, or add --force to write over it.\n"
    assert prism("config", "init", "--force").code == 0
    assert len(file.read_text(encoding="utf-8").splitlines()) >= len(default_text().splitlines()) - 2


def test_validate_names_file_line_and_key(prism: Prism, home: Path) -> None:
    file = home / "config/prism/config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# mine\nturn:\n  puase_ms: 96\n", encoding="utf-8")
    ran = prism("config", "validate")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"prism: {file}:3: unknown key turn.puase_ms, did you mean turn.pause_ms?\n"


def test_path_is_data_on_stdout(prism: Prism, home: Path) -> None:
    ran = prism("config", "path")
    assert (ran.code, ran.out, ran.err) == (0, f"{home / 'config/prism/config.yaml'}\n", "")
