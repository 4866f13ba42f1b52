"""What does not do what it seems to in the released code's prompts, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from saa.ops.words import contains
from saa.prompt_import.given import Given
from saa.prompt_import.sentences import Meaning, misread
from saa.prompt_starter import printable
from saa.prompts import normalised

SHOWN = 3
"""Products named with an oddity that more of them have."""


def oddities(given: Given, meaning: Meaning) -> list[str]:
    """All oddities of a product; the same one of several products has the same words where it can."""
    return [
        *_names(given, meaning),
        *_counting(given, meaning),
        *_wording(meaning),
        *_captions(given),
        *_filters(given, meaning),
    ]


def phrases(text: str) -> list[str]:
    """The phrases of a caption, which dots end."""
    found = (printable(normalised(part)) for part in text.split("."))
    return [phrase for phrase in found if any(letter.isalnum() for letter in phrase)]


def one_word(name: str) -> str:
    """A name with underscores for whatever stands between its letters."""
    return re.sub(r"\W+", "_", name)


def unnamed(reject: Sequence[str], meaning: Meaning) -> bool:
    """Whether the object's own name is not among what is rejected."""
    return not any(contains(meaning.called, word) for word in reject)


def grouped(found: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """A line for each oddity, with the products that have it, in the order of appearance.

    Args:
        found: products and their oddities.
    """
    having: dict[str, list[str]] = {}
    for product, odd in found:
        for oddity in dict.fromkeys(odd):
            having.setdefault(oddity, []).append(product)
    return [printable(f"{_listed(products)}: {oddity}") for oddity, products in having.items()]


def _listed(products: Sequence[str]) -> str:
    rest = len(products) - SHOWN
    return ", ".join(products[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _names(given: Given, meaning: Meaning) -> Iterator[str]:
    if given.key not in ("", given.product):
        yield (
            f"its sentence stands under '{given.key}', so the released code stops before it finds it; "
            "taken for this product's"
        )
    if meaning.named != given.product:
        yield f"its sentence is about an image of '{meaning.named}'; nothing reads that"
    if one_word(meaning.called).lower() != one_word(given.product).lower():
        yield (
            f"the object is called '{meaning.called}', unlike the product; "
            "the product's name is asked for in 'defect on ...' only, so it becomes object.name"
        )


def _counting(given: Given, meaning: Meaning) -> Iterator[str]:
    if " " in meaning.called or " " in meaning.named:
        name = meaning.called if " " in meaning.called else meaning.named
        yield f"'{name}' holds a space, which shifts the words that the released code counts"
    yield from misread(given.sentence, meaning)


def _wording(meaning: Meaning) -> Iterator[str]:
    if meaning.comma:
        yield "the comma behind the object goes to the detector with it; here only profile `released` does that"
    else:
        yield (
            "no comma stands behind the object, so none is asked of the detector, unlike other products; "
            "kept by engines.foundation.regions.object_comma: false"
        )
    if meaning.likeness:
        yield "nothing reads the words 'similar' and 'dissimilar'; left out"


def _captions(given: Given) -> Iterator[str]:
    if not given.pairs:
        yield "it has no prompt pairs; only what is asked of every product remains"
    if given.flat:
        asked = " and ".join(f"'{text[:1]}'" for text in given.pairs[0])
        yield f"its prompts are no list of pairs, so the released code asks for letters, {asked}; read as one pair"
    seen: set[tuple[str, ...]] = set()
    for caption, _ in given.pairs:
        asked_for = tuple(phrases(caption))
        if not asked_for:
            yield f"the caption '{caption}' holds no words; left out"
        elif asked_for in seen:
            yield f"the caption '{caption}' is asked for twice, and its regions count twice; kept"
        seen.add(asked_for)


def _filters(given: Given, meaning: Meaning) -> Iterator[str]:
    rejected = list(dict.fromkeys(reject for _, reject in given.pairs))
    for reject in rejected:
        if not reject.strip():
            yield "an empty filter phrase removes every box of its caption in the released code; left out"
    for word in dict.fromkeys([*rejected, given.product]):
        if "_" in word or word != word.lower():
            whose = "" if word in rejected else " of 'defect on ...'"
            yield (
                f"the filter phrase '{word}'{whose} never fires in the released code, whose answers are lower-case "
                f"word pieces such as '{word.lower().replace('_', ' _ ')}'; other profiles compare words"
            )
    if len({reject for reject in rejected if reject.strip()}) > 1:
        yield "its captions have different filter phrases; here each is rejected whatever the caption"
    if unnamed(rejected, meaning):
        phrase = normalised(meaning.called.replace("_", " "))
        yield f"no filter phrase is a word of '{phrase}', so it is added to reject; that is ours"
