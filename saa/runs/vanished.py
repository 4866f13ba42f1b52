"""Tell one picture that is missing from a folder that has gone: a disk unplugged, a share that fell away."""

from __future__ import annotations

from pathlib import Path

from saa import storage
from saa.errors import RunError


def check(path: Path) -> None:
    """Refuse to go on where a picture could not be read because all around it has gone.

    One picture that is missing or damaged is a row in the results. Where its folder is missing too, or has nothing
    in it any more, each of the others would become such a row, and nobody is served by that.

    Raises:
        RunError: its folder is missing or empty; names the highest one that is.
    """
    if _exists(path) or _holds_anything(path.parent):
        return
    gone = path.parent
    while not _holds_anything(gone.parent) and gone.parent != gone.parent.parent:
        gone = gone.parent
    raise RunError(
        f"{gone}: expected the folder of pictures that was here when the run began, got none; "
        "put it back, then give the same command again"
    )


def _exists(path: Path) -> bool:
    try:
        with storage.faults_as_os_errors():
            return path.exists()
    except OSError:
        return False


def _holds_anything(folder: Path) -> bool:
    try:
        with storage.faults_as_os_errors():
            return any(True for _ in folder.iterdir())
    except OSError:
        return False
