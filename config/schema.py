"""The map of everything that can be set, read off the frozen types: which keys exist and what each accepts. PURE.

``Settings`` stays the one place for shapes and bounds; this file only turns them into what a reader of configuration
and a writer of error messages need. No file, no environment, no value of a user may live here.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

KeyPath = tuple[str, ...]

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values that JSON can hold",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key that has a value."""

    types: frozenset[str]
    """JSON types that it accepts."""
    items: frozenset[str]
    """JSON types of the items, where it accepts a list."""
    wanted: str
    """What it accepts, for a person: ``a whole number from 1 to 20``."""
    secret: bool
    is_path: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A place within a value that is a list or a mapping."""

    wanted: str
    """What it accepts, for a person."""
    names: tuple[str, ...]
    """The keys that it may have, where those are limited."""


@cache
def leaves() -> Mapping[KeyPath, Leaf]:
    """Every key that has a value, in the order of the file."""
    schema = Settings.model_json_schema()
    found: dict[KeyPath, Leaf] = {}
    _collect(schema, schema.get("$defs", {}), (), found)
    return found


@cache
def sections() -> frozenset[KeyPath]:
    """Every key that only holds others; the root is the empty path."""
    return frozenset(path[:depth] for path in leaves() for depth in range(len(path)))


def dotted(path: KeyPath) -> str:
    """``("stt", "model")`` as ``stt.model``."""
    return ".".join(path)


def nearest(path: KeyPath) -> str | None:
    """The known key that was most likely meant by an unknown ``path``, or None when nothing is near."""
    if same := [dotted(p) for p in leaves() if p[-1] == path[-1]]:
        return max(same, key=lambda key: difflib.SequenceMatcher(None, key, dotted(path)).ratio())
    parent = path[:-1]
    siblings = {name: dotted((*parent, name)) for name in siblings_of(path)}
    if close := difflib.get_close_matches(path[-1], siblings, n=1):
        return siblings[close[0]]
    close = difflib.get_close_matches(dotted(path), [dotted(p) for p in leaves()], n=1)
    return close[0] if close else None


def part(words: Sequence[int | str]) -> Part:
    """What stands at a place within a value: ``("llm", "fallback", 0, "model")``."""
    schema = Settings.model_json_schema()
    shared: Mapping[str, Any] = schema.get("$defs", {})
    node: Mapping[str, Any] = schema
    for word in words:
        named = node.get("properties", {})
        open_ended = (node.get("additionalProperties"), *node.get("patternProperties", {}).values())
        found = node.get("items") if isinstance(word, int) else named.get(word)
        node = found or next((each for each in open_ended if isinstance(each, dict)), {})
        if "$ref" in node:
            node = shared[node["$ref"].rpartition("/")[2]]
    names = node.get("propertyNames", {}).get("enum", ())
    return Part(_leaf(node, shared).wanted, tuple(node.get("properties", names)))


def siblings_of(path: KeyPath) -> tuple[str, ...]:
    """The names that are known where the last word of ``path`` stands."""
    depth = len(path) - 1
    return tuple(dict.fromkeys(p[depth] for p in leaves() if len(p) > depth and p[:depth] == path[:depth]))


def _collect(
    node: Mapping[str, Any], shared: Mapping[str, Any], path: KeyPath, found: dict[KeyPath, Leaf]
) -> None:
    if "$ref" in node:
        node = shared[node["$ref"].rpartition("/")[2]]
    if "properties" in node:
        for name, child in node["properties"].items():
            _collect(child, shared, (*path, name), found)
    else:
        found[path] = _leaf(node, shared)


def _leaf(node: Mapping[str, Any], shared: Mapping[str, Any]) -> Leaf:
    choices = [dict(choice) for choice in node.get("anyOf", [node])]
    formats = set(_formats(node, shared))
    return Leaf(
        types=frozenset(choice["type"] for choice in choices if "type" in choice),
        items=frozenset(c["items"]["type"] for c in choices if "type" in c.get("items", {})),
        wanted=" or ".join(_wanted(choice) for choice in choices),
        secret="password" in formats,
        is_path="path" in formats,
    )


def _formats(node: object, shared: Mapping[str, Any]) -> Iterator[str]:
    """The formats of a value and of everything inside it: a list whose items hold a secret is one."""
    if isinstance(node, list):
        for child in node:
            yield from _formats(child, shared)
    elif isinstance(node, dict):
        if isinstance(node.get("format"), str):
            yield node["format"]
        if isinstance(node.get("$ref"), str):
            yield from _formats(shared[node["$ref"].rpartition("/")[2]], shared)
        for child in node.values():
            yield from _formats(child, shared)


def _wanted(choice: Mapping[str, Any]) -> str:
    if "enum" in choice:
        return f"one of {', '.join(choice['enum'])}"
    if choice.get("items", {}).get("type") == "string":
        return "a list of names such as [one, two]"
    if (items := choice.get("items", {})).get("type") == "number":
        return f"a list of numbers{_bounds(items)}"
    if choice.get("format") == "path":
        return "a path"
    return _WORDS.get(choice.get("type", ""), "a value") + _bounds(choice)


def _bounds(choice: Mapping[str, Any]) -> str:
    low, high = choice.get("minimum"), choice.get("maximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    limits = [f"{word} {choice[key]:g}" for key, word in words.items() if key in choice]
    return f" {' and '.join(limits)}" if limits else ""
