"""The documentation says what the program does: events, keys, commands, codes, command lines and links are compared.

What a page claims in prose cannot be tested here; names, values and examples can.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from config import default_text, load_settings
from pipeline import FROM_T0, PipelineEvent
from pipeline.latency import SPANS
from ui.cli import main
from ui.cli.exits import Exit

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = ROOT / "config" / "default.yaml"
"""In the place of the user's own file, which must not count here."""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EVENTS: tuple[Any, ...] = get_args(PipelineEvent)
JSON_NAMES = {"from_": "from", "tool": "name"}
LONG = 40
"""Characters from which a default need not be repeated in a table."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"^(?:.*\| )?(?:\.venv/bin/)?prism (?P<line>[^#\n]+)", re.MULTILINE)
_SETTING = re.compile(r"`(?:--set )?'?([a-z_]+\.[a-z_]+=[^`']+)'?`")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    """Title of each ``###`` section, without backticks, and what is in it."""
    parts = re.split(r"^#{2,3} (.+)$", text, flags=re.MULTILINE)
    return {title.strip("`"): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def json_fields(event: Any) -> set[str]:
    return {JSON_NAMES.get(field.name, field.name) for field in fields(event)}


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """The names under which a page's headings can be reached on GitHub."""
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link of ``page`` names a file of the repository, and a heading in it if it names one."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or ROOT not in (target, *target.parents):
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def keys(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, values in node.items():
        for key, value in values.items():
            if isinstance(value, dict) and value:
                yield from ((f"{section}.{inner}", v) for inner, v in keys({key: value}))
            else:
                yield f"{section}.{key}", value


def command_lines() -> list[str]:
    """Every ``prism ...`` line of a code block."""
    found = []
    for page in PAGES:
        for language, body in _FENCE.findall(page.read_text(encoding="utf-8")):
            if not language:
                found += [match["line"].strip() for match in _COMMAND.finditer(body)]
    return sorted(set(found))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_is_described_with_its_fields_and_an_example(event: Any) -> None:
    body = sections(text_of("docs/events.md"))[event.name]
    described = set(re.findall(r"^\* `(\w+)`:", body, re.MULTILINE))
    assert described == json_fields(event) - {"t", "turn"}
    ((_, example),) = _FENCE.findall(body)
    shown = json.loads(example)
    assert shown["event"] == event.name
    assert set(shown) - {"event"} <= json_fields(event)


def test_no_event_is_described_that_does_not_exist() -> None:
    titles = [title for title in sections(text_of("docs/events.md")) if "." in title]
    assert sorted(titles) == sorted(event.name for event in EVENTS)
    assert f"All {len(EVENTS)}, with every field" in text_of("README.md")


def test_every_figure_of_the_latency_is_described() -> None:
    body = sections(text_of("docs/events.md"))["Latency"]
    assert {*FROM_T0, *SPANS, "speculation", "heard_ms"} - set(re.findall(r"`(\w+)`", body)) == set()


def test_every_key_is_described_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+(?:\.[a-z_]+)+)` \| (`?)([^|]+?)\2 \| .+ \|$",
        text_of("docs/configuration.md"),
        re.MULTILINE,
    )
    described = {key: (bool(code), value) for key, code, value in rows}
    defaults = dict(keys(yaml.safe_load(default_text())))
    assert list(described) == list(defaults)
    for key, (literal, value) in described.items():
        if literal:
            assert yaml.safe_load(value) == defaults[key], key
        else:
            assert len(str(defaults[key])) > LONG, f"{key}: the default is short enough to be shown"


def test_every_command_and_every_exit_code_is_in_the_readme() -> None:
    readme = text_of("README.md")
    assert re.findall(r"^\| `prism (\w+)` \|", readme, re.MULTILINE) == list(main.COMMANDS)
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)]
    assert codes == [code.value for code in Exit]


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_of_the_documentation_is_accepted(line: str) -> None:
    words = shlex.split(line)
    parser, _ = main._parser(main._chosen(words))
    args = parser.parse_args(words)
    assert load_settings(DEFAULTS, args.overrides, environ={}) is not None  # an error says what is wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_setting_of_the_documentation_is_accepted(page: Path) -> None:
    settings = _SETTING.findall(page.read_text(encoding="utf-8"))
    assert all(load_settings(DEFAULTS, [setting], environ={}) is not None for setting in settings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = _LINK.findall(without_code(page.read_text(encoding="utf-8")))
    inside = [link for link in links if not link.startswith(("http://", "https://"))]
    assert [link for link in inside if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_are_whole(page: Path) -> None:
    """Every row of a table has as many cells as its head."""
    lines = _FENCE.sub("", page.read_text(encoding="utf-8")).splitlines()
    width = 0
    for line in lines:
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_and_targets_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|make )make ([a-z]+)", text, re.MULTILINE)) - targets == set()
    scripts = {name.rstrip("/") for name in re.findall(r"\bscripts/[\w./-]*\w", text)}
    assert [name for name in scripts if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("picture", sorted(ROOT.glob("docs/img/*")), ids=lambda picture: picture.name)
def test_pictures_are_small_and_used(picture: Path) -> None:
    assert picture.stat().st_size < 40_000
    assert any(picture.name in page.read_text(encoding="utf-8") for page in PAGES)
