"""Writing a file so that it appears whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from saa import storage


def write(path: Path, payload: bytes) -> None:
    """Write `payload` so that `path` holds all of it or what it held before; missing folders are made.

    A path elsewhere (`saa.storage`) is written as its storage does it: of object stores, the same holds.

    Raises:
        OSError: the disk is full, the folder read-only, …
    """
    if storage.elsewhere(path):
        storage.write(path, payload)
        return
    with writing(path) as file:
        file.write(payload)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to piece by piece; `path` holds all of it once the block has ended well, else what it held.

    Raises:
        OSError: the disk is full, the folder read-only, …
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
