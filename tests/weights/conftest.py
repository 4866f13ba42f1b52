from __future__ import annotations

import pytest
import tiny_checkpoint
from file_server import serving

from saa.weights import folders


@pytest.fixture
def write_registry(tmp_path, monkeypatch):
    """Put a registry of one's own in force: keyword arguments are entries, by name."""
    return lambda **entries: tiny_checkpoint.put_in_force(monkeypatch, tmp_path, **entries)


@pytest.fixture
def tiny(write_registry):
    """A registry that knows one checkpoint, `tiny`."""
    write_registry(tiny=tiny_checkpoint.entry())


@pytest.fixture
def given(tmp_path, monkeypatch):
    """An empty folder that `SAA_WEIGHTS` names."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("SAA_WEIGHTS", str(folder))
    return folder


@pytest.fixture
def cache():
    """The folder that downloads go to, empty."""
    folders.cache().mkdir(parents=True)
    return folders.cache()


@pytest.fixture
def server(write_registry, monkeypatch):
    """A server on this machine that has `tiny`, and leave to use it."""
    monkeypatch.setenv("SAA_OFFLINE", "0")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tiny_checkpoint.CONTENT) as served:
        write_registry(tiny=tiny_checkpoint.entry(address=served.address))
        yield served
