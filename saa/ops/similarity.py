"""How far features lie from their nearest neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHUNK_ROWS = 8192
"""Rows compared at a time: a chunk against 1,000 bank rows takes 32 MB."""


def mean_distance(
    features: NDArray[np.float32], bank: NDArray[np.float32], num_neighbours: int
) -> NDArray[np.float32]:
    """Mean Euclidean distance of each feature to its nearest neighbours in a bank.

    Peak memory is bounded by `CHUNK_ROWS`; the distances are partitioned, never sorted.

    Args:
        features: (P, D) float32.
        bank: (B, D) float32, B at least 1.
        num_neighbours: how many of the nearest count, 1 to B.

    Returns:
        (P,) float32, at least 0.

    Raises:
        ValueError: the widths differ, or there are fewer bank rows than neighbours.

    Source: SAA+, arXiv 2305.10724, Eq. 5, with the Euclidean distance in place of 1 - cosine. Nearest as the
        paper says; the released code averages the farthest.
    """
    if features.shape[1] != bank.shape[1] or not 1 <= num_neighbours <= len(bank):
        raise ValueError(
            f"expected a bank of width {features.shape[1]} with at least {max(num_neighbours, 1)} rows, "
            f"got {bank.shape}"
        )
    lengths = np.einsum("bd,bd->b", bank, bank)
    found = np.empty(len(features), np.float32)
    for start in range(0, len(features), CHUNK_ROWS):
        rows = features[start : start + CHUNK_ROWS]
        squared = rows @ (-2.0 * bank.T)
        squared += lengths
        nearest = least(squared, num_neighbours) + np.einsum("pd,pd->p", rows, rows)[:, None]
        found[start : start + CHUNK_ROWS] = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return found


def least(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """(P, count) the least values of each row, in any order; no row is sorted.

    Args:
        values: (P, B) float32; its rows are reordered, and the answer is a view of it.
        count: 1 to B.
    """
    if count < values.shape[1]:
        values.partition(count - 1, axis=1)
    return values[:, :count]
