"""Checksums of large files, computed once and remembered as long as the file stays the same.

A checkpoint of 2.5 GB takes seconds to hash, so its checksum is kept together with the file's size and its times of
modification and of change. A program can set the first time but not the second: whatever is written to the file or
put in its place is noticed, unless the disk itself lies or clocks are turned back (on Windows, where the second is
the time of creation, also unless somebody takes pains to keep size and time the same). That is enough against broken
downloads and mixed-up files, which is what checksums are for here; whoever may write into the user's cache needs no
forged checksum. `saa models verify` hashes again, whatever is remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from saa import whole_files
from saa.errors import ModelError
from saa.weights import folders

_CHUNK = 1 << 22

Watch = Callable[[int, int], None]
"""Called with the bytes dealt with so far and the bytes in all."""


def unwatched(done: int, total: int) -> None:
    """Nobody looks on."""


def sha256(path: Path, watch: Watch = unwatched) -> str:
    """The checksum of a file as it is now, 64 hex digits; remembered where the cache can be written.

    Raises:
        ModelError: the file cannot be read, or changed meanwhile.
    """
    digest = computed(path, watch)
    remember(path, digest)
    return digest


def computed(path: Path, watch: Watch = unwatched) -> str:
    """The checksum of a file as it is now, 64 hex digits.

    Raises:
        ModelError: the file cannot be read, or changed meanwhile.
    """
    try:
        before = _stamp(path)
        digest = _hashed(path, watch)
        after = _stamp(path)
    except OSError as error:
        raise ModelError(
            f"{path}: expected a readable file, got {error.strerror or error}; check its rights"
        ) from error
    if before != after:
        raise ModelError(f"{path}: expected a finished file, got one that is being written; wait for it")
    return digest


def remember(path: Path, digest: str) -> None:
    """Keep the checksum of a file that is known to have it; nothing happens where the cache cannot be written."""
    with contextlib.suppress(OSError):  # it costs time at the next start, and nothing else
        whole_files.write(_note(path), json.dumps({"stamp": _stamp(path), "sha256": digest}).encode())


def remembered(path: Path) -> str | None:
    """The checksum found earlier, if the file has stayed the same since."""
    try:
        known = json.loads(_note(path).read_bytes())
        return str(known["sha256"]) if known["stamp"] == _stamp(path) else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def known(path: Path, watch: Watch = unwatched) -> str:
    """The remembered checksum, or else one computed now; see `sha256`."""
    return remembered(path) or sha256(path, watch)


def _hashed(path: Path, watch: Watch) -> str:
    digest = hashlib.sha256()
    done, total = 0, path.stat().st_size
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            watch(done, total)
    return digest.hexdigest()


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _note(path: Path) -> Path:
    """One small file for each checkpoint, so that processes need not wait for each other."""
    name = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()
    return folders.records() / "checksums" / f"{name}.json"
