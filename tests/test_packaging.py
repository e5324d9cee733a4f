"""What a user installs: pins that agree with what is declared, scripts that start, a wheel with its data.

Quick tests read the files; the real ones build Prism from a copy, so no left-over of the checkout gets in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [f for f in sorted((ROOT / "scripts").iterdir()) if f.is_file() and not f.suffix] + [
    ROOT / ".ci/run"
]
ROOMS = ("common", "config", "llm", "pipeline", "stt", "tts", "ui")
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+( ; [a-z0-9_\"=!<>. ]+)?")


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def lines(name: str) -> list[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-r "))]


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def pins(*names: str) -> dict[str, str]:
    """Canonical name -> version, of the pins that apply on this platform."""
    found = [Requirement(line) for name in names for line in lines(name)]
    return {canonicalize_name(r.name): next(iter(r.specifier)).version for r in found if applies(r)}


def unmet(requirements: list[str], pinned: dict[str, str]) -> list[str]:
    """Those of the requirements that apply here and that no pin satisfies."""
    wanted = [r for r in map(Requirement, requirements) if applies(r)]
    names = {r: canonicalize_name(r.name) for r in wanted}
    return [
        str(r) for r, name in names.items() if name not in pinned or not r.specifier.contains(pinned[name])
    ]


@pytest.mark.parametrize("name", ["core.txt", "dev.txt", "build.txt"])
def test_a_pin_is_a_name_and_a_version(name: str) -> None:
    assert [line for line in lines(name) if not PIN.fullmatch(line)] == []


def test_the_pins_satisfy_what_is_declared() -> None:
    declared = project()
    assert unmet(declared["dependencies"], pins("core.txt")) == []
    assert unmet(declared["optional-dependencies"]["dev"], pins("core.txt", "dev.txt")) == []


@pytest.mark.parametrize("names", [("core.txt",), ("core.txt", "dev.txt")])
def test_the_pins_are_complete(names: tuple[str, ...]) -> None:
    """Nothing that a pinned library needs is left to the resolver of the day."""
    pinned = pins(*names)
    missing = {name: unmet(metadata.requires(name) or [], pinned) for name in pinned}
    assert {name: rest for name, rest in missing.items() if rest} == {}


@pytest.mark.parametrize(
    ("requirement", "pinned", "expected"),
    [
        ("numpy>=2", {"numpy": "2.1"}, []),
        ("numpy>=2", {"numpy": "1.9"}, ["numpy>=2"]),
        ("Some_Thing", {}, ["Some_Thing"]),
        ("tool; python_version < '3'", {}, []),
    ],
)
def test_an_unmet_requirement_is_found(requirement: str, pinned: dict[str, str], expected: list[str]) -> None:
    assert unmet([requirement], pinned) == expected


def test_the_licence_is_the_one_declared() -> None:
    head = (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    assert project()["license"] == "GPL-3.0-or-later"
    assert "GNU GENERAL PUBLIC LICENSE" in head
    assert "Version 3" in head


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_start_and_stops_at_the_first_failure(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in text
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_every_make_target_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    assert re.findall(r"^([a-z]+):.*## \S", text, re.MULTILINE) == phony


def test_find_python_refuses_in_one_line() -> None:
    env = {**os.environ, "PYTHON": "/nowhere/python"}
    done = subprocess.run(
        [ROOT / "scripts/find-python"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "/nowhere/python" in done.stderr


def test_install_does_nothing_for_a_word_that_it_does_not_know(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = subprocess.run(
        [ROOT / "scripts/install", "--help"], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "Usage: scripts/install [--uninstall]\n")
    assert not list(tmp_path.iterdir())


def pip(*arguments: str | Path) -> None:
    """Run pip without network, with the build back end that requirements/build.txt has put here."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built from a copy."""
    back_end = metadata.version("setuptools")
    if back_end != pins("build.txt")["setuptools"]:
        pytest.skip(f"setuptools {back_end} is not the pinned one: run scripts/setup --dev")
    place = tmp_path_factory.mktemp("wheel é")
    left_behind = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "demo-output")
    shutil.copytree(ROOT, place / "copy", ignore=left_behind)
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", place, place / "copy")
    return next(place.glob("prism_voice-*.whl"))


def ships(file: Path) -> bool:
    """Whether a file of a room belongs into the package."""
    inside = file.relative_to(ROOT).parts
    if not file.is_file() or "__pycache__" in inside:
        return False
    is_data = inside[1] == "assets" or (inside[0] == "config" and file.suffix == ".yaml")
    return is_data or file.suffix == ".py" or file.name == "py.typed"


@pytest.mark.real
@pytest.mark.timeout(120)
def test_the_wheel_carries_code_and_data_and_nothing_else(wheel: Path) -> None:
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f.relative_to(ROOT).as_posix() for room in ROOMS for f in (ROOT / room).rglob("*") if ships(f)
    }
    assert "config/default.yaml" in expected
    assert carried == expected


@pytest.mark.real
@pytest.mark.timeout(120)
def test_the_wheel_runs_far_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    if not (ROOT / "ui/cli/main.py").exists():
        pytest.skip("ui/cli/main.py does not stand yet")
    place = tmp_path / "installed é"
    pip("install", "--no-deps", "--no-index", "--target", place, wheel)
    env = {**os.environ, "PYTHONPATH": str(place)}
    where = "import ui.cli.main; print(ui.cli.main.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where], env=env, cwd=tmp_path, capture_output=True, check=True
    )
    assert Path(os.fsdecode(found.stdout.strip())).is_relative_to(place)
    done = subprocess.run(
        [place / "bin/prism", "--help"], env=env, cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"prism" in done.stdout
