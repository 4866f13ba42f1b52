"""How far a bank of some places of a texture's images stands in for all places of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import saa
from benchmarks._drawn import picture, pictures
from benchmarks._measuring import Result, in_turns, times_as_long
from saa.modes import BATCH
from saa.ops.similarity import mean_distance
from saa.runs.threads import one_thread
from saa.types import Frame

SUMMARY = "distance to the bank that a fit keeps of a texture against distance to all places of all images"
NEIGHBOUR_RATIO = 0.03
"""Share of a bank that counts as nearest, as in batch mode."""
_FEATURES_AT_ONCE = 128
_NUM_ASKED = 5
"""Images outside the batch whose places are looked up."""


@dataclass(frozen=True)
class Size:
    """Images of the batch, places that are looked up, and pixels a side."""

    images: int = 96
    features: int = 1000
    side: int = 448
    product: str = "fabric"
    rounds: int = 1


FULL = Size()
QUICK = Size(images=16, features=200)


def measure(size: Size) -> list[Result]:
    """The time of the search as a share of that of the full one; how alike the distances are."""
    recipe = saa.load(f"demo/{size.product}", "embedded", BATCH)
    describer = recipe.features.build(recipe.prompt)

    def places(number: int) -> NDArray[np.float32]:
        described = describer.describe(Frame(picture(size.product, number, size.side)), levelled=True)
        return described.reshape(-1, described.shape[-1])

    with one_thread():
        bank = recipe.fit(pictures(size.product, size.images, size.side)).arrays["bank"]
        every = np.concatenate([places(number) for number in range(size.images)])
        asked = np.concatenate([places(size.images + number) for number in range(_NUM_ASKED)])
        asked = asked[np.random.default_rng(0).permutation(len(asked))[: size.features]]
        found, exact = _distances(asked, bank), _distances(asked, every)
        bounded, full = in_turns(
            size.rounds, lambda: _distances(asked, bank), lambda: _distances(asked, every)
        )
    correlation, off = np.corrcoef(found, exact)[0, 1], np.abs(found - exact) / exact
    what = (
        f"{size.product}, {size.images} images, {len(bank):,} places of {len(every):,}: r = {correlation:.4f}, "
        f"off by {off.mean():.2%} on average, {off.max():.0%} at most"
    )
    return [times_as_long(what, bounded, full, "the search in all places")]


def _distances(features: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """(P,) mean distance to the nearest share of a bank, a few features at a time, for a bank may be large."""
    count = max(1, round(NEIGHBOUR_RATIO * len(bank)))
    starts = range(0, len(features), _FEATURES_AT_ONCE)
    return np.concatenate(
        [mean_distance(features[at : at + _FEATURES_AT_ONCE], bank, count) for at in starts]
    )
