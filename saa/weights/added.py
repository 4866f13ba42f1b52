"""Files that the user vouches for: `saa models add NAME FILE`, kept as `added/NAME.json` beside the cache."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from saa import whole_files
from saa.errors import ModelError
from saa.weights import checksums, folders, registry
from saa.weights.checksums import Watch, unwatched


class Added(BaseModel):
    """One file that was added.

    Attributes:
        path: where it lay.
        sha256: its checksum, 64 hex digits.
        bytes: its size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int


_RECORD = TypeAdapter(tuple[Added, ...])


def read(name: str) -> tuple[Added, ...]:
    """What was added under a name, the last one last; empty if nothing was.

    Raises:
        ModelError: the record is damaged.
    """
    record = _record(name)
    try:
        return _RECORD.validate_json(record.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValidationError) as error:
        raise ModelError(
            f"{record}: expected a record of `saa models add`, got a damaged one; "
            f"remove it with `saa models forget {name}`, and add the files again"
        ) from error


def add(name: str, file: Path, watch: Watch = unwatched) -> Added:
    """Record a file, and its checksum, as good for a name; it stays where it is.

    Args:
        name: a name of the registry.
        file: the file; or the folder around it, where models are given a folder.
        watch: called while the file is hashed.

    Raises:
        ModelError: no such name or file, or the record cannot be written.
    """
    entry = registry.entry(name)
    path = file.expanduser().absolute()
    if entry.folder and path.is_dir():
        path /= Path(entry.files[0].name).name
    if not path.is_file():
        raise ModelError(f"{path}: expected a file with {entry.about}, got no such file; check the path")
    gone = [each for each in entry.beside if not (path.parent / each).is_file()]
    if gone:
        raise ModelError(
            f"{path.parent}: expected {', '.join(gone)} beside {path.name}, got no such file; "
            f"get the whole folder from {entry.source}"
        )
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name_shown = path.name.encode("utf-8", "backslashreplace").decode()
        raise ModelError(f"{name_shown}: expected a file name in UTF-8, got other bytes; rename it") from None
    new = Added(path=path, sha256=checksums.sha256(path, watch), bytes=path.stat().st_size)
    kept = [old for old in read(name) if (old.path, old.sha256) != (new.path, new.sha256)]
    content = [each.model_dump(mode="json") for each in [*kept, new]]
    try:
        whole_files.write(_record(name), json.dumps(content, indent=2).encode())
    except OSError as error:
        raise _unwritable(name, error) from error
    return new


def forget(name: str) -> bool:
    """Drop what was added under a name; the files themselves stay. Whether there was anything.

    Raises:
        ModelError: no such name, or the record cannot be removed.
    """
    registry.entry(name)
    try:
        _record(name).unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unwritable(name, error) from error
    return True


def _record(name: str) -> Path:
    return folders.records() / "added" / f"{name}.json"


def _unwritable(name: str, error: OSError) -> ModelError:
    return ModelError(
        f"{_record(name)}: expected to be writable, got {error.strerror or error}; check the folder's rights, "
        "or set XDG_CACHE_HOME to another one"
    )
