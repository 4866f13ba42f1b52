"""A handful of random kills; `python tests/runs/kill_campaign.py --kills 100` is the whole of it."""

from __future__ import annotations

import random
import sys

import kill_campaign
import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds workers in /proc")
def test_runs_killed_at_random_moments_end_like_undisturbed_ones(tmp_path):
    killed = kill_campaign.campaign(tmp_path, kills=3, seed=random.SystemRandom().randrange(1 << 32))
    assert killed["parent"] + killed["worker"] >= 3


def test_a_campaign_notices_what_differs():
    trial = kill_campaign.Trial("single", 1, (), ())
    with pytest.raises(AssertionError, match=r"differs from the undisturbed run in maps/b, maps/c"):
        kill_campaign.check(
            {"maps/a": b"1", "maps/b": b"2"}, {"maps/a": b"1", "maps/b": b"3", "maps/c": b"4"}, trial
        )
