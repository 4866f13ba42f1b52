"""Checkpoints whose checksums are not known to us: only what the user recorded counts."""

from __future__ import annotations

import pytest
from tiny_checkpoint import entry, sha256

from saa import weights
from saa.errors import ModelError
from saa.weights import added, downloads, finding, folders

OWN = b"weights of somebody"


@pytest.fixture
def unknown(write_registry):
    """A registry that knows `tiny`, as it always is, and `folded`, of which it knows no checksum."""
    folded = entry(folder=True, beside=["config.json"])
    file = {"name": "folded/model.safetensors", "address": "https://example.org/folded", "by_browser": True}
    write_registry(tiny=entry(), folded=folded | {"files": [file]})


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mine"
    path.mkdir()
    (path / "model.safetensors").write_bytes(OWN)
    (path / "config.json").write_text("{}")
    return path


def test_a_folder_that_was_added_counts(unknown, folder):
    added.add("folded", folder)
    assert weights.path("folded") == folder
    assert finding.file("folded") == folder / "model.safetensors"
    assert weights.checksum("folded") == sha256(OWN)
    assert finding.state(finding.find("folded")) == finding.ADDED


def test_a_folder_that_changed_since_is_refused(unknown, folder):
    added.add("folded", folder)
    (folder / "model.safetensors").write_bytes(OWN[::-1])
    with pytest.raises(
        ModelError, match=r"expected folded as it was added, got sha256 .*: saa models add folded"
    ):
        weights.path("folded")


def test_a_folder_that_lies_at_its_place_counts_only_once_it_is_recorded(unknown, folder, given):
    folder.rename(given / "folded")
    assert finding.state(finding.find("folded")) == finding.UNKNOWN
    with pytest.raises(ModelError, match="expected folded as it was added"):
        weights.path("folded")
    added.add("folded", given / "folded")
    assert weights.path("folded") == given / "folded"


def test_a_folder_without_its_sizes_is_not_recorded(unknown, folder):
    (folder / "config.json").unlink()
    with pytest.raises(
        ModelError, match=r"expected config.json beside model.safetensors, got no such file; get"
    ):
        added.add("folded", folder)


def test_nobody_fetches_it(unknown, monkeypatch):
    monkeypatch.setenv("SAA_OFFLINE", "0")
    with pytest.raises(
        ModelError, match=r"^folded: expected a checksum to fetch by, got none; get model.saf"
    ):
        downloads.fetch("folded")


def test_what_is_missing_is_told_with_what_to_do_beside_what_can_be_fetched(unknown, monkeypatch):
    ways = "get model.safetensors, config.json from https://example.org into one folder, and record it"
    with pytest.raises(ModelError) as told:
        weights.used({"stages": ["folded"]})
    assert str(told.value) == (
        f"folded: expected folded/model.safetensors in {folders.cache()}, got no such file; {ways}: saa models add "
        "folded FOLDER"
    )
    monkeypatch.setenv("SAA_OFFLINE", "0")
    with pytest.raises(
        ModelError, match=r"there, or fetch it: saa models fetch tiny; get model\.safetensors, "
    ):
        weights.used({"stages": ["folded", "tiny"]})
