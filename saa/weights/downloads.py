"""Fetching a checkpoint: what has arrived stays, and only a file with the right checksum gets its name.

The standard library's HTTP serves both kinds of address, so that checkpoints can be fetched before torch and the
model libraries are installed. It heeds the usual variables for proxies (`HTTPS_PROXY`) and certificates
(`SSL_CERT_FILE`); `HF_ENDPOINT` names a mirror of the Hugging Face hub.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from saa.errors import ModelError
from saa.weights import checksums, folders, registry
from saa.weights.checksums import Watch, unwatched
from saa.weights.registry import File

_CHUNK = 1 << 18
_TIMEOUT_S = 30.0
_TRIES = 5
"""How often in a row a transfer may break off without a byte."""
_PASSING = (408, 429, 500, 502, 503, 504)
"""Answers of a server that may be another one in a moment."""
_PAST_THE_END = 416
_HUB = "https://huggingface.co"


class _BrokenOffError(Exception):
    """A transfer that may be taken up again."""


def fetch(name: str, folder: Path | None = None, *, watch: Watch = unwatched, pause_s: float = 1.0) -> Path:
    """Fetch a checkpoint into a folder, or finish fetching it; a file that is there and right is left alone.

    An interrupted download lies beside the place as `.part` and goes on at the next call. Two processes may fetch
    the same file: they write the same bytes to the same places.

    Args:
        name: a name of the registry.
        folder: where to; the per-user cache unless given.
        watch: called as bytes arrive, those of earlier calls included.
        pause_s: seconds to wait after the first break-off; twice as long after each further one in a row.

    Returns:
        The file.

    Raises:
        ModelError: no such name, `SAA_OFFLINE` is set, no room, no connection, or bytes other than published.
    """
    file = registry.entry(name).files[0]
    target = (folder or folders.cache()) / file.name
    if target.exists():
        return _kept(name, file, target)
    if file.sha256 is None:
        raise ModelError(f"{name}: expected a checksum to fetch by, got none; {registry.to_record(name)}")
    if file.by_browser:
        raise ModelError(
            f"{name}: expected an address that programs may fetch from, got a page for people; open {file.address} "
            f"in a browser, and put {target.name} into {target.parent}"
        )
    if folders.offline():
        raise ModelError(
            f"{name}: expected leave to use the network, got SAA_OFFLINE; unset it, or put {file.name} into "
            f"{folders.cache()} by hand"
        )
    partial = target.with_name(f"{target.name}.part")
    file = file if file.bytes else _sized(file, partial)
    with _written(partial):
        target.parent.mkdir(parents=True, exist_ok=True)
        _check_room(file, partial)
    _receive_all(file, partial, watch, pause_s)
    sha256 = checksums.computed(partial)
    if not file.is_published(sha256):
        partial.unlink()
        raise ModelError(
            f"{_address(file)}: expected {name} with sha256 {file.sha256}, got {sha256}; nothing was kept. "
            "Fetch it again; if that does not help, something on the way changes files"
        )
    with _written(target):
        partial.replace(target)
    checksums.remember(target, sha256)
    return target


def _kept(name: str, file: File, target: Path) -> Path:
    """What lies there already, which may be somebody's own file."""
    if target.is_file() and file.is_published(checksums.known(target)):
        return target
    raise ModelError(
        f"{target}: expected {name} as published or no such file, got another one; move it away and fetch again"
    )


def host(name: str) -> str:
    """The server that a checkpoint is fetched from, for people."""
    return urlsplit(_address(registry.entry(name).files[0])).netloc


def _address(file: File) -> str:
    mirror = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    if mirror and file.hub and file.address.startswith(_HUB):
        return mirror + file.address.removeprefix(_HUB)
    return file.address


def _sized(file: File, partial: Path) -> File:
    """The same with the size that the server tells."""
    try:
        with _asked(file, partial, 0) as answer:
            length = answer.headers.get("Content-Length", "")
    except _BrokenOffError as broken:
        raise _unreachable(file, partial, str(broken)) from broken
    if not length.isdecimal():
        raise _unreachable(file, partial, "no size")
    return file.model_copy(update={"bytes": int(length)})


