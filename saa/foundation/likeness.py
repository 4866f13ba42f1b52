"""How unlike other places each place of an image is, in the features of a network.

The measure is 1 - cosine of the concatenated features of all levels, coarse ones enlarged to the finest grid by
repeating cells. Concatenations and the matrix of all cosines are never made: a product of two concatenations is
the sum of the levels' products, and that of a coarse level is worked out once for all the fine cells below it.
That is exact, takes about a fifth of the work for WideResNet-50-2, and bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saa.ops import similarity
from saa.types import Masks

CHUNK_VALUES = 2**22
"""Cosines at a time, unless one row has more: 16 MB, and at most three such arrays at once."""


@dataclass(frozen=True, eq=False)
class Pyramid:
    """The features of one image.

    Attributes:
        levels: (h, w, D1), (h/2, w/2, D2), (h/4, w/4, D3), … float32, on one device; at least one.
    """

    levels: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        for finer, coarser in pairwise(self.levels):
            wanted = (2 * coarser.shape[0], 2 * coarser.shape[1])
            if tuple(finer.shape[:2]) != wanted:
                raise ValueError(f"levels: expected {wanted} cells below, got {tuple(finer.shape[:2])}")

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) cells of the finest grid."""
        return self.levels[0].shape[0], self.levels[0].shape[1]

    def lengths(self) -> Tensor:
        """(h, w) float32 Euclidean length of the concatenation at each cell of the finest grid."""
        total = self.levels[-1].square().sum(-1)
        for level in reversed(self.levels[:-1]):
            total = repeated(total) + level.square().sum(-1)
        return total.sqrt()


def repeated(grid: Tensor) -> Tensor:
    """(h, w, …) to (2h, 2w, …), each cell four times."""
    return grid.repeat_interleave(2, 0).repeat_interleave(2, 1)


def within(pyramid: Pyramid, cells: NDArray[np.intp], num_neighbours: int, *, farthest: bool) -> Tensor:
    """Mean distance of places to the nearest, or farthest, of the same places.

    A place counts among its own neighbours, with distance 0. Rows are partitioned, never sorted. Takes at most
    the pyramid's memory again and 3 * 4 * `CHUNK_VALUES` bytes.

    Args:
        pyramid: of one image.
        cells: (P,) of the finest grid, row by row from 0; at least one.
        num_neighbours: how many count, at least 1; all if there are no more than these.
        farthest: the places most unlike count, not those most alike.

    Returns:
        (P,) float32 in [-1e-6, 1], or up to 2 for features that may be negative; features of length 0 are unlike
        all others and themselves.

    Raises:
        ValueError: there is no cell, or no neighbour is to count.

    Source: SAA+, arXiv 2305.10724, Eq. 5. The released code takes the farthest, and half of the distance.
    """
    if num_neighbours < 1 or not len(cells):
        raise ValueError(f"expected at least 1 neighbour and 1 cell, got {num_neighbours} and {len(cells)}")
    lengths = _inverse(pyramid.lengths().flatten())
    chosen = torch.from_numpy(cells).to(lengths.device)
    columns = _places(pyramid, chosen)
    count = min(num_neighbours, len(chosen))
    sign = 1 if farthest else -1  # the least of the signed cosines count
    found = []
    for rows in _chunks(chosen):
        cosines = _products(_places(pyramid, rows), columns).mul_(sign * lengths[chosen])
        found.append(1 - sign * lengths[rows] * _mean_of_least(cosines, count))
    return torch.cat(found)


def across(pyramid: Pyramid, masks: Masks, lone_distance: float) -> Tensor:
    """Distance of each object's places to the place most like it on another object.

    A place that belongs to an object never vouches for that object, even if it belongs to another as well. Places
    of several objects get the greatest of their distances. Each pair of places is compared once, however many
    objects overlap there. Takes at most the pyramid's memory again and 3 * 4 * `CHUNK_VALUES` bytes.

    Args:
        pyramid: of one image, its features at least 0.
        masks: (N, h, w) bool, objects on the finest grid.
        lone_distance: in [0, 1], for the places of an object that covers all others.

    Returns:
        (h, w) float32 in [-1e-6, 1]; 0 off the objects.

    Source: the released code of SAA+, for products of several objects; no paper describes it. It takes half of
        the distance, and its `lone_distance` is 1.
    """
    lengths = _inverse(pyramid.lengths().flatten())
    flat = torch.zeros_like(lengths)
    if not masks.any():
        return flat.reshape(pyramid.size)
    cells, members, starts = _by_membership(masks)
    chosen = torch.from_numpy(cells).to(lengths.device)
    belongs = torch.from_numpy(members).to(lengths.device)
    inside = torch.repeat_interleave(belongs, torch.from_numpy(np.diff(starts)).to(lengths.device), dim=0)
    columns = _places(pyramid, chosen)
    for rows, own in zip(_chunks(chosen), _chunks_of(inside, len(chosen)), strict=True):
        cosines = _products(_places(pyramid, rows), columns).mul_(lengths[chosen])
        best = torch.stack([cosines[:, a:b].amax(1) for a, b in pairwise(starts)], dim=1)
        flat[rows] = _farthest_from_others(best.mul_(lengths[rows, None]), own, belongs, lone_distance)
    return flat.reshape(pyramid.size)


