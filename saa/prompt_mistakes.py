"""Checking a block of YAML against a model, and saying what is wrong the way the user wrote it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from saa.yaml_lines import KeyPath, Mistake, YamlFile, dotted

M = TypeVar("M", bound=BaseModel)

_NEEDS = {
    "missing": "must be given",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "model_type": "must be a block of keys",
    "dict_type": "must be a block of keys",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "too_short": "must hold at least {min_length} of them",
    "too_long": "must hold at most {max_length} of them",
    "string_too_short": "must be at least {min_length} characters long",
    "string_too_long": "must be at most {max_length} characters long",
    "literal_error": "must be {expected}",
}
_TRUTH = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_NUMBERS = frozenset(["int_type", "int_from_float", "float_type"])
_BLOCKS = frozenset(["model_type", "dict_type"])
_LISTS = frozenset(["tuple_type", "list_type"])


def check(
    model: type[M], content: object, file: YamlFile, at: KeyPath = (), also: tuple[str, ...] = ()
) -> tuple[M | None, list[Mistake]]:
    """The block of `file` at the keys `at`, as a model, and all that is wrong with it.

    Types are strict: a quoted number is a text and `true` is not 1. Keys in `also` are read by somebody
    else; they are offered where a key is misspelt.

    Returns:
        The model, or None when there are mistakes; the mistakes in the order found.
    """
    try:
        return model.model_validate_json(json.dumps(content), strict=True), []
    except ValidationError as error:
        return None, list(_mistakes(model, error.errors(include_url=False), file, at, also))


def unknown_key(
    keys: KeyPath, known: tuple[str, ...], file: YamlFile, elsewhere: tuple[str, ...] = ()
) -> Mistake:
    """The mistake of a key that nothing reads.

    Args:
        keys: where it stands.
        known: the keys that are read there.
        file: what the line is looked up in.
        elsewhere: dotted keys that are read in other blocks.
    """
    name = str(keys[-1])
    close = difflib.get_close_matches(name, known, n=1)
    moved = [path for path in elsewhere if path.rsplit(".", 1)[-1] == name]
    if close:
        advice = f"did you mean '{close[0]}'?"
    elif moved:
        advice = f"did you mean {moved[0]}?"
    else:
        advice = "delete it or choose one of these"
    got = f"expected one of {', '.join(known)}, got '{name}'"
    return Mistake(file.line(keys), f"{dotted(keys)}: unknown key: {got}; {advice}")


def unknown_kind(file: YamlFile, at: KeyPath, kind: object, known: tuple[str, ...]) -> Mistake:
    """The mistake of a plug-in that has no file."""
    close = difflib.get_close_matches(str(kind), known, n=1)
    advice = f"write {close[0]}" if close else "choose one of these"
    expected = f"must be one of {', '.join(known)}" if known else "must be a plug-in, and there is none"
    return Mistake(file.line(at), f"{dotted(at)}: {expected}, got {shown(kind)}; {advice}")


def shown(value: object) -> str:
    """A value as a user would write it, cut to fit a line."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"'{value if len(value) <= 60 else value[:57] + '...'}'"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    return json.dumps(value)


def _mistakes(
    model: type[BaseModel], errors: list[ErrorDetails], file: YamlFile, at: KeyPath, also: tuple[str, ...]
) -> Iterator[Mistake]:
    located = [(_keys(detail, file, at), detail) for detail in errors]
    for keys, detail in located:
        kind = detail["type"]
        # A refused item is also counted as missing from its list, and an infinite number has been named.
        echoed = kind == "too_short" and any(other[: len(keys)] == keys != other for other, _ in located)
        if echoed or kind == "finite_number":
            continue
        if kind == "extra_forbidden":
            around = _model_at(model, keys[len(at) : -1]) or model
            known = (*around.model_fields, *(also if around is model else ()))
            yield unknown_key(keys, known, file, tuple(_leaves(model)))
        else:
            field = _field_at(model, keys[len(at) :])
            yield Mistake(file.line(keys), f"{dotted(keys) or 'file'}: {_sentence(detail, field)}")


def _keys(detail: ErrorDetails, file: YamlFile, at: KeyPath) -> KeyPath:
    """Where an error stands in the file, without the names of union members that pydantic puts between."""
    keys = at
    for i, key in enumerate(detail["loc"]):
        absent = detail["type"] == "missing" and i == len(detail["loc"]) - 1
        if absent or (*keys, key) in file.lines:
            keys = (*keys, key)
    return keys


def _sentence(detail: ErrorDetails, field: FieldInfo | None) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    needed = (
        _NEEDS[kind].format(**context) if kind in _NEEDS else detail["msg"].replace("Input should", "must")
    )
    got = None if kind == "missing" else detail["input"]
    return f"{needed}, got {shown(got)}; {_advice(kind, got, field)}"


def _advice(kind: str, got: object, field: FieldInfo | None) -> str:
    if kind == "string_type" and isinstance(got, (bool, int, float)):
        return f'put it in quotes: "{shown(got)}"'
    if isinstance(got, str):
        instead = _unquoted(kind, got)
        if instead:
            return f"write {instead}"
    example = "its keys on indented lines below it" if kind in _BLOCKS else _example(field)
    if kind == "missing":
        return f"write {example}" if example else "add it"
    if got is None:
        return f"write {example or 'a value'} or leave the key out"
    return f"write {example}" if example else "change it or delete it"


def _unquoted(kind: str, text: str) -> str | None:
    """What a text was probably meant to be, where something else is needed."""
    if kind == "bool_type":
        return _TRUTH.get(text.lower())
    if kind in _LISTS:
        return f"[{text}]"
    if kind not in _NUMBERS:
        return None
    share = text.strip().endswith("%")
    try:
        number = float(text.strip().rstrip("%").replace(",", "."))
    except ValueError:
        return None
    return f"{number / 100 if share else number:g}"


def _example(field: FieldInfo | None) -> str | None:
    if field is None or (field.is_required() and not field.examples):
        return None
    value = field.examples[0] if field.examples else field.get_default(call_default_factory=False)
    if value is None or isinstance(value, BaseModel):
        return None
    plain = json.dumps(value).replace('"', "")
    return f"{field.title} such as {plain}" if field.title else f"a value such as {plain}"


def _field_at(model: type[BaseModel], keys: KeyPath) -> FieldInfo | None:
    if not keys or not isinstance(keys[-1], str):
        return None
    around = _model_at(model, keys[:-1])
    return around.model_fields.get(keys[-1]) if around else None


def _model_at(model: type[BaseModel], keys: KeyPath) -> type[BaseModel] | None:
    for key in keys:
        field = model.model_fields.get(str(key))
        inner: Any = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        model = inner
    return model


def _leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
