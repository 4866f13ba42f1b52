"""Textures and parts that lie anyhow: each place is compared with all places of the other images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.ops.similarity import mean_distance

Grid = NDArray[np.float32]
"""(h, w, D) float32 features of one image."""
Plane = NDArray[np.float32]

_PLACES_PER_IMAGE = 100
_MAX_BANK = 1600
NEIGHBOUR_RATIO = 0.03
"""Share of the bank that counts as nearest, as within a single image."""
_NUM_PROBES = 24
_PROBE_PLACES = 500
_FULL, _NONE = 1.2, 1.35
"""Distance to the bag against that within the image, up to which the bag counts in full, and from which not."""
_SEED = 0


@dataclass(frozen=True, eq=False)
class Free:
    """A bank of places from all over the bag.

    Attributes:
        bank: (B, D) float32.
        owners: (B,) int64, the image of each row, an index into digests.
        digests: of the images; one does not vouch for itself.
        ratio: median distance of a place to the bag, over that to its own image; near 1 for one texture.
    """

    bank: NDArray[np.float32]
    owners: NDArray[np.int64]
    digests: tuple[str, ...]
    ratio: float

    @property
    def weight(self) -> float:
        """In [0, 1]: how far the other images can vouch for one."""
        return float(np.clip((_NONE - self.ratio) / (_NONE - _FULL), 0, 1))

    def deviations(self, digest: str, described: Grid) -> Plane:
        """(h, w) float32: distance to the bag, standardised within the image.

        Source: SAA+, arXiv 2305.10724, Eq. 5, with the bag in place of the image.
        """
        bank = self.bank
        if digest in self.digests:
            bank = bank[self.owners != self.digests.index(digest)]
        size = described.shape[:2]
        found = _distances(described.reshape(-1, described.shape[-1]), bank).reshape(size)
        smooth = np.asarray(cv2.GaussianBlur(found, (0, 0), 1, borderType=cv2.BORDER_REFLECT_101), np.float32)
        return np.asarray((smooth - np.median(smooth)) / (smooth.std() + 1), np.float32)


def learned(described: Sequence[Grid], digests: Sequence[str]) -> Free:
    """The bank of a bag of at least two images, in the order of their digests."""
    flat = [grid.reshape(-1, grid.shape[-1]) for grid in described]
    each = max(1, min(_PLACES_PER_IMAGE, _MAX_BANK // len(flat)))
    parts = [_some(rows, each) for rows in flat]
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    bank = np.concatenate(parts)
    ratios = []
    for index, rows in enumerate(flat[:_NUM_PROBES]):
        others, probes = bank[owners != index], _some(rows, _PROBE_PLACES)
        within = float(np.median(_distances(probes, _some(rows, len(others)))))
        ratios.append(float(np.median(_distances(probes, others))) / max(within, 1e-6))
    return Free(bank, owners.astype(np.int64), tuple(digests), float(np.median(ratios)))


def _some(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    return rows[np.random.default_rng(_SEED).permutation(len(rows))[:count]]


def _distances(rows: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    return mean_distance(rows, bank, max(1, round(NEIGHBOUR_RATIO * len(bank))))
