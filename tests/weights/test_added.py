from __future__ import annotations

import json

import pytest
from tiny_checkpoint import entry, sha256

from saa.errors import ModelError
from saa.weights import added, folders


@pytest.fixture
def mine(tiny, tmp_path):
    path = tmp_path / "mine.pth"
    path.write_bytes(b"mine")
    return path


def test_nothing_was_added_at_first(tiny):
    assert added.read("tiny") == ()
    assert not added.forget("tiny")


def test_an_added_file_is_recorded_beside_the_cache_with_its_checksum(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (new,) = [added.add("tiny", mine.relative_to(tmp_path))]
    assert (new.path, new.sha256, new.bytes) == (mine, sha256(b"mine"), 4)
    assert added.read("tiny") == (new,)
    record = json.loads((folders.records() / "added/tiny.json").read_text())
    assert record == [{"path": str(mine), "sha256": sha256(b"mine"), "bytes": 4}]


def test_a_file_added_again_comes_last_and_once(mine, tmp_path):
    other = tmp_path / "other.pth"
    other.write_bytes(b"other")
    for path in (mine, other, mine):
        added.add("tiny", path)
    assert [each.path for each in added.read("tiny")] == [other, mine]


def test_a_file_that_changed_and_is_added_again_counts_as_both(mine):
    added.add("tiny", mine)
    mine.write_bytes(b"more of mine")
    added.add("tiny", mine)
    assert [each.bytes for each in added.read("tiny")] == [4, 12]


def test_the_folder_around_a_file_may_be_given_where_models_take_a_folder(write_registry, tmp_path):
    write_registry(words=entry(folder=True, file={"name": "words/vocab.txt"}))
    (tmp_path / "vocab.txt").write_bytes(b"a\nb\n")
    assert added.add("words", tmp_path).path == tmp_path / "vocab.txt"


def test_no_file_no_record(tiny, tmp_path):
    with pytest.raises(
        ModelError, match=r"none.pth: expected a file with a tiny model, got no such file; check"
    ):
        added.add("tiny", tmp_path / "none.pth")
    with pytest.raises(ModelError, match="expected a file with a tiny model, got no such file"):
        added.add("tiny", tmp_path)


def test_an_unknown_name_is_refused(mine):
    for refused in (lambda: added.add("huge", mine), lambda: added.forget("huge")):
        with pytest.raises(
            ModelError, match="checkpoint: expected one of tiny, got 'huge'; choose one of these"
        ):
            refused()


def test_a_damaged_record_is_told_and_can_be_forgotten(mine):
    added.add("tiny", mine)
    (folders.records() / "added/tiny.json").write_text('[{"path": 1}]')
    with pytest.raises(
        ModelError, match=r"tiny.json: expected a record .*remove it with `saa models forget tiny`"
    ):
        added.read("tiny")
    assert added.forget("tiny")
    assert added.read("tiny") == ()


def test_a_record_that_cannot_be_written_is_told(mine, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(mine))
    with pytest.raises(ModelError, match=r"tiny.json: expected to be writable, got .* or set XDG_CACHE_HOME"):
        added.add("tiny", mine)


def test_a_name_that_is_not_unicode_is_refused(mine, tmp_path):
    odd = tmp_path / "gr\udcf6sse.pth"
    try:
        odd.write_bytes(b"mine")
    except OSError:
        pytest.skip("this file system has names in Unicode only")
    with pytest.raises(ModelError, match=r"gr\\udcf6sse.pth: expected a file name in UTF-8"):
        added.add("tiny", odd)
