"""One product of the released code as a prompt file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saa.errors import PromptError
from saa.prompt_import import sentences
from saa.prompt_import.given import Given
from saa.prompt_import.oddities import oddities, one_word, phrases, unnamed
from saa.prompt_import.sentences import Meaning
from saa.prompt_mistakes import check
from saa.prompt_starter import printable, quoted
from saa.prompts import ProductPrompt, normalised
from saa.yaml_lines import KeyPath, YamlFile

_TEMPLATE = """\
# {product}. Imported{source}: prompts written for the code released with SAA+ (arXiv 2305.10724). Their sentence:
# {sentence}
object:
  phrase: {phrase}
{name}  count: {count}
defects:
  captions:{captions}
  class_agnostic: true
reject: {reject}
rules:
  max_area_ratio: {max_area_ratio!r}
confidence:
  top_k: {top_k}
"""
_NO_COMMA = "engines: {foundation: {regions: {object_comma: false}}}\n"


@dataclass(frozen=True)
class Imported:
    """A product's prompt file.

    Attributes:
        product: its name in the data set.
        prompt: what the file says.
        text: the file.
        oddities: what was odd about what it was made from, and what became of it.
    """

    product: str
    prompt: ProductPrompt
    text: str
    oddities: tuple[str, ...]


def imported(given: Given) -> Imported:
    """The prompt file of a product.

    Raises:
        PromptError: the sentence lacks a part, or a value is out of bounds.
    """
    try:
        meaning = sentences.read(given.sentence)
    except PromptError as error:
        raise _refusal(given, str(error)) from error
    content = _content(given, meaning)
    file = YamlFile(Path(given.source), content, dict(_lines(content)), ())
    prompt, mistakes = check(ProductPrompt, file.content, file)
    if prompt is None:
        raise _refusal(given, "; ".join(mistake.message for mistake in mistakes))
    text = _text(given, prompt) + ("" if meaning.comma else _NO_COMMA)
    return Imported(given.product, prompt, text, tuple(oddities(given, meaning)))


def _refusal(given: Given, why: str) -> PromptError:
    where = f"{given.source}: {given.product}" if given.source else given.product
    return PromptError(printable(f"{where}: {why}"))


def _content(given: Given, meaning: Meaning) -> dict[str, Any]:
    phrase = printable(meaning.called.replace("_", " "))
    filters = list(dict.fromkeys(phrase for _, reject in given.pairs for phrase in phrases(reject)))
    name = one_word(printable(given.product))
    called = {} if name == one_word(normalised(phrase)) else {"name": name}
    return {
        "object": {"phrase": phrase, **called, "count": meaning.count},
        "defects": {"captions": [asked for caption, _ in given.pairs if (asked := phrases(caption))]},
        "reject": [*filters, *([phrase] if unnamed(filters, meaning) else [])],
        "rules": {"max_area_ratio": meaning.max_area_ratio},
        "confidence": {"top_k": meaning.top_k},
    }


def _lines(value: object, at: KeyPath = ()) -> Iterator[tuple[KeyPath, int]]:
    """All keys, so that a mistake names its own; there are no lines yet."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*at, key), 0
        yield from _lines(below, (*at, key))


def _text(given: Given, prompt: ProductPrompt) -> str:
    captions = [
        quoted(caption[0]) if len(caption) == 1 else _flow(caption) for caption in prompt.defects.captions
    ]
    return _TEMPLATE.format(
        product=printable(given.product),
        source=f" from {printable(given.source)}" if given.source else "",
        sentence=printable(" ".join(given.sentence.split())),
        phrase=quoted(prompt.object.phrase),
        name=f"  name: {quoted(prompt.object.name)}\n" if prompt.object.name else "",
        count=prompt.object.count,
        captions="".join(f"\n    - {caption}" for caption in captions) or " []",
        reject=_flow(prompt.reject),
        max_area_ratio=prompt.rules.max_area_ratio,
        top_k=prompt.confidence.top_k,
    )


def _flow(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"
