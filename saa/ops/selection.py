"""The best regions of many suspects, without a mask for those that cannot be among them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from saa.ops import scoring
from saa.types import Proposals, Regions

_AT_ONCE = 8
_ROUNDING = 1 + 1e-6


def best(
    suspects: Proposals,
    count: int,
    most: float,
    weighed: Callable[[Proposals], Regions],
    size: tuple[int, int],
) -> Regions:
    """The `count` best regions, best first: what all suspects, weighed at once, would give.

    Suspects are weighed some at a time, those with the highest scores first, until no further one can reach the
    best: a score grows `most` times at most.

    Args:
        suspects: N boxes.
        count: at least 1.
        most: at least 1; no score grows more than this by being weighed.
        weighed: regions of suspects with their final scores; implausible ones are left out. What it says of a
            suspect must not depend on the others.
        size: (h, w) of the image.
    """
    order = np.argsort(-suspects.scores, kind="stable")
    step = max(_AT_ONCE, count)
    found = Regions.none(size)
    for first in range(0, len(order), step):
        highest = float(suspects.scores[order[first]]) * most * _ROUNDING
        if len(found) == count and highest < found.scores[-1]:
            break
        found = scoring.top_k(found + weighed(suspects[order[first : first + step]]), count)
    return found
