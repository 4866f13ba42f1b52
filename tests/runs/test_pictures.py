from __future__ import annotations

import warnings

import numpy as np
import pytest
from scripted_recipes import picture

from saa import images
from saa.runs.pictures import decoded


@pytest.fixture
def paths(tmp_path):
    return [picture(tmp_path / f"{number}.png", number) for number in range(6)]


def seen(paths, watch=lambda done: None):
    with decoded(paths, watch) as pictures:
        return list(pictures)


def test_no_files_give_no_pictures():
    assert seen([]) == []


def test_every_picture_comes_once_in_an_order_that_only_their_bytes_decide(paths, tmp_path):
    wanted = [images.read_rgb(path) for path in sorted(paths, key=images.sha256)]
    np.testing.assert_array_equal(seen(paths), wanted)
    for old, new in zip(paths, reversed("abcdef"), strict=True):
        old.rename(tmp_path / new)
    np.testing.assert_array_equal(seen([tmp_path / name for name in "badcfe"]), wanted)


def test_pictures_may_be_gone_through_again(paths):
    with decoded(paths, lambda done: None) as pictures:
        assert len(list(pictures)) == len(list(pictures)) == 6


def test_what_cannot_be_read_is_passed_over_and_counted(paths, tmp_path):
    paths[2].write_bytes(b"no picture")
    paths[4].unlink()
    counted = []
    assert len(seen([*paths, tmp_path], counted.append)) == 4
    assert counted == [1, 2, 3, 4, 5, 6, 7]


def test_only_a_few_pictures_are_decoded_ahead(paths, monkeypatch):
    read, started = images.read_rgb, []
    monkeypatch.setattr(images, "read_rgb", lambda path: started.append(path) or read(path))
    with decoded(paths, lambda done: None) as pictures:
        for taken, _ in enumerate(pictures, 1):
            assert len(started) <= taken + 2


def test_filters_of_warnings_are_as_they_were(paths):
    before = list(warnings.filters)
    seen(paths * 5)
    assert warnings.filters == before


def test_a_fault_of_whoever_goes_through_them_is_passed_on(paths):
    def fail(done):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        seen(paths, fail)
