from __future__ import annotations

from pathlib import Path

import pytest

from saa import images
from saa.commands.inspecting import stems
from saa.commands.planning import plan, spread
from saa.runs import manifest
from saa.runs.folder import RunFolder, write_text


@pytest.mark.parametrize(
    ("limit", "kept"), [(None, "abcdef"), (9, "abcdef"), (6, "abcdef"), (3, "ace"), (2, "ad"), (1, "a")]
)
def test_a_limit_spreads_over_all_names(limit, kept):
    assert "".join(spread(list("abcdef"), limit)) == kept


def test_stems_never_collide():
    paths = [Path(name) for name in ("a/0.png", "b/0.png", "0.jpg", "0-2.png", "X.png", "x.png")]
    assert stems(paths) == ["0", "0-2", "0-3", "0-2-2", "X", "x-2"]


def test_a_plan_tells_the_prompt_files_and_is_the_same_whatever_their_comments_say(prompt, dataset, tmp_path):
    before = plan(dataset, "mvtec", str(prompt), engine="embedded")
    assert before.prompts["nut"].as_dict() == {"file": prompt.as_posix(), "sha256": images.sha256(prompt)}
    folder = RunFolder(tmp_path)
    write_text(folder.manifest, manifest.compose(before))
    prompt.write_text(f"# Seen by the night shift.\n{prompt.read_text()}")
    after = plan(dataset, "mvtec", str(prompt), engine="embedded")
    assert after.prompts["nut"].sha256 != before.prompts["nut"].sha256
    manifest.check(folder, after)
