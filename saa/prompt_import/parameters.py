"""Files of parameters: dictionaries of prompt pairs and of property sentences, read without executing anything."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from saa.errors import PromptError
from saa.prompt_import import sentences
from saa.prompt_import.given import Given, Pair

Table: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Parameters:
    """What a file of parameters holds.

    Attributes:
        products: in the order of the file.
        notes: what was not read, and why.
    """

    products: tuple[Given, ...]
    notes: tuple[str, ...]


def read(path: Path) -> Parameters:
    """The products of a Python file, whatever its variables are called.

    Dictionaries are told by their values: lists of pairs of texts, and sentences. They must be written out; nothing is
    executed.

    Raises:
        PromptError: the file cannot be read, is no Python, or has no such dictionaries; a product has no sentence, or
            prompts of another shape.
    """
    tables, notes = _tables(path)
    said = _joined(path, [table for table in tables if _holds_sentences(table)])
    paired = _joined(path, [table for table in tables if _holds_lists(table) and _is_nested(table)])
    flat = _joined(path, [table for table in tables if _holds_lists(table) and not _is_nested(table)])
    if not said:
        raise PromptError(
            f"{path}: expected a dictionary of property sentences, written out, got none; "
            "give one product's with --product, --sentence and --pair"
        )
    asked = paired | {product: value for product, value in flat.items() if product in {*said} - {*paired}}
    if len(asked) < len(paired) + len(flat):
        notes.append(f"{path.name}: lists of single texts beside the prompt pairs are not read")
    keys = _keys(path, asked, said)
    given = [
        Given(
            product,
            said[keys[product]],
            _pairs(path, product, value),
            path.name,
            keys[product],
            _is_flat(value),
        )
        for product, value in asked.items()
    ]
    spare = [key for key in said if key not in keys.values()]
    return Parameters((*given, *(Given(key, said[key], (), path.name) for key in spare)), tuple(notes))


def _tables(path: Path) -> tuple[list[Table], list[str]]:
    """All dictionaries that are given a name, in the order of the file; those that are no plain values are noted."""
    found, notes = [], []
    for node in sorted(_named(path), key=lambda node: node.lineno):
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, MemoryError, RecursionError):
            notes.append(f"{path.name}:{node.lineno}: a dictionary that is not written out is not read")
            continue
        keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        notes += [
            f"{path.name}:{node.lineno}: '{key}' is given twice; the last counts, as in Python"
            for key in value
            if keys.count(key) > 1
        ]
        if value and all(isinstance(key, str) for key in value):
            found.append(value)
    return found, notes


def _named(path: Path) -> Iterator[ast.Dict]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PromptError(
            f"{path}: expected a readable file, got '{error.strerror}'; check the path"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what Python says of doubtful code is nothing to the reader of its data
            tree = ast.parse(raw)
    except SyntaxError as error:
        at = f"{path}:{error.lineno}" if error.lineno else f"{path}"
        raise PromptError(f"{at}: expected Python, got an error: {error.msg}; mend the file") from error
    except (ValueError, MemoryError, RecursionError) as error:
        why = str(error) or "nested too deep"
        raise PromptError(f"{path}: expected Python, got an error: {why}; mend the file") from error
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
            yield node.value


def _holds_sentences(table: Table) -> bool:
    texts = [value for value in table.values() if isinstance(value, str)]
    return len(texts) == len(table) and any("anomal" in text and "exceed" in text for text in texts)


def _holds_lists(table: Table) -> bool:
    items = [item for value in table.values() if isinstance(value, (list, tuple)) for item in value]
    lists = all(isinstance(value, (list, tuple)) for value in table.values())
    return lists and all(isinstance(item, (str, list, tuple)) for item in items)


def _is_nested(table: Table) -> bool:
    """Whether lists of pairs are meant, not lists of texts."""
    return any(isinstance(item, (list, tuple)) for value in table.values() for item in value)


def _joined(path: Path, tables: list[Table]) -> Table:
    whole: Table = {}
    for table in tables:
        twice = [key for key in table if key in whole]
        if twice:
            raise PromptError(
                f"{path}: {twice[0]}: expected it in one dictionary of its kind, got it in two; delete one"
            )
        whole |= table
    return whole


def _pairs(path: Path, product: str, value: list[Any]) -> tuple[Pair, ...]:
    """The pairs of a product; a pair that stands alone is read as the only one."""
    pairs = [value] if _is_flat(value) else value
    for pair in pairs:
        texts = isinstance(pair, (list, tuple)) and all(isinstance(text, str) for text in pair)
        if not texts or len(pair) != 2:
            raise PromptError(
                f"{path}: {product}: expected pairs such as ['black hole.', 'bottle'], got {pair!r}; write a caption "
                "and the phrase that is never a defect"
            )
    return tuple((caption, reject) for caption, reject in pairs)


def _is_flat(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, str) for item in value)


def _keys(path: Path, asked: Table, said: Mapping[str, str]) -> dict[str, str]:
    """The key of each product's sentence: its own, or that of the only sentence which can be meant."""
    keys = {product: product for product in asked if product in said}
    orphans = [product for product in asked if product not in said]
    for orphan in orphans:
        spare = [key for key in said if key not in asked]
        about = [key for key in spare if _called(said[key]) == orphan]
        fitting = about if len(about) == 1 else spare if len(orphans) == 1 else []
        if len(fitting) != 1:
            got = f"only those of {', '.join(spare)}" if spare else "none"
            raise PromptError(
                f"{path}: {orphan}: expected a property sentence, got {got}; add one under its name"
            )
        keys[orphan] = fitting[0]
    return keys


def _called(sentence: str) -> str | None:
    try:
        return sentences.read(sentence).called
    except PromptError:
        return None
