"""Mean distance to the nearest features of a bank, against scikit-learn's and FAISS's searches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks._measuring import Result, check_same, in_turns, times_as_fast
from saa.ops.similarity import mean_distance
from saa.runs.threads import one_thread

SUMMARY = "similarity.mean_distance against scikit-learn's NearestNeighbors (brute) and FAISS, one thread"
TOLERANCE = 1e-4
"""Share of the mean distance; a feature that is itself in the bank lies at nearly 0 in float32, not at 0."""
_ROWS_A_LIST = 50
_LISTS_A_PROBE = 4
"""The inverted lists hold so many rows each, and one of so many is searched."""

Distances = NDArray[np.float32]
Search = Callable[[NDArray[np.float32], NDArray[np.float32], int], Distances]
"""(P,) mean distance of (P, D) features to the nearest rows of a (B, D) bank, which it has to prepare first."""


@dataclass(frozen=True)
class Size:
    """Features, their width, and banks: rows, and how many of the nearest count.

    The banks are those that the embedded engine asks for one image and for a batch.
    """

    features: int = 10_000
    width: int = 28
    banks: tuple[tuple[int, int], ...] = ((800, 24), (1600, 48))
    rounds: int = 11


FULL = Size()
QUICK = Size(rounds=3)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the libraries'; FAISS's only where it is installed.

    Raises:
        RuntimeError: an exact search gives another answer, by more than `TOLERANCE`.
    """
    exact: dict[str, Search] = {"scikit-learn": _scikit_learn}
    near: dict[str, Search] = {}
    with suppress(ImportError):
        import faiss  # noqa: F401 - here, so that `one_thread` finds its libraries

        exact["FAISS IndexFlatL2"] = _faiss_flat
        near["FAISS IndexIVFFlat"] = _faiss_lists
    with one_thread():
        return [result for rows, count in size.banks for result in _bank(size, rows, count, exact, near)]


def _bank(
    size: Size, rows: int, count: int, exact: dict[str, Search], near: dict[str, Search]
) -> list[Result]:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((size.features, size.width)).astype(np.float32)
    bank = features[rng.permutation(size.features)[:rows]]
    ours = mean_distance(features, bank, count)
    told = {}
    for whose, search in exact.items():
        theirs = search(features, bank, count)
        difference = float(np.abs(ours - theirs).max() / theirs.mean())
        check_same(f"neighbours, {whose}", difference, TOLERANCE)
        told[whose] = f"same to {difference:.0e}"
    for whose, search in near.items():
        off = float(np.abs(ours - search(features, bank, count)).mean() / ours.mean())
        told[whose] = f"near: theirs is off by {off:.1%} on average"
    searches = [mean_distance, *exact.values(), *near.values()]
    mine, *others = in_turns(size.rounds, *(partial(search, features, bank, count) for search in searches))
    what = f"{size.features:,} × {size.width} features, {count} of {rows:,}"
    return [
        times_as_fast(f"{what}, {told[whose]}", mine, seconds, whose)
        for whose, seconds in zip(told, others, strict=True)
    ]


def _scikit_learn(features: NDArray[np.float32], bank: NDArray[np.float32], count: int) -> Distances:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(bank)
    return np.asarray(search.kneighbors(features)[0].mean(axis=1), np.float32)


def _faiss_flat(features: NDArray[np.float32], bank: NDArray[np.float32], count: int) -> Distances:
    import faiss

    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)
    return _root_mean(index.search(features, count)[0])


def _faiss_lists(features: NDArray[np.float32], bank: NDArray[np.float32], count: int) -> Distances:
    """Rows in lists around centres, of which the nearest are searched: faster on large banks, not exact."""
    import faiss

    width, num_lists = bank.shape[1], max(1, len(bank) // _ROWS_A_LIST)
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, num_lists)
    index.nprobe = -(-num_lists // _LISTS_A_PROBE)
    index.train(bank)
    index.add(bank)
    return _root_mean(index.search(features, count)[0])


def _root_mean(squared: NDArray[np.float32]) -> Distances:
    """(P,) mean of (P, N) distances that FAISS has left squared."""
    return np.asarray(np.sqrt(squared).mean(axis=1), np.float32)
