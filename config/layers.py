"""One layer of configuration: YAML text in, known keys with their values and places out. PURE.

A layer knows for each key where it was written, so that a wrong value can be told with file and line whatever wins in
the end. The YAML is read as nodes rather than values: a key that takes text gets the text as it was written, though
YAML would read ``on`` as true and ``1.10`` as 1.1. No file, no merging and no bounds may live here.
"""

from __future__ import annotations

import difflib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from config.errors import ConfigError, ConfigUnreadable
from config.schema import KeyPath, Leaf, dotted, leaves, nearest, part, sections, siblings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Place = Callable[[int], str]
    """From a line (1 is the first) to what is shown: ``config.yaml:12`` or ``PRISM_STT__MODEL``."""

_TAG = "tag:yaml.org,2002:"
_TYPES = {"null": "null", "bool": "boolean", "int": "integer", "float": "number", "str": "string"}
_UNSAID = object()
_MOST = 100_000
"""Values that a document may hold, those that an alias repeats counted each time."""
_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


class _Loader(yaml.SafeLoader):
    """Reads a date as the text it is: no key takes a date, and JSON has none."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Layer:
    """What one source sets."""

    values: dict[str, Any] = field(default_factory=dict)
    """Nested as in the file; only what is set."""
    places: dict[KeyPath, str] = field(default_factory=dict)
    """Where each key was written, sections included."""


def read_layer(text: str | bytes, place: Place) -> Layer:
    """The layer that a whole YAML document sets; none for an empty one.

    Raises ConfigUnreadable for what is not YAML, ConfigError for an unknown key or a value of the wrong type.
    """
    layer = Layer()
    with _one_sentence(text, place):
        reader = _Reader(_Loader(text), place, layer.places)
        layer.values = reader.root()
    return layer


def read_value(path: KeyPath, text: str, place: str) -> Layer:
    """The layer that a single ``path = YAML text`` sets. Raises like ``read_layer``."""
    layer = Layer()
    with _one_sentence(text, lambda _line: place):
        reader = _Reader(_Loader(text), lambda _line: place, layer.places)
        layer.values = reader.single(path)
    return layer


def wrong(path: KeyPath, place: str, value: object = _UNSAID) -> ConfigError:
    """The error for a value that its key does not accept; a secret is not repeated."""
    leaf = leaves().get(path)
    wanted = leaf.wanted if leaf else "a mapping of keys to values"
    said = "" if value is _UNSAID or (leaf and leaf.secret) else f", not {_shown(value)}"
    return ConfigError(f"{place}: {dotted(path)} must be {wanted}{said}.")


def wrong_inside(words: Sequence[int | str], depth: int, problem: str, place: str) -> ConfigError:
    """A part of a value is wrong: ``words`` lead to it, the first ``depth`` to the key; ``problem`` is pydantic's.

    The part may be a secret and is never repeated.
    """
    *above, last = words[:-1] if words[-1] == "[key]" else words
    if problem == "extra_forbidden" or words[-1] == "[key]":
        names = part(above).names
        close = difflib.get_close_matches(str(last), names, n=1)
        known = f", known here: {', '.join(names)}" if names else ""
        hint = f", did you mean {close[0]}?" if close else f"{known}."
        return ConfigError(f"{place}: unknown key {last} in {_spot(above, depth)}{hint}")
    if problem == "missing":
        return ConfigError(f"{place}: {_spot(above, depth)} lacks {last}.")
    return ConfigError(f"{place}: {_spot(words, depth)} must be {part(words).wanted}.")


def _spot(words: Sequence[int | str], depth: int) -> str:
    """``llm.fallback, item 2, model``; ``mcp.servers.files.command``."""
    told = dotted(tuple(str(word) for word in words[:depth]))
    for before, word in zip(words[depth - 1 :], words[depth:], strict=False):
        if isinstance(word, int):
            told += f", item {word + 1}"
        else:
            told += f", {word}" if isinstance(before, int) else f".{word}"
    return told


def unknown(path: KeyPath, place: str) -> ConfigError:
    """The error for a key that does not exist, with the one that was probably meant."""
    meant = nearest(path)
    hint = (
        f"did you mean {meant}?"
        if meant
        else f"known here: {', '.join(siblings_of(path) or siblings_of(path[:1]))}."
    )
    return ConfigError(f"{place}: unknown key {dotted(path)}, {hint}")


class _Reader:
    """Turns the nodes of one document into values, guided by what each key accepts."""

    def __init__(self, loader: _Loader, place: Place, places: dict[KeyPath, str]) -> None:
        self._loader = loader
        self._place = place
        self._places = places

    def root(self) -> dict[str, Any]:
        node = self._node()
        if node is None or _kind(node) == "null":
            return {}
        if not isinstance(node, yaml.MappingNode):
            where = self._place(node.start_mark.line + 1)
            raise ConfigUnreadable(f"{where}: a configuration must be a mapping of keys to values.")
        return self._mapping(node, ())

    def single(self, path: KeyPath) -> dict[str, Any]:
        node = self._node() or yaml.ScalarNode(f"{_TAG}null", "")
        value = self._value(node, path, 1)
        for word in reversed(path):
            value = {word: value}
        return dict(value)

    def _node(self) -> yaml.Node | None:
        node = self._loader.get_single_node()
        if node is not None and _size(node, {}) > _MOST:
            where = self._place(node.start_mark.line + 1)
            raise ConfigUnreadable(f"{where}: aliases (*) make more than {_MOST} values of this YAML.")
        return node

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._check_keys(node, path)
        self._loader.flatten_mapping(node)
        return {
            str(key.value): self._value(value, (*path, str(key.value)), key.start_mark.line + 1)
            for key, value in node.value
        }

    def _check_keys(self, node: yaml.MappingNode, path: KeyPath) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            word, line = str(key.value), key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{self._place(line)}: a key must be a word, not a list or a mapping.")
            if word in lines and word != "<<":
                first = lines[word]
                raise ConfigError(
                    f"{self._place(line)}: {dotted((*path, word))} is set twice, first on line {first}."
                )
            lines[word] = line

    def _value(self, node: yaml.Node, path: KeyPath, line: int) -> Any:  # noqa: ANN401  # a YAML value is anything
        place = self._place(line)
        self._places[path] = place
        if path in sections():
            return self._subsection(node, path, place)
        leaf = leaves().get(path)
        if leaf is None and not _is_free(path):
            raise unknown(path, place)
        try:
            return self._leaf(node, leaf) if leaf else self._free(node)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:  # Runtime: ~nobody is no home
            raise wrong(path, place, node.value if isinstance(node, yaml.ScalarNode) else _UNSAID) from error

    def _subsection(self, node: yaml.Node, path: KeyPath, place: str) -> dict[str, Any]:
        if _kind(node) == "null":
            return {}  # a section whose keys are all commented out
        if not isinstance(node, yaml.MappingNode):
            raise wrong(path, place, self._loader.construct_object(node, deep=True))
        return self._mapping(node, path)

    def _leaf(self, node: yaml.Node, leaf: Leaf) -> Any:  # noqa: ANN401
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, leaf)
        if isinstance(node, yaml.SequenceNode) and "string" in leaf.items:
            return [self._text(item) for item in node.value]
        return self._free(node)

    def _scalar(self, node: yaml.ScalarNode, leaf: Leaf) -> Any:  # noqa: ANN401
        kind = _kind(node)
        if kind not in leaf.types and "string" in leaf.types:
            return self._text(node)
        if kind == "boolean" and "boolean" not in leaf.types:
            raise ValueError("true and false are no numbers")
        value = self._loader.construct_object(node, deep=True)
        return str(Path(value).expanduser()) if leaf.is_path and isinstance(value, str) else value

    def _text(self, node: yaml.Node) -> Any:  # noqa: ANN401
        """The text of a plain scalar as it was written; what is none keeps its value and is refused later."""
        if _kind(node) in {"boolean", "integer", "number"}:
            return node.value
        return self._loader.construct_object(node, deep=True)

    def _free(self, node: yaml.Node) -> Any:  # noqa: ANN401
        """Any value that JSON can hold, for that is how it travels. Raises ValueError or TypeError for others."""
        return json.loads(json.dumps(self._loader.construct_object(node, deep=True), allow_nan=False))


def _is_free(path: KeyPath) -> bool:
    """True inside a mapping that takes any key, such as ``llm.extra_body``."""
    return any("object" in leaf.types for key, leaf in leaves().items() if path[: len(key)] == key != path)


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for; one that holds itself counts once and is refused by YAML."""
    if (size := known.get(id(node))) is not None:
        return size
    known[id(node)] = 1
    inside: list[yaml.Node] = [] if isinstance(node, yaml.ScalarNode) else node.value
    if isinstance(node, yaml.MappingNode):
        inside = [each for pair in node.value for each in pair]
    known[id(node)] = 1 + sum(_size(each, known) for each in inside)
    return known[id(node)]


