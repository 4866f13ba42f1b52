from __future__ import annotations

import sys

import pytest

import saa.grounders
from saa import plugins
from saa.errors import SaaError


@pytest.fixture
def grounders(tmp_path, monkeypatch):
    """The folder of grounders holds these files alone: two kinds, a private one, a folder and a text."""
    for name in ("second.py", "first.py", "_private.py", "notes.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "broken.py").write_text("raise RuntimeError('torn')\n", encoding="utf-8")
    (tmp_path / "second.py").write_text("WHO = 'second'\n", encoding="utf-8")
    monkeypatch.setattr(saa.grounders, "__path__", [str(tmp_path)])
    plugins.kinds.cache_clear()
    yield tmp_path
    plugins.kinds.cache_clear()
    for name in ("first", "second", "broken"):
        sys.modules.pop(f"saa.grounders.{name}", None)


def test_kinds_are_the_files_of_a_folder_sorted(grounders):
    assert plugins.kinds("grounders") == ("broken", "first", "second")


def test_a_file_more_is_a_kind_more(grounders):
    (grounders / "zeroth.py").write_text("", encoding="utf-8")
    assert "zeroth" in plugins.kinds("grounders")


def test_listing_kinds_imports_none_of_them(grounders):
    plugins.kinds("grounders")
    assert "saa.grounders.broken" not in sys.modules
    assert "saa.grounders.second" not in sys.modules


def test_a_broken_file_harms_no_other(grounders):
    assert plugins.load("grounders", "second").WHO == "second"
    with pytest.raises(RuntimeError, match="torn"):
        plugins.load("grounders", "broken")


def test_an_unknown_kind_lists_the_known_ones_and_the_likely_one(grounders):
    message = "^grounders: expected one of broken, first, second, got 'secnd'; write 'second'$"
    with pytest.raises(plugins.UnknownKindError, match=message):
        plugins.load("grounders", "secnd")


def test_an_unknown_kind_like_no_other_is_left_to_the_user(grounders):
    with pytest.raises(SaaError, match="got 'xyz'; choose one of these"):
        plugins.load("grounders", "xyz")


def test_a_private_file_is_no_kind(grounders):
    with pytest.raises(plugins.UnknownKindError, match="got '_private'"):
        plugins.load("grounders", "_private")


@pytest.mark.parametrize("folder", ["regions", "refiners", "saliency", "grounders", "describers", "backends"])
def test_every_kind_of_the_program_loads_under_its_name(folder):
    assert plugins.kinds(folder)
    for kind in plugins.kinds(folder):
        assert plugins.load(folder, kind).__name__ == f"saa.{folder}.{kind}"
