"""The plain values that a Python file gives names to; the file is parsed, never executed."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from saa.errors import PromptError


def read(path: Path) -> tuple[list[object], list[str]]:
    """Texts, lists, tuples and dictionaries in the order of the file, and notes on what is odd about dictionaries.

    Raises:
        PromptError: the file cannot be read, or is no Python.
    """
    values, notes = [], []
    for node in sorted(_named(_tree(path)), key=lambda node: node.lineno):
        try:
            values.append(ast.literal_eval(node))
        except (ValueError, TypeError, MemoryError, RecursionError):
            if isinstance(node, ast.Dict):
                notes.append(f"{path.name}:{node.lineno}: a dictionary that is not written out is not read")
            continue
        notes += [
            f"{path.name}:{node.lineno}: '{key}' is given twice; the last counts, as in Python"
            for key in _repeated(node)
        ]
    return values, notes


def _tree(path: Path) -> ast.AST:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PromptError(
            f"{path}: expected a readable file, got '{error.strerror}'; check the path"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful code is nothing to the reader of its values
            return ast.parse(raw)
    except SyntaxError as error:
        at = f"{path}:{error.lineno}" if error.lineno else f"{path}"
        raise PromptError(f"{at}: expected Python, got an error: {error.msg}; mend the file") from error
    except (ValueError, MemoryError, RecursionError) as error:
        why = str(error) or "nested too deep"
        raise PromptError(f"{path}: expected Python, got an error: {why}; mend the file") from error


def _named(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(
            node.value, (ast.Dict, ast.List, ast.Tuple, ast.Constant)
        ):
            yield node.value


def _repeated(node: ast.expr) -> list[object]:
    keys = (
        [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if isinstance(node, ast.Dict)
        else []
    )
    return [key for key in dict.fromkeys(keys) if keys.count(key) > 1]
