from __future__ import annotations

import os

import pytest
from tiny_checkpoint import CONTENT, entry, sha256

from saa import weights
from saa.errors import ModelError
from saa.weights import added, checksums, finding, folders

OWN = b"weights of my own"


def test_a_published_file_is_found_where_saa_weights_says(tiny, given):
    (given / "tiny.pth").write_bytes(CONTENT)
    assert weights.path("tiny") == given / "tiny.pth"
    assert weights.checksum("tiny") == sha256(CONTENT)
    assert weights.is_there("tiny")


def test_a_published_file_is_found_in_the_cache(tiny, cache):
    (cache / "tiny.pth").write_bytes(CONTENT)
    assert weights.path("tiny") == cache / "tiny.pth"


def test_the_first_folder_of_saa_weights_counts_and_then_the_others(tiny, cache, tmp_path, monkeypatch):
    places = [tmp_path / "one", tmp_path / "none", tmp_path / "two"]
    monkeypatch.setenv("SAA_WEIGHTS", os.pathsep.join(map(str, places)))
    for folder in (cache, tmp_path / "two", tmp_path / "one"):
        folder.mkdir(exist_ok=True)
        (folder / "tiny.pth").write_bytes(CONTENT)
        assert weights.path("tiny") == folder / "tiny.pth"


def test_other_names_of_a_file_and_other_forms_of_it_count_too(write_registry, given):
    older = {"name": "older.pth", "sha256": sha256(OWN)[:8], "address": "https://example.org/older.pth"}
    published = entry(file={"also": ["tiny/model.pth"]})
    write_registry(tiny=published | {"files": [*published["files"], older]})
    (given / "older.pth").write_bytes(OWN)
    assert weights.path("tiny") == given / "older.pth"
    (given / "tiny").mkdir()
    (given / "tiny/model.pth").write_bytes(CONTENT)
    assert weights.path("tiny") == given / "tiny/model.pth"


def test_models_that_are_given_a_folder_get_the_one_around_the_file(write_registry, given):
    write_registry(words=entry(OWN, folder=True, file={"name": "words/vocab.txt"}))
    (given / "words").mkdir()
    (given / "words/vocab.txt").write_bytes(OWN)
    assert weights.path("words") == given / "words"
    assert weights.checksum("words") == sha256(OWN)


def test_a_missing_file_is_told_with_its_name_the_places_and_the_command(tiny, given):
    with pytest.raises(ModelError) as told:
        weights.path("tiny")
    assert str(told.value) == (
        f"tiny: expected tiny.pth in {given}, {folders.cache()}, got no such file; "
        "put it there by hand, since SAA_OFFLINE is set; its address: http://127.0.0.1:9/tiny.pth"
    )
    assert not weights.is_there("tiny")


def test_online_the_command_that_fetches_it_is_named_but_nothing_is_fetched(tiny, monkeypatch):
    monkeypatch.setenv("SAA_OFFLINE", "")
    monkeypatch.setenv("SAA_WEIGHTS", "/no/such/folder")
    with pytest.raises(
        ModelError, match=r"/no/such/folder \(no such folder\), .*or fetch it: saa models fetch tiny"
    ):
        weights.path("tiny")


def test_what_people_must_fetch_is_told_apart_from_what_a_command_fetches(write_registry, monkeypatch, given):
    monkeypatch.setenv("SAA_OFFLINE", "")
    page = {"name": "other.pth", "address": "https://example.org/page", "by_browser": True}
    write_registry(other=entry(file=page, needs=["tiny"]), tiny=entry())
    places = f"in {given}, {folders.cache()}, got no such"
    with pytest.raises(ModelError) as told:
        weights.path("other")
    by_browser = "other.pth is to be had by browser only, from https://example.org/page"
    assert str(told.value) == f"other: expected other.pth {places} file; put it there; {by_browser}"
    with pytest.raises(ModelError) as told:
        weights.used({"checkpoint": "other"})
    assert str(told.value) == (
        f"other, tiny: expected other.pth, tiny.pth {places} files; put them there, or fetch tiny: "
        f"saa models fetch tiny; {by_browser}"
    )


def test_a_file_of_another_size_is_refused_without_being_hashed(tiny, given):
    (given / "tiny.pth").write_bytes(CONTENT[:-1])
    with pytest.raises(
        ModelError, match=r"tiny.pth: expected tiny as published \(1,024,000 bytes, .*got 1,023,999"
    ):
        weights.path("tiny")
    assert checksums.remembered(given / "tiny.pth") is None
    assert not weights.is_there("tiny")


def test_a_file_with_another_checksum_is_refused_with_the_command_that_admits_it(tiny, given):
    (given / "tiny.pth").write_bytes(CONTENT[::-1])
    with pytest.raises(
        ModelError, match=rf"got sha256 {sha256(CONTENT[::-1])}; replace it, or if you trust it: saa"
    ):
        weights.path("tiny")


