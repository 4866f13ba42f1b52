"""The local file of a checkpoint, and the proof that it is the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from saa.errors import ModelError
from saa.weights import added, checksums, folders, registry
from saa.weights.checksums import Watch, unwatched
from saa.weights.registry import Entry, File

PUBLISHED, ADDED, WRONG, GONE, UNKNOWN = "published", "added", "wrong", "gone", "not verified"
"""What a file was found to be; `GONE` is one that was added and then moved away."""
_HUB = "hub cache"


@dataclass(frozen=True)
class Found:
    """A file that may be a checkpoint.

    Attributes:
        name: the checkpoint.
        path: the file.
        place: where it lies: `SAA_WEIGHTS`, `added`, `cache` or `hub cache`.
        file: which published file it goes by; None if it goes by a name of its own.
    """

    name: str
    path: Path
    place: str
    file: File | None

    @property
    def entry(self) -> Entry:
        """What is known of the checkpoint."""
        return registry.entry(self.name)

    def allows(self, sha256: str) -> str:
        """`PUBLISHED`, `ADDED` or `WRONG`: what a file with this checksum, 64 hex digits, is."""
        if any(file.is_published(sha256) for file in self.entry.files):
            return PUBLISHED
        return ADDED if any(each.sha256 == sha256 for each in added.read(self.name)) else WRONG

    def may_fit(self) -> bool:
        """Whether it is there, and has the size of one that was published or added; nothing is hashed."""
        if not self.path.is_file():
            return False
        sizes = {file.bytes for file in self.entry.files} | {each.bytes for each in added.read(self.name)}
        return 0 in sizes or self.path.stat().st_size in sizes


def find(name: str) -> Found | None:
    """The file that a name stands for on this machine, not yet verified; None if there is none.

    The file that was added last counts even if it is gone: another one must not take its place unnoticed.

    Raises:
        ModelError: no such name, or what was added for it cannot be read.
    """
    for found in _candidates(name, registry.entry(name)):
        if found.place != _HUB or _is_right(found):  # others filled that cache, with whatever versions
            return found
    return None


def is_there(name: str) -> bool:
    """Whether a file that may be right lies somewhere, to judge by its name and size; quick.

    Raises:
        ModelError: see `find`.
    """
    found = find(name)
    return found is not None and found.may_fit()


def path(name: str) -> Path:
    """The verified file of a checkpoint, or the folder around it where models are given a folder.

    Its checksum is computed at the first use, and again once the file has changed; see `saa.weights.checksums`.

    Raises:
        ModelError: no such name, no such file, or one that is neither the published one nor was added.
    """
    found = _verified(name)
    return found.path.parent if found.entry.folder else found.path


def file(name: str) -> Path:
    """The verified file of a checkpoint, also where models are given the folder around it.

    Raises:
        ModelError: see `path`.
    """
    return _verified(name).path


def checksum(name: str) -> str:
    """The sha256, 64 hex digits, of the file that `path` gives; for a folder, that of the registry's file.

    Raises:
        ModelError: see `path`.
    """
    return checksums.known(_verified(name).path)


def used(settings: object) -> dict[str, str]:
    """The checkpoints that a recipe's settings name, and those they need, with the sha256 of the files in use.

    Args:
        settings: nested JSON values, such as `Recipe.as_dict()`; a text that is a checkpoint's name stands for it.

    Returns:
        64 hex digits by name, sorted.

    Raises:
        ModelError: see `path`.
    """
    named = registry.with_needs(name for name in registry.names() if name in set(_texts(settings)))
    missing = [name for name in named if find(name) is None]
    if missing:
        raise _missing(*missing)
    return {name: checksum(name) for name in sorted(named)}


def state(found: Found) -> str:
    """`PUBLISHED`, `ADDED`, `WRONG`, `GONE` or `UNKNOWN`, from what is remembered; nothing is hashed."""
    if not found.may_fit():
        return WRONG if found.path.is_file() else GONE
    remembered = checksums.remembered(found.path)
    return found.allows(remembered) if remembered else UNKNOWN


def verify(found: Found, watch: Watch = unwatched) -> str:
    """`PUBLISHED`, `ADDED`, `WRONG` or `GONE`, from the bytes as they are now.

    Raises:
        ModelError: the file cannot be read.
    """
    if not found.path.is_file():
        return GONE
    return found.allows(checksums.sha256(found.path, watch))


def _candidates(name: str, entry: Entry) -> Iterator[Found]:
    """All files that may be meant, in the order in which they count."""
    for folder in folders.given():
        yield from _in_folder(name, entry, folder, "SAA_WEIGHTS")
    for each in added.read(name)[-1:]:
        yield Found(name, each.path, "added", None)
    yield from _in_folder(name, entry, folders.cache(), "cache")
    for file in entry.files:
        for repository in file.hub:
            snapshots = folders.hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots"
            for found in sorted(snapshots.glob(f"*/{file.address.rpartition('/')[2]}")):
                yield Found(name, found, _HUB, file)


def _in_folder(name: str, entry: Entry, folder: Path, place: str) -> Iterator[Found]:
    for file in entry.files:
        for called in (file.name, *file.also):
            if (folder / called).is_file():
                yield Found(name, folder / called, place, file)


def _texts(settings: object) -> Iterator[str]:
    if isinstance(settings, str):
        yield settings
    elif isinstance(settings, dict | list | tuple):
        for inner in settings.values() if isinstance(settings, dict) else settings:
            yield from _texts(inner)


def _is_right(found: Found) -> bool:
    return found.may_fit() and found.allows(checksums.known(found.path)) != WRONG


def _verified(name: str) -> Found:
    found = find(name)
    if found is None:
        raise _missing(name)
    if not found.path.is_file():
        raise ModelError(
            f"{name}: expected {found.path}, which was added, got no such file; "
            f"add it where it lies now, or give it up: saa models forget {name}"
        )
    if not found.may_fit():
        raise _refused(found, f"{found.path.stat().st_size:,} bytes")
    sha256 = checksums.known(found.path)
    if found.allows(sha256) == WRONG:
        raise _refused(found, f"sha256 {sha256}")
    return found


def _refused(found: Found, got: str) -> ModelError:
    file = found.file or found.entry.files[0]
    size = f"{file.bytes:,} bytes, " if file.bytes else ""
    expected = f"as published ({size}sha256 {file.sha256})" if file.sha256 else "as it was added"
    return ModelError(
        f"{found.path}: expected {found.name} {expected}, got {got}; "
        f"replace it, or if you trust it: saa models add {found.name} {found.path}"
    )


def _missing(*names: str) -> ModelError:
    """One message for all that are missing, so that nobody has to come back for each."""
    files = [registry.entry(name).files[0] for name in names]
    places = [f"{folder}{'' if folder.is_dir() else ' (no such folder)'}" for folder in folders.given()]
    where = ", ".join([*places, str(folders.cache())])
    such = "file" if len(names) == 1 else "files"
    published = [name for name, file in zip(names, files, strict=True) if file.sha256]
    advice = [_advice(published)] if published else []
    advice += [registry.to_record(name) for name in names if name not in published]
    wanted = ", ".join(file.name for file in files)
    return ModelError(
        f"{', '.join(names)}: expected {wanted} in {where}, got no such {such}; {'; '.join(advice)}"
    )


def _advice(names: Sequence[str]) -> str:
    """How checkpoints are had whose checksums are known."""
    them, addresses = ("it", "its address") if len(names) == 1 else ("them", "their addresses")
    if not folders.offline():
        return f"put {them} there{_ways(names)}"
    told = ", ".join(registry.entry(name).files[0].address for name in names)
    return f"put {them} there by hand, since SAA_OFFLINE is set; {addresses}: {told}"


def _ways(names: Sequence[str]) -> str:
    """How checkpoints are had: those that programs may fetch, then those that people may."""
    files = {name: registry.entry(name).files[0] for name in names}
    fetched = [name for name, file in files.items() if not file.by_browser]
    browsed = [file for file in files.values() if file.by_browser]
    them = ("it" if len(names) == 1 else "them") if len(fetched) == len(names) else ", ".join(fetched)
    told = f", or fetch {them}: saa models fetch {' '.join(fetched)}" if fetched else ""
    return told + "".join(
        f"; {file.name} is to be had by browser only, from {file.address}" for file in browsed
    )
