"""How much of a page one category may take, so that a page stays below 30 MB whatever the number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MAX_EACH = 6
_MAX_CARDS = 160
_MAX_PIXELS = 50_000_000
_LEAST_SIDE_PX, _SIDE_PX = 32, 400


@dataclass(frozen=True)
class Room:
    """What one category may take.

    Attributes:
        each: how many images of each group are shown.
        side: the side of a square with as many pixels as a picture may have.
    """

    each: int
    side: int


def among(num_categories: int) -> Room:
    """The more categories, the fewer images of each and the smaller; one image of each is always shown.

    A category shows at most `each` images each of the best and the worst and half as many good ones, with four
    pictures each. Fifty million pixels of noise, which nothing compresses, are 25 MB of page.
    """
    count = max(1, num_categories)
    each = max(1, min(_MAX_EACH, int(_MAX_CARDS / (2.5 * count))))
    pictures = 4 * count * (2 * each + max(1, each // 2))
    return Room(each, max(_LEAST_SIDE_PX, min(_SIDE_PX, math.isqrt(_MAX_PIXELS // pictures))))
