"""How the connected components of a map grow and merge as the threshold falls, at every threshold at once.

Every pixel climbs to the highest of its neighbours until it stands on a peak; all that climb to one peak are its
basin. At any threshold the part of a basin that lies above it is connected, so components are sets of basins: one
appears at each peak, and two become one where the highest saddle between them lies. Which saddles those are, a
spanning tree of the basins says. Basins are a hundred times fewer than pixels, and all else is done on whole arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.types import AnomalyMap

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_CHUNK = 1 << 14
"""Pixels that climb the tree together; they stay in the processor's cache."""
_AROUND = np.ones((3, 3), np.uint8)
_ALL, _FIRST, _LATER = slice(None), slice(None, -1), slice(1, None)
_STEPS = (((_ALL, _FIRST), (_ALL, _LATER)), ((_FIRST, _ALL), (_LATER, _ALL)),
          ((_FIRST, _FIRST), (_LATER, _LATER)), ((_FIRST, _LATER), (_LATER, _FIRST)))  # fmt: skip
"""Each pixel and its neighbour to the right, below, and on both diagonals below."""


@dataclass(frozen=True, eq=False)
class Basins:
    """The 8-connected components of an (H, W) map at all thresholds t, where what is at least t is called.

    As many components are there at t as there are peaks at or above it, less the saddles at or above it.

    Attributes:
        labels: (H, W) int32, the basin of each pixel; -1 where the map is minus infinity, which is never called.
        peaks: (N,) float32, the highest value of each basin.
        saddles: (M,) float32, falling, where two components become one.
        sides: (M, 2) int32, a basin of each of the two.
    """

    labels: NDArray[np.int32]
    peaks: NDArray[np.float32]
    saddles: NDArray[np.float32]
    sides: NDArray[np.int32]

    @classmethod
    def of(cls, anomaly_map: AnomalyMap) -> Basins:
        """Those of a map without NaN."""
        from scipy.sparse.csgraph import minimum_spanning_tree

        labels, peaks = _climbed(anomaly_map)
        tree = minimum_spanning_tree(_touching(anomaly_map, labels, len(peaks))).tocoo()
        order = np.argsort(tree.data, kind="stable")
        saddles = (-tree.data[order]).astype(np.float32)
        return cls(labels, peaks, saddles, np.stack([tree.row, tree.col], axis=1)[order])

    @cached_property
    def tree(self) -> LevelTree:
        """Which component becomes part of which."""
        return LevelTree.of(self)


