from __future__ import annotations

import hashlib
import os

import pytest

from saa.errors import ModelError
from saa.weights import checksums, folders


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"one")
    return path


def digest(content):
    return hashlib.sha256(content).hexdigest()


def test_a_checksum_is_that_of_the_library_and_is_remembered(file):
    assert checksums.remembered(file) is None
    assert checksums.sha256(file) == digest(b"one")
    assert checksums.remembered(file) == digest(b"one")


def test_a_changed_file_is_hashed_again(file):
    checksums.sha256(file)
    file.write_bytes(b"three")
    assert checksums.remembered(file) is None
    assert checksums.known(file) == digest(b"three")


def test_a_change_is_noticed_even_if_size_and_time_are_made_to_look_the_same(file):
    checksums.sha256(file)
    before = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert checksums.known(file) == digest(b"two")


def test_what_was_remembered_is_not_computed_again(file):
    checksums.sha256(file)
    checksums.remember(file, "ab" * 32)
    assert checksums.known(file) == "ab" * 32
    assert checksums.sha256(file) == digest(b"one")


def test_a_damaged_note_is_no_obstacle(file):
    checksums.sha256(file)
    (note,) = (folders.records() / "checksums").iterdir()
    for damage in ("", "[]", "{}", '{"stamp": 1}'):
        note.write_text(damage)
        assert checksums.known(file) == digest(b"one")


def test_a_cache_that_cannot_be_written_costs_time_only(file, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert checksums.sha256(file) == digest(b"one")
    assert checksums.remembered(file) is None


def test_whoever_watches_is_told_how_far_it_is(file):
    told = []
    checksums.sha256(file, lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


def test_a_file_that_grows_meanwhile_is_refused(file):
    grown = []

    def grow_once(done, total):
        if not grown:
            grown.append(file.write_bytes(b"one and more"))

    with pytest.raises(ModelError, match="expected a finished file, got one that is being written; wait"):
        checksums.sha256(file, grow_once)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        ModelError, match=r"none.pth: expected a readable file, got No such file or directory"
    ):
        checksums.sha256(tmp_path / "none.pth")