def test_a_wrong_file_is_not_passed_over_for_a_right_one_elsewhere(tiny, given, cache):
    (given / "tiny.pth").write_bytes(OWN)
    (cache / "tiny.pth").write_bytes(CONTENT)
    with pytest.raises(ModelError, match=f"{given}/tiny.pth: expected tiny as published"):
        weights.path("tiny")


def test_a_file_that_was_added_counts_where_it_lies(tiny, cache, tmp_path):
    (cache / "tiny.pth").write_bytes(CONTENT)
    (tmp_path / "mine.pth").write_bytes(OWN)
    added.add("tiny", tmp_path / "mine.pth")
    assert weights.path("tiny") == tmp_path / "mine.pth"
    assert weights.checksum("tiny") == sha256(OWN)
    assert added.forget("tiny")
    assert weights.path("tiny") == cache / "tiny.pth"


def test_a_checksum_that_was_added_counts_for_copies_of_the_file_too(tiny, given, tmp_path):
    (tmp_path / "mine.pth").write_bytes(OWN)
    (given / "tiny.pth").write_bytes(OWN)
    added.add("tiny", tmp_path / "mine.pth")
    assert weights.path("tiny") == given / "tiny.pth"


def test_an_added_file_that_changed_is_refused(tiny, tmp_path):
    (tmp_path / "mine.pth").write_bytes(OWN)
    added.add("tiny", tmp_path / "mine.pth")
    (tmp_path / "mine.pth").write_bytes(OWN[::-1])
    with pytest.raises(ModelError, match=r"mine.pth: expected tiny as published"):
        weights.path("tiny")


def test_an_added_file_that_is_gone_gives_way_to_no_other(tiny, cache, tmp_path):
    (cache / "tiny.pth").write_bytes(CONTENT)
    (tmp_path / "mine.pth").write_bytes(OWN)
    added.add("tiny", tmp_path / "mine.pth")
    (tmp_path / "mine.pth").unlink()
    with pytest.raises(
        ModelError, match=r"tiny: expected .*mine.pth, which was added, got no such file; add it wh"
    ):
        weights.path("tiny")
    assert not weights.is_there("tiny")


def test_the_hubs_cache_is_looked_through_and_wrong_versions_in_it_are_passed_over(
    write_registry, tmp_path, monkeypatch
):
    address = "https://example.org/org/model/resolve/abc/model.pth"
    write_registry(tiny=entry(address=address, file={"hub": ["org/model"]}))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    snapshots = tmp_path / "hf/hub/models--org--model/snapshots"
    for commit, content in (("1", OWN), ("2", CONTENT[::-1]), ("3", CONTENT)):
        assert not weights.is_there("tiny")
        (snapshots / commit).mkdir(parents=True)
        (snapshots / commit / "model.pth").write_bytes(content)
    assert weights.path("tiny") == snapshots / "3/model.pth"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert not weights.is_there("tiny")


def test_the_state_of_a_file_is_told_without_hashing_it(tiny, given):
    path = given / "tiny.pth"
    path.write_bytes(CONTENT)
    found = finding.find("tiny")
    assert finding.state(found) == finding.UNKNOWN
    assert finding.verify(found) == finding.state(found) == finding.PUBLISHED
    path.write_bytes(OWN)
    assert finding.state(found) == finding.verify(found) == finding.WRONG
    added.add("tiny", path)
    assert finding.state(found) == finding.verify(found) == finding.ADDED
    path.unlink()
    assert finding.state(found) == finding.verify(found) == finding.GONE


def test_a_recipes_checkpoints_are_named_with_what_they_need(write_registry, given):
    write_registry(
        tiny=entry(needs=["words"]),
        words=entry(OWN, file={"name": "words.txt"}),
        other=entry(b"", file={"name": "o"}),
    )
    (given / "tiny.pth").write_bytes(CONTENT)
    (given / "words.txt").write_bytes(OWN)
    settings = {"regions": {"kind": "x", "checkpoint": "tiny"}, "sizes": [1, 2.5, None, "tinyer"], "on": True}
    assert weights.used(settings) == {"tiny": sha256(CONTENT), "words": sha256(OWN)}
    assert weights.used({"regions": {"kind": "x"}}) == {}
    with pytest.raises(ModelError, match="other: expected o in "):
        weights.used([settings, {"checkpoint": "other"}])


def test_all_that_a_recipe_lacks_is_told_at_once(write_registry, given, monkeypatch):
    write_registry(tiny=entry(needs=["words"]), words=entry(), other=entry())
    monkeypatch.setenv("SAA_OFFLINE", "0")
    with pytest.raises(ModelError) as told:
        weights.used({"regions": {"checkpoint": "tiny"}})
    assert str(told.value) == (
        f"tiny, words: expected tiny.pth, tiny.pth in {given}, {folders.cache()}, got no such files; "
        "put them there, or fetch them: saa models fetch tiny words"
    )