def _farthest_from_others(best: Tensor, own: Tensor, belongs: Tensor, lone_distance: float) -> Tensor:
    """(R,) the greatest distance of R places to the others of their objects.

    Args:
        best: (R, G) greatest cosine to each group of places.
        own: (R, N) bool, the objects of each place.
        belongs: (G, N) bool, the objects of each group.
        lone_distance: where no group is apart from an object.
    """
    found = best.new_zeros(len(best))
    for of_place, of_groups in zip(own.T, belongs.T, strict=True):
        apart = best[:, ~of_groups]
        distance = 1 - apart.amax(1) if apart.shape[1] else best.new_full((len(best),), lone_distance)
        found = torch.where(of_place, torch.maximum(found, distance), found)
    return found


def _by_membership(masks: Masks) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """The cells of any object, grouped by the objects they belong to.

    Returns:
        cells: (P,) row by row from 0, group after group.
        members: (G, N) bool, the objects of each group.
        starts: (G + 1,) where groups start and the last one ends.
    """
    flat = masks.reshape(len(masks), -1).T
    covered = np.flatnonzero(flat.any(axis=1))
    packed, group = np.unique(np.packbits(flat[covered], axis=1), axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    starts = np.searchsorted(group.ravel()[order], np.arange(len(packed) + 1))
    members = np.unpackbits(packed, axis=1, count=len(masks)).astype(bool)
    return covered[order], members, starts


@dataclass(frozen=True, eq=False)
class _Places:
    """Some places of a pyramid.

    Attributes:
        features: (P1, D1), (P2, D2), …: of the places, of the cells above them, of those above these, ….
        above: (P1,), (P2,), …: for each row the row of the next level's features that lies above it.
    """

    features: tuple[Tensor, ...]
    above: tuple[Tensor, ...]


def _places(pyramid: Pyramid, cells: Tensor) -> _Places:
    features, above = [pyramid.levels[0].flatten(0, 1)[cells]], []
    for finer, coarser in pairwise(pyramid.levels):
        rows, columns = cells // finer.shape[1], cells % finer.shape[1]
        cells, which = torch.unique(rows // 2 * coarser.shape[1] + columns // 2, return_inverse=True)
        above.append(which)
        features.append(coarser.flatten(0, 1)[cells])
    return _Places(tuple(features), tuple(above))


def _products(rows: _Places, columns: _Places) -> Tensor:
    """(R, P) products of the concatenated features of all rows and columns."""
    found = rows.features[-1] @ columns.features[-1].T
    for level in reversed(range(len(rows.above))):
        wide = found.gather(1, columns.above[level].expand(len(found), -1))
        found = wide.index_select(0, rows.above[level])
        found.addmm_(rows.features[level], columns.features[level].T)
    return found


def _chunks(cells: Tensor) -> Iterator[Tensor]:
    return _chunks_of(cells, len(cells))


def _chunks_of(rows: Tensor, num_columns: int) -> Iterator[Tensor]:
    """Rows of which each has `num_columns` values, as many at a time as fit."""
    return iter(torch.split(rows, max(1, CHUNK_VALUES // max(1, num_columns))))


def _inverse(lengths: Tensor) -> Tensor:
    """1 / length; 0 for 0."""
    return torch.where(lengths > 0, 1 / lengths, 0)


def _mean_of_least(values: Tensor, count: int) -> Tensor:
    """(R,) mean of the `count` least values of each row; on the processor numpy is twice as quick."""
    if values.device.type == "cpu":
        return torch.from_numpy(similarity.least(values.numpy(), count).mean(axis=1))
    return values.topk(count, largest=False, sorted=False).values.mean(1)
