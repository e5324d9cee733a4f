"""The frame of the terminal program: finding commands, help, and what every command shares."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import ui.cli.main
from tests.ui.conftest import ROOT, Prism
from ui.cli.main import COMMANDS

FOLDER = Path(ui.cli.main.__file__).parent / "commands"
STANDING = [name for name, (file, _) in COMMANDS.items() if (FOLDER / f"{file}.py").exists()]
LIGHT = {"config", "stt", "llm", "tts", "pipeline", "asyncio", "yaml", "logging", "importlib.metadata"}
"""Beside the heavy libraries that the architecture test names: what --help has no use for either."""


def test_help_names_every_command(prism: Prism) -> None:
    ran = prism("--help")
    assert ran.code == 0
    assert not ran.err
    assert all(f"\n    {name} " in ran.out or f"\n    {name}\n" in ran.out for name in COMMANDS)


def test_help_loads_nothing_that_it_does_not_need() -> None:
    probe = f"""if True:
        import sys
        from ui.cli.main import main
        main(["--help"])
        print(*sorted({LIGHT!r} & set(sys.modules)), file=sys.stderr)
    """
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


@pytest.mark.parametrize("name", STANDING)
def test_each_command_offers_the_common_options(prism: Prism, name: str) -> None:
    ran = prism(name, "--help")
    assert ran.code == 0
    assert all(option in ran.out for option in ("--config FILE", "--set KEY=VALUE", "--verbose"))


def test_a_description_begins_with_a_capital_and_keeps_the_others(prism: Prism) -> None:
    assert "Measure how quick Prism is on this machine." in prism("bench", "--help").out


@pytest.mark.parametrize("name", STANDING)
def test_importing_a_command_is_cheap(name: str) -> None:
    probe = f"""if True:
        import sys, ui.cli.commands.{COMMANDS[name][0]}
        heavy = {{"numpy", "pydantic", "rich", "sounddevice", "soundfile", "httpx", "stt", "tts", "llm", "config"}}
        print(*sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", STANDING)
def test_each_command_keeps_its_contract(name: str) -> None:
    module = importlib.import_module(f"ui.cli.commands.{COMMANDS[name][0]}")
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_no_command_shows_the_help_as_an_error(prism: Prism) -> None:
    ran = prism()
    assert ran.code == 2
    assert ran.err.startswith("usage: prism")
    assert not ran.out


USAGE: list[tuple[list[str], str]] = [
    (["devcies"], "prism: There is no command devcies; did you mean devices?\n"),
    (["zzz"], f"prism: There is no command zzz; there are {', '.join(COMMANDS)}.\n"),
    (["config", "--frob"], "prism: Unrecognized arguments: --frob; see prism config --help.\n"),
    (
        ["config", "--set", "stt.modle=x"],
        "prism: --set stt.modle: unknown key stt.modle, did you mean stt.model?\n",
    ),
    (["config", "--config", "nowhere.yaml"], "prism: nowhere.yaml: there is no such configuration file.\n"),
]


@pytest.mark.parametrize(("argv", "line"), USAGE)
def test_wrong_usage_is_one_line_and_exit_2(prism: Prism, argv: list[str], line: str) -> None:
    ran = prism(*argv)
    assert (ran.code, ran.out, ran.err) == (2, "", line)


def test_the_version_is_told(prism: Prism) -> None:
    ran = prism("--version")
    assert ran.code == 0
    assert ran.out.startswith("prism ")


def test_a_wrong_choice_names_the_right_ones(prism: Prism) -> None:
    ran = prism("config", "frob")
    assert ran.code == 2
    assert ran.err.startswith("prism: Argument action: invalid choice: 'frob'")
    assert "validate" in ran.err
    assert ran.err.count("\n") == 1
