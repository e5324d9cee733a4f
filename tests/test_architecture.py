"""The rules of the house, read from the source with ast, so that a slip is a red test, not a review remark.

Each rule is a pure function from a parsed file to findings; one table below proves that every rule bites, one
test per rule runs it over the real tree. Rules that ruff can express (banned calls, complexity) live in
pyproject.toml; here stand those that need the map of rooms, or that must hold without ruff.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RANKS = {"config": 0, "common": 0, "stt": 1, "llm": 1, "tts": 1, "pipeline": 2, "ui": 3}
WITHOUT_FACE = {"common"}  # a drawer of a few small files, each of which is the whole interface of its word
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 6
UNOWNED = {"create_task", "ensure_future"}
QUEUES = {"Queue", "PriorityQueue", "LifoQueue"}
HEAVY = {
    *("av", "ctranslate2", "faster_whisper", "httpx", "huggingface_hub", "numpy", "onnxruntime", "piper"),
    *(
        "mcp",
        "prometheus_client",
        "pydantic",
        "rich",
        "sounddevice",
        "soundfile",
        "soxr",
        "starlette",
        "tokenizers",
    ),
    *("uvicorn", "webrtcvad"),
}
# A path of a developer's machine. Names that only stand for "you" in a text are welcome.
MACHINE_PATH = re.compile(
    r"(?:^|[^a-zA-Z0-9_.~-])/(?:(?:work|farm|root)/|(?:home|Users)/(?!(?:you|me|user|alice|name)\b)\w)"
)

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file of a room, parsed."""

    path: str
    """Relative to the root, with forward slashes: stt/backends/scripted.py."""
    text: str
    tree: ast.Module
    faces: dict[str, frozenset[str]]
    """Room -> names of its submodules that its face does not itself offer: what outsiders must not import."""

    @property
    def room(self) -> str:
        return self.path.split("/", 1)[0]


Rule = Callable[[Source], Iterator[str]]


