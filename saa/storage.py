"""Files that do not lie on this machine: s3://, gs://, and whatever else fsspec reads.

A URL becomes a path of universal-pathlib, which has the verbs of `pathlib.Path` and is typed as one here; all other
text becomes an ordinary path, and no library is loaded for it. So whoever reads files need not know where they lie.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

from saa.errors import ModelError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_HERE = "file://"


def located(text: str) -> Path:
    """The path that `text` names, on this machine or elsewhere; nothing is read.

    Raises:
        ModelError: it is a URL, and the package that can read it is not installed.
    """
    if text.startswith(_HERE):
        return Path(text.removeprefix(_HERE))
    if not _URL.match(text):
        return Path(text)
    missing = [name for name in ("fsspec", "upath") if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"{text}: expected the packages fsspec and universal-pathlib to read URLs, got none installed; "
            "install them with pip install 'saa[cluster]'"
        )
    from upath import UPath

    try:
        path = UPath(text)
        _ = path.fs  # the package for this protocol is imported here
    except (ImportError, ValueError) as error:
        raise ModelError(
            f"{text}: expected a protocol that fsspec can read here, got: {error}; "
            "install its package, such as s3fs or gcsfs, on all machines"
        ) from error
    return cast(Path, path)


def elsewhere(path: object) -> bool:
    """Whether a path was made from a URL."""
    return hasattr(path, "protocol")  # some versions of universal-pathlib derive their paths from pathlib's


@contextmanager
def faults_as_os_errors() -> Iterator[None]:
    """Storage libraries have exceptions of their own, for want of a key or of a network; here they are OSError."""
    try:
        yield
    except (OSError, ValueError, MemoryError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def files(root: Path, folders: Iterable[str]) -> Iterator[tuple[str, int]]:
    """All files in some folders of a place elsewhere: the path below `root`, and bytes."""
    place = cast(Any, root)
    place.fs.invalidate_cache()  # others write there, too
    for name in folders:
        if (root / name).exists():
            start = place.path.rstrip("/") + "/"
            for path, about in place.fs.find((place / name).path, detail=True).items():
                yield path.removeprefix(start), int(about["size"])


def remove(folders: Iterable[Path]) -> None:
    """Remove folders and all that is in them, here or elsewhere; those that are not there are.

    Raises:
        OSError: they cannot be removed.
    """
    for folder in folders:
        if not elsewhere(folder):
            shutil.rmtree(folder, ignore_errors=True)
            continue
        with faults_as_os_errors():
            if folder.exists():
                cast(Any, folder).fs.rm(cast(Any, folder).path, recursive=True)


def write(path: Path, payload: bytes) -> None:
    """Put a file into storage elsewhere; object stores show all of it or what was there before.

    Raises:
        OSError: it cannot be written.
    """
    with faults_as_os_errors():
        path.write_bytes(bytes(payload))


def fetched(path: Path) -> Path:
    """The same file with its bytes at hand, so that they travel once; a file of this machine as it is.

    A file that cannot be read is one that is not there, and its first reader says so.
    """
    if not elsewhere(path):
        return path
    try:
        with faults_as_os_errors():
            return cast(Path, Fetched(str(path), path.read_bytes()))
    except FileNotFoundError:
        return cast(Path, Fetched(str(path), None))


@dataclass(frozen=True)
class Fetched:
    """A file whose bytes have come from elsewhere; has those verbs of a path that reading pictures takes.

    Attributes:
        url: where it lies.
        payload: what is in it; None if it is not there.
    """

    url: str
    payload: bytes | None

    def __str__(self) -> str:
        return self.url

    def exists(self) -> bool:
        """As of a path."""
        return self.payload is not None

    def is_file(self) -> bool:
        """As of a path."""
        return self.payload is not None

    def is_dir(self) -> bool:
        """As of a path; a folder elsewhere is what is in it."""
        return False

    def is_symlink(self) -> bool:
        """As of a path."""
        return False

    def stat(self) -> os.stat_result:
        """As of a path; only its size is known."""
        return os.stat_result((0, 0, 0, 0, 0, 0, len(self.read_bytes()), 0, 0, 0))

    def read_bytes(self) -> bytes:
        """As of a path."""
        if self.payload is None:
            raise FileNotFoundError(self.url)
        return self.payload

    def open(self, _mode: str = "rb") -> IO[bytes]:
        """As of a path; for reading bytes."""
        return io.BytesIO(self.read_bytes())
