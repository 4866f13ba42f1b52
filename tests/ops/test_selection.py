from __future__ import annotations

import numpy as np
import pytest

from saa.ops import scoring
from saa.ops.selection import best
from saa.types import Proposals, Regions

SIZE = (2, 3)


def suspects(scores) -> Proposals:
    phrases = tuple(f"{i}" for i in range(len(scores)))
    return Proposals(np.zeros((len(scores), 4), np.float32), np.asarray(scores, np.float32), phrases)


class Weigher:
    """Multiplies each suspect's score by its factor; a factor of 0 drops it. Counts what it is asked for."""

    def __init__(self, factors):
        self.factors, self.asked = factors, []

    def __call__(self, some: Proposals) -> Regions:
        self.asked += some.phrases
        factors = np.array([self.factors[int(phrase)] for phrase in some.phrases], np.float32)
        masks = np.ones((len(some), *SIZE), np.bool_)
        weighed = Regions(masks, (some.scores * factors).astype(np.float32), some.phrases)
        return weighed[factors > 0]


def test_no_suspect_gives_no_region_of_the_image_s_size():
    found = best(suspects([]), 5, 2.0, Weigher([]), SIZE)
    assert len(found) == 0
    assert found.size == SIZE


@pytest.mark.parametrize("count", [1, 3, 8, 200])
def test_the_best_are_those_that_weighing_all_at_once_would_give(count):
    random = np.random.default_rng(count)
    scores = random.random(100)
    factors = np.where(random.random(100) < 0.3, 0, 1 + 3 * random.random(100))
    found = best(suspects(scores), count, 4.0, Weigher(factors), SIZE)
    wanted = scoring.top_k(Weigher(factors)(suspects(scores)), count)
    assert found.phrases == wanted.phrases
    np.testing.assert_array_equal(found.scores, wanted.scores)
    np.testing.assert_array_equal(found.masks, wanted.masks)


def test_suspects_that_cannot_reach_the_best_are_not_weighed():
    scores = [0.9, 0.8, *np.full(100, 0.3)]
    weigher = Weigher(np.full(102, 1.0))
    assert best(suspects(scores), 2, 2.0, weigher, SIZE).phrases == ("0", "1")
    assert len(weigher.asked) < 20


def test_what_might_just_reach_the_best_is_weighed():
    scores = [*np.full(40, 0.8), 0.4]
    weigher = Weigher([*np.full(40, 1.0), 2.0])
    assert len(best(suspects(scores), 40, 2.0, weigher, SIZE)) == 40
    assert "40" in weigher.asked


def test_ties_keep_their_order():
    found = best(suspects(np.full(30, 0.5)), 4, 1.0, Weigher(np.ones(30)), SIZE)
    assert found.phrases == ("0", "1", "2", "3")
