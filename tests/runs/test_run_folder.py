from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saa.errors import RunError
from saa.runs.folder import RunFolder, safe_name, write_text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("test/broken large/000.png", "test/broken large/000.png"),
        ("größe/日本.PNG", "größe/日本.PNG"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/etc/passwd", "%/etc/passwd"),
        ("C:/x.png", "C%3A/x.png"),
        ("a\\..\\b.png", "a%5C..%5Cb.png"),
        ("a//./b.png", "a/%/%2E/b.png"),
        ("con/aux.png", "%63on/%61ux.png"),
        ("dot./blank .png", "dot%2E/blank .png"),
        ("50%.png", "50%25.png"),
    ],
)
def test_names_stay_as_they_are_unless_a_system_could_trip(name, safe):
    assert safe_name(name) == safe


@given(st.text("./\\:%aC\udc80 ", max_size=8), st.text("./\\:%aC\udc80 ", max_size=8))
def test_names_stay_inside_and_apart(one, other):
    assert Path("/run", safe_name(one)).resolve().is_relative_to("/run")
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_artefacts_lie_by_product_and_name(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.map_path("nut", "test/bent/0.png") == tmp_path / "maps/nut/test/bent/0.png.tiff"
    assert folder.regions_path("nut", "test/bent/0.png") == tmp_path / "regions/nut/test/bent/0.png.json"


def test_text_is_written_whole_and_leaves_nothing_else(tmp_path):
    write_text(tmp_path / "deep/file.txt", "größe\n")
    assert (tmp_path / "deep/file.txt").read_bytes() == "größe\n".encode()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file.txt"]


def test_text_that_cannot_be_written_leaves_what_was_there(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(
        RunError, match=r"taken: expected to be writable, got .*; make room or set the rights"
    ):
        write_text(tmp_path / "taken", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
