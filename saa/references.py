"""What a saliency stage has learned from a product's own unlabelled images, as a value and as a file.

The file is safetensors: raw arrays and, as its only metadata, one JSON text with the format's version, the
kind, what is known of the fit, and a SHA-256 over all of it. Reading runs no code out of the file. Equal
references are equal byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from saa import whole_files
from saa.errors import ModelError

FORMAT: Final = "saa reference"
VERSION: Final = 1
"""To be raised when earlier files can no longer be used, be it that a plug-in now needs other arrays."""
_KEY = "saa"  # a single key: the order in which safetensors writes several is not fixed
_DTYPES = frozenset(
    {"bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"}
    | {"uint8", "uint16", "uint32", "uint64"}
)
_FIT_AGAIN = "fit it again with `saa fit`"


@dataclass(frozen=True, eq=False)
class Reference:
    """What the images of one product say is normal.

    Attributes:
        kind: the saliency plug-in that made it and can read it.
        arrays: what it learned, by name; numbers or bool, of any shape.
        about: JSON values: `num_images`, and whatever else tells how it was made.
    """

    kind: str
    arrays: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name, array in self.arrays.items():
            if array.dtype.name not in _DTYPES:
                raise ValueError(f"arrays.{name}: expected numbers or bool, got {array.dtype}")
        number = self.about.get("num_images")
        if type(number) is not int or number < 1:
            raise ValueError(f"about.num_images: expected a whole number of at least 1, got {number!r}")
        _json(dict(self.about))

    @property
    def num_images(self) -> int:
        """How many images it was made from."""
        return int(self.about["num_images"])


def write(path: Path, reference: Reference) -> None:
    """Write a reference; the file appears whole or not at all. Folders that are missing are made.

    Raises:
        ModelError: the file cannot be written.
    """
    from safetensors.numpy import save

    # In one order of bytes and of elements: safetensors takes memory as it lies.
    arrays = {
        name: np.asarray(array, array.dtype.newbyteorder("="), order="C")
        for name, array in reference.arrays.items()
    }
    head = {"format": FORMAT, "version": VERSION, "kind": reference.kind, "about": dict(reference.about)}
    text = _json(head | {"sha256": _digest(head, arrays)})
    payload = save(arrays, {_KEY: text})
    try:
        whole_files.write(path, payload)
    except OSError as error:
        raise ModelError(
            f"{path}: expected to write {len(payload):,} bytes, got: {error.strerror or error}; "
            "check the folder, its permissions and the free space"
        ) from error


def read(path: Path) -> Reference:
    """The reference in a file that `write` made.

    Raises:
        ModelError: no such file, not a reference, of another version, or damaged.
    """
    return parse(path, read_bytes(path))


def parse(path: Path, payload: bytes) -> Reference:
    """The reference in the bytes of a file; `path` is only told.

    Raises:
        ModelError: as for `read`.
    """
    head = _head(path, payload)
    if head.get("version") != VERSION:
        got = f"version {head.get('version')!r}"
        raise _refusal(path, got, f"{_FIT_AGAIN}, or use the saa that made it", f"version {VERSION}")
    try:
        arrays = _arrays(payload)
        kind, about, stated = head["kind"], head["about"], head.pop("sha256")
        if stated != _digest(head, arrays):
            raise ValueError("its checksum does not fit its content")
        return Reference(str(kind), arrays, about)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from error


def read_bytes(path: Path) -> bytes:
    """What is in a file that ought to hold a reference.

    Raises:
        ModelError: it cannot be read.
    """
    if not path.is_file():
        got = "a folder" if path.is_dir() else "a pipe or device" if path.exists() else "no such file"
        raise _refusal(path, got, "check the path, or make one with `saa fit`")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refusal(path, f"a file that may not be read ({error.strerror})", "check its rights") from error


def _head(path: Path, payload: bytes) -> dict[str, Any]:
    """The JSON text of a file, once it is known to be one of ours."""
    length = int.from_bytes(payload[:8], "little")
    try:
        header = json.loads(payload[8 : 8 + length])
    except (ValueError, RecursionError):
        raise _refusal(path, "another kind of file, or a damaged one", _FIT_AGAIN) from None
    found = header.get("__metadata__") if isinstance(header, dict) else None
    text = found.get(_KEY) if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise _refusal(path, "another program's file", "give the file that `saa fit -o` wrote")
    try:
        head = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise _refusal(path, "a file of another format", "give the file that `saa fit -o` wrote")
    return head


def _arrays(payload: bytes) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(payload)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _digest(head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over the JSON text, and over each array's name, dtype, shape and numbers."""
    digest = hashlib.sha256(_json(head).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(_json([name, array.dtype.name, array.shape]).encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
    return digest.hexdigest()


def _json(value: object) -> str:
    """Equal values give equal text.

    Raises:
        ValueError: there is something in it that JSON does not have.
    """
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError(f"about: expected JSON values, got something else ({error})") from error


def _refusal(
    path: Path, got: str, advice: str, expected: str = "a reference that `saa fit` wrote"
) -> ModelError:
    """*path: expected …, got …; what to do*."""
    return ModelError(f"{path}: expected {expected}, got {got}; {advice}")


def _damaged(path: Path, error: Exception) -> ModelError:
    words = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
    return _refusal(path, f"a damaged file ({words})", _FIT_AGAIN)