def submodules_behind(face: Path) -> frozenset[str]:
    """The submodules of a room that the face (its __init__.py) does not name in __all__."""
    inside = {entry.stem for entry in face.parent.iterdir() if entry.suffix == ".py" or entry.is_dir()}
    offered: set[str] = set()
    for node in ast.parse(face.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and "__all__" in {ast.unparse(target) for target in node.targets}:
            offered = set(ast.literal_eval(node.value))
    return frozenset(inside - offered)


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of every room that stands today."""
    faces = {room: ROOT / room / "__init__.py" for room in RANKS}
    behind = {room: submodules_behind(face) for room, face in faces.items() if face.exists()}
    found = []
    for room in RANKS:
        for file in sorted((ROOT / room).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            found.append(Source(file.relative_to(ROOT).as_posix(), text, ast.parse(text, str(file)), behind))
    return tuple(found)


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Every node: walked once, read by each rule."""
    return tuple(ast.walk(tree))


def imports(tree: ast.Module) -> Iterator[tuple[int, str, str | None]]:
    """(line, module, name or None) of each absolute import; importlib with a constant name counts."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            named = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                yield node.lineno, named.value.rstrip("."), None


def imports_point_downward(source: Source) -> Iterator[str]:
    """ui -> pipeline -> stt | llm | tts -> config | common, and never sideways."""
    for line, module, _ in imports(source.tree):
        target = module.split(".")[0]
        if target in RANKS and target != source.room and RANKS[target] >= RANKS[source.room]:
            yield f"{source.path}:{line} {source.room} imports {target}: against the direction"


def imports_use_faces(source: Source) -> Iterator[str]:
    """What another room offers stands in its __init__.py; its other files are its own business."""
    for line, module, name in imports(source.tree):
        room, _, inner = module.partition(".")
        if room not in RANKS or room in {source.room, *WITHOUT_FACE}:
            continue
        if inner or name in source.faces.get(room, ()):
            yield f"{source.path}:{line} reaches past the face of {room} into {inner or name}"


def files_are_small(source: Source) -> Iterator[str]:
    lines = len(source.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield f"{source.path} has {lines} lines (at most {MAX_FILE_LINES})"


def functions(tree: ast.Module) -> Iterator[AnyFunction]:
    return (node for node in nodes(tree) if isinstance(node, AnyFunction))


def functions_are_small(source: Source) -> Iterator[str]:
    for node in functions(source.tree):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield f"{source.path}:{node.lineno} {node.name} has {lines} lines (at most {MAX_FUNCTION_LINES})"


def parameters_are_few(source: Source) -> Iterator[str]:
    for node in functions(source.tree):
        spec = node.args
        names = [
            a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg) if a
        ]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > MAX_PARAMETERS:
            yield f"{source.path}:{node.lineno} {node.name} has {count} parameters (at most {MAX_PARAMETERS})"


def tasks_have_owners(source: Source) -> Iterator[str]:
    """Tasks start in a TaskGroup; the loop and the asyncio module are no owners."""
    for node in nodes(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            yield from (f"{source.path}:{node.lineno} free {a.name}" for a in node.names if a.name in UNOWNED)
        elif isinstance(node, ast.Attribute) and node.attr in UNOWNED:
            owner = ast.unparse(node.value)
            if owner == "asyncio" or re.search(r"loop(\(\))?$", owner):
                yield f"{source.path}:{node.lineno} free {owner}.{node.attr}"


def queues_are_channels(source: Source) -> Iterator[str]:
    """A bare queue has no end and, by default, no size: common/channel.py alone may build on it."""
    if source.path == "common/channel.py":
        return
    for node in nodes(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            yield from (
                f"{source.path}:{node.lineno} asyncio.{a.name}" for a in node.names if a.name in QUEUES
            )
        elif isinstance(node, ast.Attribute) and node.attr in QUEUES and ast.unparse(node.value) == "asyncio":
            yield f"{source.path}:{node.lineno} asyncio.{node.attr}"


def files_open_with_their_theory(source: Source) -> Iterator[str]:
    empty_face = source.path.endswith("/__init__.py") and not source.tree.body
    if not empty_face and not ast.get_docstring(source.tree):
        yield f"{source.path} has no docstring as its first statement"


RULES: tuple[Rule, ...] = (
    imports_point_downward,
    imports_use_faces,
    files_are_small,
    functions_are_small,
    parameters_are_few,
    tasks_have_owners,
    queues_are_channels,
    files_open_with_their_theory,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    findings = [finding for source in sources() for finding in rule(source)]
    assert not findings, "\n".join(findings)


BREACHES: list[tuple[Rule, str, str]] = [
    (imports_point_downward, "stt/x.py", "import pipeline"),
    (imports_point_downward, "stt/x.py", "def f():\n    from llm import Message"),
    (imports_point_downward, "common/x.py", "import config"),
    (imports_point_downward, "llm/x.py", "importlib.import_module('tts')"),
    (imports_use_faces, "pipeline/x.py", "from stt.manager import Manager"),
    (imports_use_faces, "pipeline/x.py", "import stt.manager"),
    (imports_use_faces, "pipeline/x.py", "from stt import manager"),
    (imports_use_faces, "ui/x.py", "import_module(f'stt.backends.{name}')"),
    (files_are_small, "stt/x.py", "x = 1\n" * 351),
    (functions_are_small, "stt/x.py", "async def f():\n" + "    x = 1\n" * 60),
    (parameters_are_few, "stt/x.py", "def f(self, a, b, c, d, *, e, f, **g): pass"),
    (tasks_have_owners, "stt/x.py", "asyncio.create_task(f())"),
    (tasks_have_owners, "stt/x.py", "from asyncio import ensure_future"),
    (tasks_have_owners, "stt/x.py", "asyncio.get_running_loop().create_task(f())"),
    (queues_are_channels, "stt/x.py", "q: asyncio.Queue[int]"),
    (queues_are_channels, "stt/x.py", "from asyncio import LifoQueue"),
    (files_open_with_their_theory, "stt/x.py", "import math"),
]
ALLOWED: list[tuple[Rule, str, str]] = [
    (imports_point_downward, "ui/x.py", "import pipeline\nimport stt\nimport config"),
    (imports_use_faces, "stt/x.py", "import stt.manager\nimport_module(f'stt.backends.{name}')"),
    (
        imports_use_faces,
        "pipeline/x.py",
        "import stt\nfrom stt import Manager\nfrom common.clock import Clock",
    ),
    (functions_are_small, "stt/x.py", "def f():\n" + "    x = 1\n" * 59),
    (parameters_are_few, "stt/x.py", "def f(self, a, b, c, d, *, e, f): pass"),
    (tasks_have_owners, "stt/x.py", "group.create_task(f())"),
    (queues_are_channels, "common/channel.py", "asyncio.Queue(3)"),
    (files_open_with_their_theory, "stt/__init__.py", ""),
]


def made_up(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text), {"stt": frozenset({"manager", "backends"})})


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_a_breach_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(made_up(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_the_allowed_form_passes(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(made_up(path, text)))


def test_the_command_line_imports_no_heavy_library() -> None:
    """prism --help must answer at once: engines, numbers and network load on first use."""
    if not (ROOT / "ui/cli/main.py").exists():
        pytest.skip("ui/cli/main.py does not stand yet")
    probe = f"import sys, ui.cli.main; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def project_files() -> list[Path]:
    """What git tracks or would track; without git (an unpacked archive) all but what tools make."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split(
            "\0"
        )
    except (OSError, subprocess.CalledProcessError):
        made = re.compile(r"\.git|\.venv|\..*_cache|build|dist|demo-output")
        return [
            f
            for f in ROOT.rglob("*")
            if f.is_file() and not any(map(made.fullmatch, f.relative_to(ROOT).parts))
        ]
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def machine_paths(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if MACHINE_PATH.search(line)]


def test_no_file_names_a_path_of_one_machine() -> None:
    findings = []
    for file in project_files():
        data = file.read_bytes()
        if b"\0" not in data[:8192]:
            findings += [
                f"{file.relative_to(ROOT)}: {hit}" for hit in machine_paths(data.decode(errors="replace"))
            ]
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("parts", ["home bob prism", "root .cache", "Users zoe x", "work main", "farm x"])
def test_a_machine_path_is_found(parts: str) -> None:
    path = "/".join(["", *parts.split()])  # put together here: this file is searched too
    assert machine_paths(f"x = {path}\ny = '{path}'\n") == [f"x = {path}", f"y = '{path}'"]


@pytest.mark.parametrize(
    "text", ["~/prism", "/home/you/prism", "https://x.org/work/", "/usr/bin", "team/root/x"]
)
def test_a_general_path_is_not(text: str) -> None:
    assert not machine_paths(text)
