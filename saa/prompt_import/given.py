"""What the released code is given of one product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]
"""A caption, and the phrase that is never a defect when the caption is answered."""


@dataclass(frozen=True)
class Given:
    """One product as it is written for the released code.

    Attributes:
        product: its name in the data set, under which its pairs stand.
        sentence: its property sentence.
        pairs: its prompt pairs, in their order.
        source: where it was written, for people.
        key: the name under which the sentence stands, if that is another one.
        flat: whether its only pair stood there without a list around it.
    """

    product: str
    sentence: str
    pairs: tuple[Pair, ...]
    source: str
    key: str = ""
    flat: bool = False
