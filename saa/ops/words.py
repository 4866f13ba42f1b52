"""Whole-word matching of phrases, as reject phrases and duplicate checks need it.

Words are compared without case, underscores and hyphens count as spaces, and a plural s does not matter:
`Metal_Nuts` and `metal nut` are the same words. `nut` is not part of `hazelnut`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PLACE_WORDS = frozenset(["at", "in", "on"])
"""What follows one of these says where a defect is, not what it is."""


def words(phrase: str) -> tuple[str, ...]:
    """The words of a phrase, lower-cased and in the singular, in order."""
    return tuple(_singular(word) for word in re.findall(r"[^\W_]+", phrase.lower()))


def contains(phrase: str, part: str) -> bool:
    """Whether the words of `part` stand side by side in `phrase`; a part without words never does."""
    whole, wanted = words(phrase), words(part)
    starts = range(len(whole) - len(wanted) + 1)
    return bool(wanted) and any(whole[i : i + len(wanted)] == wanted for i in starts)


def subject(phrase: str) -> str:
    """What a phrase names, without where it is: `bent wire` of `bent wire on pcb`.

    A phrase that starts with its place (`on pcb`) is returned whole.
    """
    spelled = phrase.split()
    for i, word in enumerate(spelled):
        if i > 0 and word.lower() in PLACE_WORDS:
            return " ".join(spelled[:i])
    return phrase


def rejected(phrase: str, reject: Sequence[str]) -> bool:
    """Whether a phrase names something that is never a defect.

    `bottle` rejects `bottle` and `glass bottle`, but not `crack on bottle`, which names a crack. A detector
    that reports the single words it fired on, without their grammar, should ask `contains` instead.

    Source: the background filter of the code released with arXiv 2305.10724. Differs: there any substring
    of the words that fired counts, so `nut` would reject `hazelnut` too.
    """
    named = subject(phrase)
    return any(contains(named, word) for word in reject)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