def _kind(node: yaml.Node) -> str:
    """The JSON type that YAML gives a scalar, or an empty string."""
    return _TYPES.get(node.tag.removeprefix(_TAG), "") if isinstance(node, yaml.ScalarNode) else ""


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _reworded(problem: str) -> str:
    """What YAML found, with what to do; the name of a tag or an alias may be a secret without its quotes."""
    if "alias" in problem or "tag" in problem:
        return "a value that begins with * or ! needs quotes"
    if "another document" in problem:
        return "it holds more than one document; take out the line ---"
    return f"{problem} (indent with spaces, not tabs)" if r"'\t'" in problem else problem


@contextmanager
def _one_sentence(text: str | bytes, place: Place) -> Iterator[None]:
    """Translate what YAML raises into one sentence with its place."""
    try:
        yield
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line = before.count(b"\n") if isinstance(before, bytes) else before.count("\n")
        raise ConfigUnreadable(
            f"{place(line + 1)}: this is not text in UTF-8 (a byte or character that YAML forbids)."
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be read"
        where = place(mark.line + 1 if mark else 1)
        raise ConfigUnreadable(f"{where}: this is not valid YAML: {_reworded(problem)}.") from error
    except RecursionError as error:
        raise ConfigUnreadable(f"{place(1)}: this YAML is nested too deeply.") from error