@dataclass(frozen=True, eq=False)
class LevelTree:
    """The components of a map as K nodes: N basins, then one for each saddle. A parent comes after its children.

    Attributes:
        heights: (K,) float32, the highest threshold at which each is there.
        parents: (K,) int32, what it becomes part of; -1 if it never does.
        places: (K,) int64; the nodes below node k have the places after its own ...
        sizes: (K,) int64, ... as many as `sizes[k]`, with its own.
    """

    heights: NDArray[np.float32]
    parents: NDArray[np.int32]
    places: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, basins: Basins) -> LevelTree:
        """The tree of some basins."""
        leaves, count = len(basins.peaks), len(basins.peaks) + len(basins.saddles)
        group, parents, sizes = list(range(count)), [-1] * count, [1] * count
        children = []
        for node, (one, other) in enumerate(basins.sides.tolist(), start=leaves):
            pair = _root(group, one), _root(group, other)
            for child in pair:
                group[child] = parents[child] = node
                sizes[node] += sizes[child]
            children.append(pair)
        places, free = [0] * count, 0
        for node in range(count - 1, -1, -1):
            if parents[node] < 0:
                places[node] = free
                free += sizes[node]
            if node >= leaves:
                one, other = children[node - leaves]
                places[one] = places[node] + 1
                places[other] = places[one] + sizes[one]
        heights = np.concatenate([basins.peaks, basins.saddles])
        return cls(heights, np.array(parents, np.int32), np.array(places), np.array(sizes))

    @property
    def ends(self) -> NDArray[np.float32]:
        """(K,) the threshold at which each is not there any more, but its parent is."""
        return np.where(self.parents < 0, np.float32(-np.inf), self.heights[self.parents])

    def below(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """(K,) the sum of (K,) counts over each node and those below it."""
        ordered = np.zeros(len(counts) + 1, np.int64)
        ordered[self.places + 1] = counts
        sums = np.cumsum(ordered)
        return np.asarray(sums[self.places + self.sizes] - sums[self.places])

    def entered(self, nodes: NDArray[np.int32], values: NDArray[np.float32]) -> NDArray[np.int32]:
        """(P,) the component that each of P pixels becomes part of, given their basins and values."""
        top = len(self.heights)
        stride, heights = (
            np.where(self.parents < 0, top, self.parents),
            np.append(self.heights, np.float32(-np.inf)),
        )
        strides = [np.append(stride, top).astype(np.int32)]
        while (strides[-1] < top).any():
            strides.append(strides[-1][strides[-1]])
        entered = nodes.copy()
        for start in range(0, len(nodes), _CHUNK):
            part = entered[start : start + _CHUNK]
            for stride in reversed(strides):
                further = np.take(stride, part)
                np.copyto(part, further, where=np.take(heights, further) >= values[start : start + _CHUNK])
        return entered


def _root(group: list[int], node: int) -> int:
    """The outermost group that a node is in; the way there is halved."""
    while group[node] != node:
        group[node] = group[group[node]]
        node = group[node]
    return node


def _climbed(anomaly_map: AnomalyMap) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The number of each pixel's basin, and the value of each peak."""
    height, width = anomaly_map.shape
    numbers = np.arange(height * width, dtype=np.int32).reshape(height, width)
    best = cv2.dilate(anomaly_map, _AROUND, borderType=cv2.BORDER_REPLICATE)
    above = np.empty_like(numbers)
    for dy in (-1, 0, 1):  # of equal neighbours the last: nobody climbs in circles
        for dx in (-1, 0, 1):
            here = slice(max(-dy, 0), height - max(dy, 0)), slice(max(-dx, 0), width - max(dx, 0))
            there = slice(max(dy, 0), height - max(-dy, 0)), slice(max(dx, 0), width - max(-dx, 0))
            np.copyto(above[here], numbers[there], where=anomaly_map[there] == best[here])
    climbed = above.ravel()
    while not np.array_equal(further := climbed[climbed], climbed):
        climbed = further
    peaks = np.flatnonzero((climbed == numbers.ravel()) & (anomaly_map.ravel() > -np.inf))
    labels = np.empty(climbed.shape, np.int32)
    labels[peaks] = np.arange(len(peaks))
    labels = np.where(anomaly_map.ravel() > -np.inf, labels[climbed], -1)
    return labels.reshape(height, width), anomaly_map.ravel()[peaks]


def _touching(anomaly_map: AnomalyMap, labels: NDArray[np.int32], count: int) -> csr_matrix:
    """Which of the `count` basins touch and where: minus the lower value of each two pixels that do.

    Many entries may be of the same two basins. None is zero, which would be no entry.
    """
    from scipy.sparse import csr_matrix

    low, high, values = [], [], []
    for here, there in _STEPS:
        where = np.flatnonzero(labels[here] != labels[there])
        one, other = labels[here].ravel()[where], labels[there].ravel()[where]
        low.append(np.minimum(one, other))
        high.append(np.maximum(one, other))
        values.append(np.minimum(anomaly_map[here].ravel()[where], anomaly_map[there].ravel()[where]))
    rows, columns, heights = map(np.concatenate, (low, high, values))
    order = np.argsort(rows, kind="stable")
    order = order[np.searchsorted(rows[order], 0) :]  # without what is never called
    weights = -heights[order].astype(np.float64)
    weights[weights == 0] = np.finfo(np.float64).tiny  # closer to zero than any float32
    starts = np.searchsorted(rows[order], np.arange(count + 1)).astype(np.int32)
    return csr_matrix((weights, columns[order], starts), shape=(count, count))
