"""YAML with the line of every key, so that a mistake can be shown where it stands.

Plain values follow YAML 1.2, as editors do: only `true` and `false` are truth values, so the phrase `no` is
a word, `010` is ten and `1e-1` a number. Anchors, aliases, tags and dates do not exist here: a prompt file
says what it means in place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from saa.errors import PromptError

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top of the file, as in `("defects", "captions", 0)`."""

MAX_DEPTH = 20
"""Nesting that no prompt file needs; deeper ones would exhaust the stack somewhere."""


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing to mend; `line` counts from 1, 0 stands for the whole file."""

    line: int
    message: str


class MistakesError(PromptError):
    """Everything that is wrong with one file, a line each."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        self.path = path
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(located(path, mistake) for mistake in self.mistakes))


@dataclass(frozen=True)
class YamlFile:
    """What a file says and where it says it.

    Attributes:
        path: the file, as the user named it.
        content: plain dicts, lists, texts, numbers, truth values and None.
        lines: the line of each key and list item, counted from 1.
        mistakes: what is legal YAML but refused here, such as a key given twice.
    """

    path: Path
    content: dict[str, Any]
    lines: Mapping[KeyPath, int]
    mistakes: tuple[Mistake, ...]

    def line(self, keys: KeyPath) -> int:
        """The line of a key, or of the nearest block around it that the file does have."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


def located(path: Path, mistake: Mistake) -> str:
    """`file:line: message`, as editors and terminals link it; always one line, whatever the file holds."""
    message = "".join(letter if letter.isprintable() else " " for letter in mistake.message)
    return f"{path}:{mistake.line}: {message}" if mistake.line else f"{path}: {message}"


def dotted(keys: KeyPath) -> str:
    """`defects.captions[0]` of `("defects", "captions", 0)`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def read(path: Path) -> YamlFile:
    """The file's mapping with the line of every key.

    Raises:
        MistakesError: the file cannot be read, is not UTF-8, not YAML, or not a mapping.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"must be printable text, got character #x{error.character:04x}; delete it"
        raise MistakesError(path, [Mistake(line, message)]) from error
    except yaml.MarkedYAMLError as error:
        raise MistakesError(path, [_syntax_mistake(error)]) from error
    except RecursionError as error:
        raise MistakesError(path, [Mistake(1, _TOO_DEEP)]) from error
    if not isinstance(node, yaml.MappingNode):
        got = _KINDS[type(node)]
        line = 1 if node is None else node.start_mark.line + 1
        message = f"must be keys and values, got {got}; start with 'object:' and its phrase"
        raise MistakesError(path, [Mistake(line, message)])
    walk = _Walk({}, [])
    content = walk.mapping(node, ())
    return YamlFile(path, content, walk.lines, tuple(walk.mistakes))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"must be a readable file, got '{error.strerror}'; check the path"
        raise MistakesError(path, [Mistake(0, message)]) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"must be UTF-8 text, got byte 0x{raw[error.start]:02x}; save the file as UTF-8"
        raise MistakesError(path, [Mistake(line, message)]) from error


class _Loader(yaml.SafeLoader):
    """Composes nodes only; aliases are refused, since they let a small file stand for a huge one."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (PyYAML's own)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="found an alias", problem_mark=self.current_event.start_mark)
        return super().compose_node(parent, index)


_TAG = "tag:yaml.org,2002:"
_PATTERNS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
}
for _name, _pattern in _PATTERNS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^({_pattern})$"), None)

_PLAIN: dict[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "null": lambda _: None,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": int,
    _TAG + "float": float,
}

_KINDS = {type(None): "an empty file", yaml.ScalarNode: "a single value", yaml.SequenceNode: "a list"}
_TOO_DEEP = f"must be nested at most {MAX_DEPTH} deep; write it flatter"

_ADVICE = (
    ("'\\t'", "write spaces instead of the tab"),
    ("mapping values are not allowed", "put quotes round a text that holds a colon, or mend the indentation"),
    ("but found another document", "write one product per file"),
    ("found an alias", "write the value out instead of *"),
    ("quoted scalar", "close the quote"),
    ("expected ',' or ']'", "close the list with ]"),
    ("expected ',' or '}'", "close the braces with }"),
    ("could not find expected ':'", "write 'key: value'"),
)


def _syntax_mistake(error: yaml.MarkedYAMLError) -> Mistake:
    problem = " ".join(part for part in (error.context, error.problem) if part)
    unclosed = "quoted scalar" in problem or "flow" in problem
    mark = (unclosed and error.context_mark) or error.problem_mark
    advice = next((advice for part, advice in _ADVICE if part in problem), "mend this line or the one above")
    return Mistake(mark.line + 1 if mark else 1, f"must be YAML, got an error: {problem}; {advice}")


@dataclass(frozen=True)
class _Walk:
    """Turns nodes into plain values and notes lines and mistakes on the way."""

    lines: dict[KeyPath, int]
    mistakes: list[Mistake]

    def mapping(self, node: yaml.MappingNode, keys: KeyPath) -> dict[str, Any]:
        block: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(line, keys, "must have words as keys, got a list or block; write 'key: value'")
                continue
            key = self._text(key_node, keys)
            here = (*keys, key)
            if key in block:
                message = f"must be given once, got it again after line {self.lines[here]}; keep one of them"
                self._refuse(line, here, message)
                continue
            self.lines[here] = line
            block[key] = self._value(value_node, here)
        return block

    def _value(self, node: yaml.Node, keys: KeyPath) -> Any:  # noqa: ANN401  (whatever the file says)
        if len(keys) > MAX_DEPTH:
            self._refuse(node.start_mark.line + 1, keys[:1], _TOO_DEEP)
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, keys)
        return self._scalar(node, keys)

    def _sequence(self, node: yaml.SequenceNode, keys: KeyPath) -> list[Any]:
        for i, item in enumerate(node.value):
            self.lines[(*keys, i)] = item.start_mark.line + 1
        return [self._value(item, (*keys, i)) for i, item in enumerate(node.value)]

    def _scalar(self, node: yaml.Node, keys: KeyPath) -> Any:  # noqa: ANN401
        line, text = node.start_mark.line + 1, self._text(node, keys)
        plain = _PLAIN.get(node.tag)
        if plain is None:
            self._refuse(line, keys, f"must be a plain value, got the tag '{node.tag}'; delete the tag")
            return text
        if plain is int and len(text) > 18:
            plain = float
        try:
            value = plain(text)
        except ValueError:
            self._refuse(line, keys, f"must be a number, got '{text}'; delete the tag or mend the number")
            return text
        if value in (float("inf"), float("-inf")):
            self._refuse(line, keys, f"must be a finite number, got {text}; write a smaller one")
        return value

    def _text(self, node: yaml.Node, keys: KeyPath) -> str:
        text = str(node.value)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self._refuse(node.start_mark.line + 1, keys, "must be text, got half a character; write it out")
            return text.encode("utf-8", "replace").decode()
        return text

    def _refuse(self, line: int, keys: KeyPath, message: str) -> None:
        self.mistakes.append(Mistake(line, f"{dotted(keys)}: {message}" if keys else message))
