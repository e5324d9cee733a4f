"""prism models: what is listed, and the one line for what cannot be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.conftest import Prism
from ui.cli.progress import fetching


def test_the_list_marks_what_is_installed(prism: Prism) -> None:
    ran = prism("models")
    assert ran.code == 0
    marked = [line.split()[1] for line in ran.out.splitlines() if line.startswith(" * ")]
    assert marked == ["prism-tiny"]
    assert any(line.split()[0] == "small" for line in ran.out.splitlines())


def test_the_list_as_json(prism: Prism) -> None:
    listed = {
        entry["name"]: entry for entry in map(json.loads, prism("models", "list", "--json").out.splitlines())
    }
    tiny, small = listed["prism-tiny"], listed["small"]
    assert (tiny["kind"], tiny["installed"], tiny["bundled"]) == ("stt", True, True)
    assert Path(tiny["path"]).is_dir()
    assert (small["installed"], small["size"], small["path"]) == (False, None, None)


def test_path_and_verify(prism: Prism, home: Path) -> None:
    assert prism("models", "path").out == f"{home / 'data/prism/models'}\n"
    assert prism("models", "path", "--set", f"models.dir={home}").out == f"{home}\n"
    assert Path(prism("models", "path", "prism-tiny").out.strip()).is_dir()
    ran = prism("models", "verify", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"name": "prism-tiny", "sound": True, "damaged": []})


def test_pulling_what_is_here_says_where(prism: Prism) -> None:
    ran = prism("models", "pull", "prism-tiny", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["event"] == "installed"


REFUSED: list[tuple[list[str], int, str]] = [
    (["pull", "smal"], 2, "There is no model named 'smal'; did you mean small?"),
    (["pull"], 3, "small"),
    (["verify", "small"], 3, "Model small is not installed"),
    (["path", "small"], 3, "prism models pull small"),
    (["rm"], 2, "prism models rm NAME"),
    (["rm", "small"], 3, "Model small is not installed."),
    (["rm", "prism-tiny"], 1, "cannot be removed"),
    (["list", "small"], 2, "models list takes no name"),
    (["list", "--tts", "fr"], 2, "goes with models pull"),
    (["pull", "small", "--tts", "fr"], 2, "either a name or --tts"),
    (["pull", "--tts", "tlh"], 2, "No voice is listed for the language 'tlh', only for fr, en"),
    (["pull", "--tts", "fr"], 3, "fr_FR-siwis-medium"),
    (["pull", "--tts", "en-US"], 3, "en_US-lessac-medium"),
]


@pytest.mark.parametrize(("argv", "code", "part"), REFUSED)
def test_what_cannot_be_done_is_one_line(
    prism: Prism, monkeypatch: pytest.MonkeyPatch, argv: list[str], code: int, part: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ran = prism("models", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert part in ran.err
    assert ran.err.count("\n") == 1


def test_progress_is_told_by_tenths(capsys: pytest.CaptureFixture[str]) -> None:
    with fetching() as progress:
        for done in range(0, 5_000_001, 10_000):
            progress("model.bin", done, 5_000_000)
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], lines[-1]) == ("model.bin: 0.0 of 5.0 MB", "model.bin: 5.0 of 5.0 MB")
    assert len(lines) == 11


def test_progress_as_json_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with fetching(json_lines=True) as progress:
        progress("model.bin", 5, 10)
    told = capsys.readouterr()
    assert json.loads(told.out) == {"event": "progress", "file": "model.bin", "done": 5, "total": 10}
    assert not told.err
