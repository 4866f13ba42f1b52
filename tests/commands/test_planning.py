from __future__ import annotations

from pathlib import Path

import pytest

from saa.commands.inspecting import stems
from saa.commands.planning import spread


@pytest.mark.parametrize(
    ("limit", "kept"), [(None, "abcdef"), (9, "abcdef"), (6, "abcdef"), (3, "ace"), (2, "ad"), (1, "a")]
)
def test_a_limit_spreads_over_all_names(limit, kept):
    assert "".join(spread(list("abcdef"), limit)) == kept


def test_stems_never_collide():
    paths = [Path(name) for name in ("a/0.png", "b/0.png", "0.jpg", "0-2.png", "X.png", "x.png")]
    assert stems(paths) == ["0", "0-2", "0-3", "0-2-2", "X", "x-2"]
