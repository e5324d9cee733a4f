"""prism config: show, init, validate and path."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

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


def test_show_tells_of_keys_within_sections_too(prism: Prism) -> None:
    ran = prism("config", "--set", "tts.cache.disk_mb=5", "--set", "stt.replacements={a: b}")
    lines = ran.out.splitlines()
    assert "tts.cache.disk_mb: 5    # --set tts.cache.disk_mb" in lines
    assert "tts.cache.memory_mb: 32" in lines
    assert "stt.replacements: {a: b}    # --set stt.replacements" in lines


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
    assert sys.platform == "win32" or stat.S_IMODE(file.stat().st_mode) == 0o600
    assert prism("config", "validate").code == 0
    assert json.loads(prism("config", "show", "--json").out)["origins"] == {}
    file.write_text("stt: {model: base}\n", encoding="utf-8")
    again = prism("config", "init")
    assert again.code == 2
    assert again.err == f"prism: {file} is there already; edit it, or add --force to write over it.\n"
    assert prism("config", "init", "--force").code == 0
    assert len(file.read_text(encoding="utf-8").splitlines()) >= len(default_text().splitlines()) - 2


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of another kind")
def test_writing_a_configuration_is_all_or_nothing_and_private(
    prism: Prism, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, elsewhere = home / "config/prism/config.yaml", home / "dotfiles.yaml"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        assert prism("config", "init").code == 1
    assert not list(file.parent.iterdir()), "else the next init finds an empty file"
    elsewhere.write_text("llm: {api_key: hunter2}\n", encoding="utf-8")
    file.symlink_to(elsewhere)
    (home / "more.yaml").write_text("stt: {model: base}\n", encoding="utf-8")
    assert prism("config", "import", str(home / "more.yaml")).code == 0
    assert file.is_symlink()
    assert "hunter2" in elsewhere.read_text(encoding="utf-8")
    (kept,) = home.rglob("*before-import")
    assert (kept.read_text(encoding="utf-8"), stat.S_IMODE(kept.stat().st_mode)) == (
        "llm: {api_key: hunter2}\n",
        0o600,
    )


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


def test_what_is_set_goes_to_another_machine_without_secrets(prism: Prism, home: Path) -> None:
    mine, theirs = home / "mine.yaml", home / "config/prism/config.yaml"
    mine.write_text(
        "stt: {model: base}\nllm: {api_key: hunter2, fallback: [{base_url: 'http://a/v1', api_key: hunter3}]}\n"
        "dictation: {profiles: [{application: [xterm], format: plain}]}\ntts: {cache: {disk_mb: 5}}\n",
        encoding="utf-8",
    )
    out = home / "out.yaml"
    assert prism("config", "export", str(out), "--config", str(mine)).code == 0
    assert "hunter" not in out.read_text(encoding="utf-8")
    assert prism("config", "export", "--config", str(mine)).out == out.read_text(encoding="utf-8")
    assert prism("config", "export", str(out), "--config", str(mine)).code == 2  # it is there already
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# mine\nllm: {api_key: secret}\nstt: {language: fr, model: small}\n", encoding="utf-8")
    assert prism("config", "import", str(out)).code == 0
    shown = json.loads(prism("config", "show", "--json").out)
    assert shown["values"]["stt"]["model"] == "base"
    assert shown["values"]["stt"]["language"] == "fr"
    assert shown["values"]["tts"]["cache"]["disk_mb"] == 5
    assert shown["values"]["dictation"]["profiles"][0]["application"] == ["xterm"]
    assert "secret" in theirs.read_text(encoding="utf-8")
    assert theirs.with_name("config.yaml.before-import").read_text(encoding="utf-8").startswith("# mine")
    assert theirs.stat().st_mode & 0o077 == 0


def test_nothing_set_is_nothing_exported_and_an_import_into_nothing_works(prism: Prism, home: Path) -> None:
    assert prism("config", "export").out == ""
    (home / "some.yaml").write_text("stt: {model: base}\n", encoding="utf-8")
    assert prism("config", "import", str(home / "some.yaml")).code == 0
    assert json.loads(prism("config", "show", "--json").out)["values"]["stt"]["model"] == "base"


def test_a_wrong_file_is_not_imported(prism: Prism, home: Path) -> None:
    wrong = home / "wrong.yaml"
    wrong.write_text("stt: {modle: base}\n", encoding="utf-8")
    ran = prism("config", "import", str(wrong))
    assert (ran.code, "did you mean stt.model?" in ran.err) == (2, True)
    assert not (home / "config/prism/config.yaml").exists()
    assert prism("config", "import", str(home / "nosuch.yaml")).code == 2
    assert prism("config", "import").code == 2
    assert prism("config", "show", str(wrong)).code == 2
