"""Mean distance to the nearest features of a bank, against scikit-learn's exact search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._measuring import Result, check_same, in_turns, times_as_fast
from saa.ops.similarity import mean_distance
from saa.runs.threads import one_thread

SUMMARY = "similarity.mean_distance against scikit-learn's NearestNeighbors (brute), one thread"
TOLERANCE = 1e-4
"""Share of the mean distance; a feature that is itself in the bank lies at nearly 0 in float32, not at 0."""


@dataclass(frozen=True)
class Size:
    """Features, their width, bank rows, and how many of the nearest count: as the embedded engine asks."""

    features: int = 10_000
    width: int = 28
    bank: int = 800
    neighbours: int = 24
    rounds: int = 11


FULL = Size()
QUICK = Size(rounds=3)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the library's.

    Raises:
        RuntimeError: the answers differ by more than `TOLERANCE`.
    """
    rng = np.random.default_rng(0)
    features = rng.standard_normal((size.features, size.width)).astype(np.float32)
    bank = features[rng.permutation(size.features)[: size.bank]]

    def ours() -> NDArray[np.float32]:
        return mean_distance(features, bank, size.neighbours)

    def theirs() -> NDArray[np.float64]:
        from sklearn.neighbors import NearestNeighbors

        search = NearestNeighbors(n_neighbors=size.neighbours, algorithm="brute").fit(bank)
        return np.asarray(search.kneighbors(features)[0].mean(axis=1))

    with one_thread():
        exact = theirs()
        difference = float(np.abs(ours() - exact).max() / exact.mean())
        check_same("neighbours", difference, TOLERANCE)
        mine, library = in_turns(size.rounds, ours, theirs)
    what = f"{size.features:,} × {size.width} features, {size.neighbours} of {size.bank}, same to {difference:.0e}"
    return [times_as_fast(what, mine, library, "scikit-learn")]
