"""Where checkpoints lie on this machine, and whether the network may be asked for them.

| variable | meaning |
|---|---|
| `SAA_WEIGHTS` | folders with checkpoints, several separated as in `PATH`; looked through first, never written |
| `SAA_OFFLINE` | `1`: never touch the network |
| `XDG_CACHE_HOME` | the per-user cache, where the system has none of its own or another one is wanted |
| `HF_HUB_CACHE`, `HF_HOME` | the Hugging Face hub's cache; looked through last, never written |
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_OFF = ("", "0", "false", "no", "off")


def given() -> tuple[Path, ...]:
    """The folders of `SAA_WEIGHTS`, in their order, whether they exist or not."""
    parts = os.environ.get("SAA_WEIGHTS", "").split(os.pathsep)
    return tuple(Path(part).expanduser() for part in parts if part.strip())


def cache() -> Path:
    """The folder that `saa models fetch` fills."""
    return _user_cache() / "saa" / "weights"


def records() -> Path:
    """The folder beside the cache that holds what was found out about files: checksums, files added by hand."""
    return _user_cache() / "saa" / "weights-known"


def texts() -> Path:
    """The folder beside the cache that keeps what texts mean to a model."""
    return _user_cache() / "saa" / "texts"


def hub_cache() -> Path:
    """The Hugging Face hub's cache; a snapshot's files lie in `models--<repository>/snapshots/<commit>`.

    Source: the hub library's guide on its cache; by hand, for the library takes half a second to import.
    """
    home = os.environ.get("HF_HOME")
    around = Path(home).expanduser() if home else _xdg_cache() / "huggingface"
    place = os.environ.get("HF_HUB_CACHE")
    return Path(place).expanduser() if place else around / "hub"


def offline() -> bool:
    """Whether `SAA_OFFLINE` forbids the network."""
    return os.environ.get("SAA_OFFLINE", "").strip().lower() not in _OFF


def _user_cache() -> Path:
    if os.environ.get("XDG_CACHE_HOME"):
        return _xdg_cache()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return _xdg_cache()


def _xdg_cache() -> Path:
    place = os.environ.get("XDG_CACHE_HOME")
    return Path(place).expanduser() if place else Path.home() / ".cache"
