"""The property sentence: what it means, and what its words are taken for when they are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from saa.errors import PromptError

EXAMPLE = (
    "the image of bottle have 1 dissimilar bottle, with a maximum of 5 anomaly. "
    "The anomaly would not exceed 0.3 object area."
)

_SHOWS = r"(?:have|has|shows?|contains?)"
_PARTS = {
    "what the image shows, 'image of bottle have'": re.compile(
        rf"\bimage of (?P<named>\S.*?) {_SHOWS}\b", re.IGNORECASE
    ),
    "how many of what, 'have 1 dissimilar bottle, with a maximum'": re.compile(
        rf"\b{_SHOWS} (?P<count>\d{{1,9}}) (?:(?P<likeness>similar|dissimilar) )?"
        r"(?P<object>[^\s,].*?)(?: ?(?P<comma>,) ?| )with (?:a )?maximum\b",
        re.IGNORECASE,
    ),
    "the number of anomalies, 'maximum of 5'": re.compile(
        r"\bmaximum of (?P<top_k>\d{1,9})\b", re.IGNORECASE
    ),
    "the largest area, 'exceed 0.3'": re.compile(
        r"\bexceed (?P<area>\d{1,9}\.?\d{0,9}|\.\d{1,9}) ?(?P<percent>%?)", re.IGNORECASE
    ),
}
"""Each part of the sentence by what it says and how it is written; white space is single."""


@dataclass(frozen=True)
class Meaning:
    """What a property sentence says.

    Attributes:
        named: what the image is said to show.
        called: the object as it is written, often with underscores.
        comma: whether a comma stands behind the object.
        count: how many of it there are.
        likeness: `similar`, `dissimilar` or nothing.
        top_k: how many anomalies there are at most.
        max_area_ratio: how large they are at most, a share of the object's area.
    """

    named: str
    called: str
    comma: bool
    count: int
    likeness: str
    top_k: int
    max_area_ratio: float


def read(sentence: str) -> Meaning:
    """What a sentence says, by meaning: an object may have several words, and a comma may be missing.

    Raises:
        PromptError: a part of it is missing.
    """
    spaced = " ".join(sentence.split())
    found = {part: pattern.search(spaced) for part, pattern in _PARTS.items()}
    missing = [part for part, match in found.items() if match is None]
    if missing:
        raise PromptError(
            f"property sentence: expected {' and '.join(missing)}, got '{spaced}'; write it like: {EXAMPLE}"
        )
    said = {name: text or "" for match in found.values() if match for name, text in match.groupdict().items()}
    return Meaning(
        named=said["named"],
        called=said["object"],
        comma=bool(said["comma"]),
        count=int(said["count"]),
        likeness=said["likeness"].lower(),
        top_k=int(said["top_k"]),
        max_area_ratio=float(said["area"]) / (100 if said["percent"] else 1),
    )


def misread(sentence: str, meaning: Meaning) -> list[str]:
    """What the released code, which counts words between single spaces, takes for something else than is meant."""
    words = sentence.split(" ")
    odd: list[str] = []
    for place, number, part, meant in _counted(meaning):
        word = words[place] if place < len(words) else ""
        try:
            taken = number(word)
        except ValueError:
            return [*odd, f"the released code takes word {place + 1}, '{word}', for {part} and stops"]
        if taken != meant:
            odd.append(
                f"the released code takes word {place + 1}, '{word}', for {part}; '{meant}' is meant and imported"
            )
    return odd


_Number = Callable[[str], object]


def _counted(meaning: Meaning) -> list[tuple[int, _Number, str, object]]:
    """The places that are read, in their order: how they are read, as what, and what is meant."""
    return [
        (5, int, "the number of objects", meaning.count),
        (7, lambda word: word.removesuffix(","), "the object", meaning.called),
        (12, int, "the number of anomalies", meaning.top_k),
        (19, float, "the largest area", meaning.max_area_ratio),
    ]
