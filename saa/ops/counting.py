"""Curves of any number of pixels in fixed memory, as good as exact.

Sorting all pixels gives the exact curve and takes gigabytes. A histogram takes none, but answers wrongly
when the bins do not fit the values. Here the bins are made to fit, and the error is proved, not hoped:

1. A float32 becomes a uint32 key in the same order. The key space is cut into cells at key boundaries, so
   counts at cell borders are exact, whatever the values are.
2. The first images tell where values lie and how good and defective ones mix there; the cells are cut
   accordingly, then everything is counted (`counts`), mostly once and for all.
3. From the counts follows how far each metric could be off, whatever the order inside the cells
   (`doubts`). A cell of one single value, or of pixels of one label, adds nothing or next to nothing.
   While a bound exceeds the tolerance, the guilty cells are cut finer (`cells`), and what lies in them is
   counted again.

Why it ends, in fixed memory: each round cuts every guilty cell at least in two, and a cell of a single
float32 is never guilty. The doubt of a cell is at most about the product of its shares of the positives (or
of their regions) and of the negatives, so cells with a share below the tolerance cannot be guilty together:
their number is bound by the tolerance and not by the number of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from itertools import chain
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saa.ops import cells
from saa.ops.cells import TOLERANCE, Asked, Cells
from saa.ops.counts import Counts, Labelled, counted
from saa.ops.curves import Curve
from saa.ops.fitting import fitted
from saa.ops.grids import Grid

__all__ = ["TOLERANCE", "Asked", "Labelled", "pixel_curve", "pixel_curves"]
_HELD_PIXELS = 1 << 24
"""So many are kept, at 5 bytes each; if that is all there is, nothing is read twice."""
_HELD_TOLERANCE = 0.3
"""Then counting again costs little: this part of the tolerance is allowed. Of few pixels the errors do not cancel."""
_SAMPLE_PIXELS = 1 << 22
"""So many of these, of rows here and there, are counted first."""

Source = Callable[[], Iterable[Labelled]]
"""Gives maps anew each time it is called, always the same ones. Mixed order is best: the first millions of
pixels decide how the rest is counted."""


def pixel_curve(
    source: Source, tolerance: float = TOLERANCE, recalls: Sequence[float] = (), *, exact_f1: bool = False
) -> Curve:
    """The curve of all pixels of all maps; every metric from it is within `tolerance` of the exact one.

    Args:
        source: the maps.
        tolerance: of max-F1, AUROC, AUPRO and average precision.
        recalls: those at which the false positive rate is to be as exact.
        exact_f1: max-F1 shall have no error, for what hangs on its threshold; may take further readings.

    Returns:
        At most some millions of thresholds. Each is the lower end of a cell: the counts at it are exact.
    """
    return pixel_curves(source, [Asked(None, tolerance, recalls, exact_f1)])[0]


def pixel_curves(source: Source, asked: Sequence[Asked]) -> list[Curve]:
    """Several curves, each of all or of some groups of the same maps, which are read together.

    Args:
        source: the maps.
        asked: what is to be known of which groups; a group may be in several.

    Returns:
        The curve that answers each, as by `pixel_curve`.
    """
    maps = iter(source())
    first = list(_held(maps))
    grid = _fitted(first, asked)
    again = source
    if _num_pixels(first) < _HELD_PIXELS:
        again = partial(list, list(first))
        asked = [replace(each, tolerance=_HELD_TOLERANCE * each.tolerance) for each in asked]
    answers = _Answers(asked)
    counts = counted(grid, chain(_let_go(first), maps))
    for nth, what in enumerate(asked):
        answers.take(nth, _summed(grid, counts, what).cells)
    while answers.open:
        lows, grid = answers.in_doubt()
        counts = counted(grid, again())
        for nth, found in list(answers.open.items()):
            answers.take(nth, found.cells.replaced(lows, _summed(grid, counts, asked[nth]).cells))
    return [answers.curves[nth] for nth in range(len(asked))]


class _Doubtful(NamedTuple):
    cells: Cells
    bits: NDArray[np.int64]


class _Answers:
    """Curves as they become exact enough, one after the other: cells of all at once would take much memory."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._asked = asked
        self.curves: dict[int, Curve] = {}
        self.open: dict[int, _Doubtful] = {}

    def take(self, nth: int, found: Cells) -> None:
        bits = cells.finer(found, self._asked[nth])
        self.open.pop(nth, None)
        if bits.any():
            self.open[nth] = _Doubtful(found, bits)
        else:
            self.curves[nth] = found.curve

    def in_doubt(self) -> tuple[NDArray[np.int64], Grid]:
        """The lowest keys of the cells that one or the other wants to be cut, and a grid of what is in them."""
        every = [(found.lows, found.widths, bits, bits > 0) for found, bits in self.open.values()]
        lows, widths, wanted = (
            np.concatenate([each[column][each[3]] for each in every]) for column in range(3)
        )
        parts, where, inverse = np.unique(lows, return_index=True, return_inverse=True)
        most = np.zeros_like(parts)
        np.maximum.at(most, inverse, wanted)
        return parts, Grid.within(parts, widths[where], most)


def _summed(grid: Grid, counts: Mapping[str, Counts], asked: Asked) -> Counts:
    """The counts of its groups."""
    own = [each for group, each in counts.items() if asked.groups is None or group in asked.groups]
    return reduce(add, own) if own else Counts.none(grid)


def _fitted(first: Sequence[Labelled], asked: Sequence[Asked]) -> Grid:
    """A grid for pixels of which these are the first."""
    step = -(-_num_pixels(first) // _SAMPLE_PIXELS)
    counts = counted(Grid.coarse(), (each.rows(step) for each in first) if step > 1 else first)
    sample = [_summed(Grid.coarse(), counts, what).cells for what in asked]
    occupied = sum((each.totals > 0 for each in counts.values()), np.zeros(Grid.coarse().size, np.bool_))
    return fitted(sample, occupied, asked)


def _held(maps: Iterator[Labelled]) -> Iterator[Labelled]:
    pixels = 0
    for labelled in maps:
        yield labelled
        pixels += labelled.mask.size
        if pixels >= _HELD_PIXELS:
            return


def _let_go(maps: list[Labelled]) -> Iterator[Labelled]:
    """All of them; what has been taken is not kept."""
    maps.reverse()
    while maps:
        yield maps.pop()


def _num_pixels(maps: Iterable[Labelled]) -> int:
    return sum(each.mask.size for each in maps)
