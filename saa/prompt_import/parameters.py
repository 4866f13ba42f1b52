"""Files of parameters: what is given of products there, told by the shape of the values, whatever they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

from saa.errors import PromptError
from saa.prompt_import import literals, sentences
from saa.prompt_import.given import Given, Pair
from saa.prompt_starter import printable

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
    """The products of a Python file.

    There, dictionaries hold lists of pairs and sentences, both by product; or one list and one sentence stand alone, as
    in the released demonstration. All must be written out; nothing is executed.

    Raises:
        PromptError: the file cannot be read, is no Python, or holds no sentence; a product has no sentence, or prompts
            of another shape.
    """
    values, notes = literals.read(path)
    tables = [value for value in values if _is_table(value)]
    said = _joined(path, [table for table in tables if _holds_sentences(table)])
    if not said:
        return _demonstration(path, values, notes)
    lists = [table for table in tables if all(map(_is_list, table.values()))]
    paired = _joined(path, [table for table in lists if _holds_pairs(table)])
    flat = _joined(path, [table for table in lists if not _holds_pairs(table)])
    alone = {product: value for product, value in flat.items() if product in said and product not in paired}
    if len(alone) < len(flat):
        notes.append(f"{path.name}: lists of single texts beside the prompt pairs are not read")
    asked = paired | alone
    keys = _keys(path, asked, said)
    given = [_given(path, product, said[keys[product]], asked[product], keys[product]) for product in asked]
    spare = [_given(path, key, said[key], (), key) for key in said if key not in keys.values()]
    return Parameters((*given, *spare), tuple(notes))


def _demonstration(path: Path, values: Sequence[object], notes: Sequence[str]) -> Parameters:
    """The product of the only sentence, which names it, and of the only list of prompts."""
    said = [value for value in values if isinstance(value, str) and _is_sentence(value)]
    asked = [
        value for value in values if _is_list(value) and value and (not _is_flat(value) or len(value) == 2)
    ]
    if len(said) != 1 or len(asked) != 1:
        raise _refusal(
            path,
            "expected dictionaries of prompt pairs and property sentences, or one of each, written out, got "
            f"sentences: {len(said)}, lists: {len(asked)}; give one product's with --product, --sentence and --pair",
        )
    product = "_".join(sentences.read(said[0]).named.split())
    note = f"{path.name}: what is asked of every product is added; class_agnostic: false asks for these prompts alone"
    return Parameters((_given(path, product, said[0], asked[0], product),), (*notes, note))


def _given(path: Path, product: str, sentence: str, value: Sequence[Any], key: str) -> Given:
    return Given(product, sentence, _pairs(path, product, value), path.name, key, _is_flat(value))


def _pairs(path: Path, product: str, value: Sequence[Any]) -> tuple[Pair, ...]:
    """The pairs of a product; a pair that stands alone is read as the only one."""
    pairs = [value] if _is_flat(value) else value
    for pair in pairs:
        texts = isinstance(pair, (list, tuple)) and all(isinstance(text, str) for text in pair)
        if not texts or len(pair) != 2:
            raise _refusal(
                path,
                f"{product}: expected pairs such as ['black hole.', 'bottle'], got {pair!r}; write a caption and the "
                "phrase that is never a defect",
            )
    return tuple((caption, reject) for caption, reject in pairs)


def _is_table(value: object) -> TypeGuard[Table]:
    return isinstance(value, dict) and bool(value) and all(isinstance(key, str) for key in value)


def _holds_sentences(table: Table) -> bool:
    return all(isinstance(value, str) for value in table.values()) and any(map(_is_sentence, table.values()))


def _holds_pairs(table: Table) -> bool:
    """Whether lists of pairs are meant, not lists of texts."""
    return any(value and not _is_flat(value) for value in table.values())


def _is_sentence(value: object) -> bool:
    return isinstance(value, str) and "anomal" in value and "exceed" in value


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether it can be a list of prompts, be it of pairs or of texts."""
    return isinstance(value, (list, tuple)) and all(isinstance(item, (str, list, tuple)) for item in value)


def _is_flat(value: Sequence[Any]) -> bool:
    return bool(value) and all(isinstance(item, str) for item in value)


def _joined(path: Path, tables: Sequence[Table]) -> Table:
    whole: Table = {}
    for table in tables:
        for key in table:
            if key in whole:
                raise _refusal(
                    path, f"{key}: expected it in one dictionary of its kind, got it in two; delete one"
                )
        whole |= table
    return whole


def _keys(path: Path, asked: Table, said: Mapping[str, str]) -> dict[str, str]:
    """The key of each product's sentence: its own, or that of the only sentence which can be meant."""
    keys = {product: product for product in asked if product in said}
    orphans = [product for product in asked if product not in said]
    spare = [key for key in said if key not in asked]
    for orphan in orphans:
        about = [key for key in spare if _called(said[key]) == orphan]
        fitting = about if len(about) == 1 else spare if len(orphans) == 1 else []
        if len(fitting) != 1:
            got = f"only those of {', '.join(spare)}" if spare else "none"
            raise _refusal(path, f"{orphan}: expected a property sentence, got {got}; add one under its name")
        keys[orphan] = fitting[0]
    return keys


def _called(sentence: str) -> str | None:
    try:
        return sentences.read(sentence).called
    except PromptError:
        return None


def _refusal(path: Path, why: str) -> PromptError:
    return PromptError(printable(f"{path}: {why}"))
