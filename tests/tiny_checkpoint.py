"""A registry of one's own, with a checkpoint that is small enough for tests."""

from __future__ import annotations

import hashlib

import yaml

from saa.weights import registry

CONTENT = bytes(range(256)) * 4000
"""About 1 MB: several chunks of a transfer."""


def entry(content=CONTENT, address="http://127.0.0.1:9/tiny.pth", *, file=(), **more):
    """What a registry says of a checkpoint in the file `tiny.pth`; `file` and `more` are added to it."""
    published = {
        "name": "tiny.pth", "bytes": len(content), "sha256": sha256(content), "address": address,
    }  # fmt: skip
    about = {"about": "a tiny model", "licence": "Apache-2.0", "source": "https://example.org"}
    return about | {"files": [published | dict(file)]} | more


def sha256(content):
    """64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def put_in_force(monkeypatch, folder, **entries):
    """Let a registry of these entries, by name, take the place of ours."""
    path = folder / f"registry-{len(list(folder.glob('registry-*')))}.yaml"
    path.write_text(yaml.safe_dump(entries))
    monkeypatch.setattr(registry, "FILE", path)
