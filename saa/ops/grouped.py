"""Pixel curves of a category and of each of its groups, such as types of defects."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from saa.ops import counting
from saa.ops.counting import Asked, Labelled
from saa.ops.curves import Curve

GROUP_TOLERANCE = 5e-6
"""Bound of the error of a single group's figures; that of all together is `counting.TOLERANCE`."""
_AT_ONCE = 8
"""Groups that are counted in one reading, 10 to 40 MB each."""
_OTHERS = "\0"


class Maps(Protocol):
    """Maps that can be gone through several times and are always the same ones."""

    def __iter__(self) -> Iterator[Labelled]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class GroupedCurves:
    """Curves of counted pixels.

    Attributes:
        whole: of all groups together.
        each: by group, without the shared one: its pixels and those of the shared one.
        limits: the lowest and the highest score that counts; infinities, the wrong way round, if there is none.
    """

    whole: Curve
    each: Mapping[str, Curve]
    limits: tuple[float, float] = (math.inf, -math.inf)


def pixel_curves(groups: Mapping[str, Maps], shared: str) -> GroupedCurves:
    """The curve of all maps within `TOLERANCE` of the exact one, and of each group within `GROUP_TOLERANCE`.

    Mostly from one reading of the maps; the shared ones are read again for every eight groups.

    Args:
        groups: maps by group.
        shared: the group whose maps belong to every other one, too; it may be missing.
    """
    names = sorted(groups.keys() - {shared})
    first, *rest = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)] or [[]]
    limits = _Limits()
    whole, *each = counting.pixel_curves(
        lambda: limits.of(_mixed(groups, (*first, shared))), [Asked(), *_asked(first, shared)]
    )
    for some in rest:
        own = {name: maps for name, maps in groups.items() if name in (*some, shared)}
        each += counting.pixel_curves(partial(_mixed, own, own), _asked(some, shared))
    return GroupedCurves(whole, dict(zip(names, each, strict=True)), (limits.lowest, limits.highest))


def _asked(names: Sequence[str], shared: str) -> list[Asked]:
    return [Asked((name, shared), GROUP_TOLERANCE) for name in names]


def _mixed(groups: Mapping[str, Maps], told: Collection[str]) -> Iterator[Labelled]:
    """All maps, one of each group first and those of each spread evenly; groups that need not be told are one."""
    maps = {name: iter(each) for name, each in groups.items()}
    turns = sorted((nth / len(each), name) for name, each in groups.items() for nth in range(len(each)))
    return (next(maps[name])._replace(group=name if name in told else _OTHERS) for _, name in turns)


class _Limits:
    """The lowest and the highest score of what has been gone through."""

    def __init__(self) -> None:
        self.lowest, self.highest = math.inf, -math.inf

    def of(self, maps: Iterator[Labelled]) -> Iterator[Labelled]:
        """The same maps, each looked at."""
        for each in maps:
            scores = each.anomaly_map if each.scored is None else each.anomaly_map[each.scored]
            if scores.size:
                self.lowest = min(self.lowest, float(scores.min()))
                self.highest = max(self.highest, float(scores.max()))
            yield each