def _check_room(file: File, partial: Path) -> None:
    needed = file.bytes - _size(partial)
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise ModelError(
            f"{partial.parent}: expected {needed:,} free bytes, got {free:,}; make room, or use --to"
        )


def _receive_all(file: File, partial: Path, watch: Watch, pause_s: float) -> None:
    """Receive until all is there; break-offs are forgiven as long as bytes arrive in between."""
    idle = 0
    if _size(partial) > file.bytes:
        partial.unlink()
    while (had := _size(partial)) < file.bytes:
        trouble = _attempt(file, partial, watch)
        idle = 0 if _size(partial) > had else idle + 1
        if idle >= _TRIES:
            raise _unreachable(file, partial, trouble)
        if trouble:
            time.sleep(pause_s * 2 ** max(0, idle - 1))


def _attempt(file: File, partial: Path, watch: Watch) -> str:
    """Why the transfer broke off; empty if it did not."""
    try:
        _receive(file, partial, watch)
    except _BrokenOffError as broken:
        return str(broken)
    return ""


def _receive(file: File, partial: Path, watch: Watch) -> None:
    """Ask for what is missing, and write what comes."""
    start = _size(partial)
    with _asked(file, partial, start) as answer:
        start = _begins_at(answer, start)
        length = answer.headers.get("Content-Length")
        if length is not None and start + int(length) != file.bytes:
            kind = answer.headers.get("Content-Type", "bytes")
            raise ModelError(
                f"{_address(file)}: expected {file.bytes:,} bytes, got {start + int(length):,} ({kind}); "
                "is there a login page on the way?"
            )
        _write(file, partial, answer, start, watch)
    if _size(partial) < file.bytes:
        raise _BrokenOffError("the connection ended early")


def _write(file: File, partial: Path, answer: http.client.HTTPResponse, start: int, watch: Watch) -> None:
    done = start
    watch(done, file.bytes)
    with _written(partial):
        out = partial.open("r+b" if partial.exists() else "xb")
    with out:
        out.seek(start)
        while done < file.bytes and (chunk := _next(answer)):
            with _written(partial):
                out.write(chunk)
            done += len(chunk)
            watch(done, file.bytes)
        with _written(partial):
            out.flush()
            os.fsync(out.fileno())


def _next(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(_reason(error)) from error


@contextmanager
def _asked(file: File, partial: Path, start: int) -> Iterator[http.client.HTTPResponse]:
    """The server's answer to the request for all bytes from `start` on."""
    headers = {"User-Agent": "saa"} | ({"Range": f"bytes={start}-"} if start else {})
    request = urllib.request.Request(_address(file), headers=headers)  # noqa: S310 - http(s), by the registry
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _PAST_THE_END:
            partial.unlink()
        if error.code in (*_PASSING, _PAST_THE_END):
            raise _BrokenOffError(f"HTTP {error.code} {error.reason}") from error
        raise _unreachable(file, partial, f"HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        if start:
            raise _BrokenOffError(_reason(error)) from error
        raise _unreachable(file, partial, _reason(error)) from error
    with answer:
        yield answer


def _begins_at(answer: http.client.HTTPResponse, start: int) -> int:
    """The first byte that is sent: what was asked for, or 0 from a server that cannot do that."""
    if answer.status != http.client.PARTIAL_CONTENT:
        return 0
    sent = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if sent is None or int(sent.group(1)) > start:
        raise _BrokenOffError(f"other bytes than those from {start:,} on")
    return int(sent.group(1))


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Trouble with the disk, told apart from trouble with the network."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"{path}: expected to be writable, got {error.strerror or error}; check the folder, its rights and "
            "the free space, or use --to"
        ) from error


def _unreachable(file: File, partial: Path, reason: str) -> ModelError:
    kept = f" ({_size(partial):,} of {file.bytes:,} bytes are kept)" if _size(partial) else ""
    return ModelError(
        f"{_address(file)}: expected to be served, got: {reason}; check the connection, then give the same command "
        f"again{kept}"
    )


def _reason(error: Exception) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    return " ".join(str(inner).split()) or type(inner).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
