"""Pixel curves of a category and of each of its groups, such as types of defects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve

GROUP_TOLERANCE = 5e-6
"""Bound of the error of a single group's figures; that of all together is `counting.TOLERANCE`."""


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
    """

    whole: Curve
    each: Mapping[str, Curve]


def pixel_curves(groups: Mapping[str, Maps], shared: str) -> GroupedCurves:
    """The curve of all maps within `TOLERANCE` of the exact one, and of each group within `GROUP_TOLERANCE`.

    Args:
        groups: maps by group.
        shared: the group whose maps belong to every other one, too; it may be missing.
    """
    whole = pixel_curve(partial(_mixed, groups)).thinned()
    each = {}
    for name in sorted(groups.keys() - {shared}):
        own = {group: maps for group, maps in groups.items() if group in (name, shared)}
        each[name] = pixel_curve(partial(_mixed, own), GROUP_TOLERANCE).thinned()
    return GroupedCurves(whole, each)


def _mixed(groups: Mapping[str, Maps]) -> Iterator[Labelled]:
    """All maps, those of each group spread evenly over the others."""
    maps = {name: iter(each) for name, each in groups.items()}
    turns = sorted(
        ((nth + 0.5) / len(each), name) for name, each in groups.items() for nth in range(len(each))
    )
    return (next(maps[name]) for _, name in turns)
