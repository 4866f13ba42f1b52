"""How much of a page one category may take, so that a page stays below 30 MB whatever the number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MAX_EACH = 6
_MAX_CARDS = 160
_MAX_PIXELS = 50_000_000
_MAX_LETTERS = 25_000_000
_LEAST_SIDE_PX, _SIDE_PX = 32, 400


@dataclass(frozen=True)
class Room:
    """What one category may take.

    Attributes:
        each: how many images of each group are shown.
        side: the side of a square with as many pixels as a picture may have.
        letters: how long a picture may be, written into the page.
    """

    each: int
    side: int
    letters: int


def among(num_categories: int) -> Room:
    """The more categories, the fewer images of each and the smaller; one image of each is always shown.

    A category shows at most `each` images each of the best and the worst and half as many good ones, with four
    pictures each. All pictures together have at most fifty million pixels in 25 MB of page; photographs take a
    quarter of that, and noise is compressed until it fits.
    """
    count = max(1, num_categories)
    each = max(1, min(_MAX_EACH, int(_MAX_CARDS / (2.5 * count))))
    pictures = 4 * count * (2 * each + max(1, each // 2))
    side = max(_LEAST_SIDE_PX, min(_SIDE_PX, math.isqrt(_MAX_PIXELS // pictures)))
    return Room(each, side, _MAX_LETTERS // pictures)
