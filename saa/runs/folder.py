"""Where a run keeps its things, and names that every file system takes.

RUN/run.json       what is run: data set, recipes, versions (its presence makes the folder a run)
RUN/ledger.sqlite  one row an image, kept up to date while the run goes on
RUN/run.lock       held by the program that writes here
RUN/store.txt      where maps, regions and parts lie if not here: a folder or a URL
RUN/results.csv    the ledger as a table, written when the run ends or is interrupted
RUN/references/<product>.ref       what was learned from the unlabelled images of a product, in batch mode
RUN/maps/<product>/<name>.tiff     anomaly maps, float32
RUN/regions/<product>/<name>.json  suspected defects with masks
RUN/parts/<part>/<product>/<name>.tiff  what the maps are the sum of, if asked for
RUN/metrics.json, metrics.csv, curves.json  made from the above by `saa evaluate`
RUN/report.html, report.md                  and by `saa report`
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from saa import storage, whole_files
from saa.errors import RunError, SaaError

_FILES = (
    "run.json",
    "ledger.sqlite",
    "ledger.sqlite-wal",
    "ledger.sqlite-shm",
    "ledger.sqlite-journal",
    "results.csv",
    "store.txt",
)
_DERIVED = ("metrics.json", "metrics.csv", "curves.json", "report.html", "report.md")
_ARTEFACTS = ("maps", "regions", "parts")
_FOLDERS = (*_ARTEFACTS, "references")
_UNSAFE = re.compile('[<>:"|?*\\\\%\x00-\x1f\ud800-\udfff]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """`name`, a path with forward slashes, as a relative path that stays inside its folder everywhere.

    Ordinary names come back as they are. What could climb out (`..`, a leading slash, a drive) or what
    Windows does not take is written as %XX; two different names never become one.
    """
    return "/".join(_safe_part(part) for part in name.split("/"))


def _safe_part(part: str) -> str:
    if part in ("", ".", ".."):
        return part.replace(".", "%2E") or "%"
    part = _UNSAFE.sub(lambda hit: _percent(hit[0]), part)
    if _DEVICES.match(part):
        part = _percent(part[0]) + part[1:]
    return part[:-1] + _percent(part[-1]) if part[-1] in ". " else part


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 so that `path` holds all of it or what it held before, whatever happens.

    Raises:
        RunError: the disk is full, the folder read-only, …
    """
    try:
        whole_files.write(path, text.encode())
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 to write to piece by piece; see `write_text`.

    Raises:
        RunError: the disk is full, the folder read-only, …
    """
    try:
        with whole_files.writing(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="")
            yield text
            text.detach()
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: Exception) -> RunError:
    """The error for a run whose folder takes no more; what was finished stays good."""
    if isinstance(error, SaaError):
        return RunError(f"{error}; then give the same command again")
    return RunError(
        f"{path}: expected to be writable, got {error}; "
        "make room or set the rights, then give the same command again"
    )


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.

    Attributes:
        root: the run's folder.
        store: where maps, regions and parts lie: the same folder, or what its store.txt says.
    """

    root: Path
    store: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "store", _store(self.root))

    @property
    def manifest(self) -> Path:
        """run.json."""
        return self.root / "run.json"

    @property
    def ledger(self) -> Path:
        """ledger.sqlite."""
        return self.root / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """run.lock."""
        return self.root / "run.lock"

    @property
    def results(self) -> Path:
        """results.csv."""
        return self.root / "results.csv"

    def map_path(self, product: str, name: str) -> Path:
        """Where the anomaly map of an image lies."""
        return self.store / f"maps/{safe_name(product)}/{safe_name(name)}.tiff"

    def regions_path(self, product: str, name: str) -> Path:
        """Where the regions of an image lie."""
        return self.store / f"regions/{safe_name(product)}/{safe_name(name)}.json"

    def artefacts(self, product: str, name: str) -> tuple[Path, Path]:
        """What every finished image leaves behind."""
        return self.map_path(product, name), self.regions_path(product, name)

    def part_path(self, part: str, product: str, name: str) -> Path:
        """Where a part of an image's anomaly map lies."""
        return self.store / f"parts/{safe_name(part)}/{safe_name(product)}/{safe_name(name)}.tiff"

    def parts(self) -> tuple[str, ...]:
        """The parts of maps that lie here, sorted; none if they were not asked for."""
        return tuple(sorted(each.name for each in self.store.glob("parts/*") if each.is_dir()))

    def reference_path(self, product: str) -> Path:
        """Where the reference of a product lies."""
        return self.root / f"references/{safe_name(product)}.ref"

    def claim(self) -> None:
        """Make the folder, or make sure that it is a run's and nobody's pictures.

        Raises:
            RunError: it is a file, holds foreign things, or cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            entries = {entry.name for entry in self.root.iterdir()}
        except OSError as error:
            raise unwritable(self.root, error) from error
        if entries and entries.isdisjoint((*_FILES, "run.lock")):
            found = min(entries)
            raise RunError(
                f"{self.root}: expected a new or empty folder or an earlier run, "
                f"got a folder with '{found}'; give -o another one"
            )

    def storing(self, store: Path | None) -> RunFolder:
        """The same folder with its maps, regions and parts in `store`; None: where they are.

        Raises:
            RunError: a run keeps them elsewhere already, or there are other files, or no storage.
        """
        place = store if store is None or storage.elsewhere(store) else store.absolute()
        if place is None or place == self.store:
            return self
        if self.manifest.exists():
            raise RunError(
                f"{self.root}: expected --store {self.store} as when the run began, got {place}; leave it out "
                f"(if the files were moved there, write that into {self._store_file.name})"
            )
        try:
            with storage.faults_as_os_errors():
                found = next(_found(place), None)
        except OSError as error:
            raise unwritable(place, error) from error
        if found:
            raise RunError(
                f"{place}: expected storage without maps, regions or parts, got one with {found[0]}; "
                "give --store another folder"
            )
        write_text(self._store_file, f"{place}\n")
        return RunFolder(self.root)

    @property
    def _store_file(self) -> Path:
        return self.root / "store.txt"

    def clear(self) -> None:
        """Remove everything a run writes, and nothing else; the lock stays."""
        if self.store != self.root and self.manifest.exists():  # before that, nothing of this run is there
            storage.remove(self.store / name for name in _ARTEFACTS)
        for name in (*_FILES, *_DERIVED):
            (self.root / name).unlink(missing_ok=True)
        for name in _FOLDERS:
            shutil.rmtree(self.root / name, ignore_errors=True)

    def clear_derived(self) -> None:
        """Remove the metrics and the report, which no longer fit once an image is inspected again."""
        for name in _DERIVED:
            (self.root / name).unlink(missing_ok=True)

    def found(self) -> Iterator[tuple[str, int]]:
        """What lies here as an image's artefact, whole or not: path relative to the folder, and bytes."""
        return _found(self.store)

    def sweep(self, strays: Iterable[str], references: Collection[Path]) -> None:
        """Remove what a killed run left half done.

        Args:
            strays: paths relative to the folder, out of `found`.
            references: those that stay.
        """
        left = [*self.root.glob(".*.tmp"), *(self.store / stray for stray in strays)]
        left += [
            path for path in self.root.glob("references/**/*") if path.is_file() and path not in references
        ]
        for path in left:
            path.unlink(missing_ok=True)


def _found(store: Path) -> Iterator[tuple[str, int]]:
    if storage.elsewhere(store):
        yield from storage.files(store, _ARTEFACTS)
        return
    for name in _ARTEFACTS:
        waiting = [name]
        while waiting:
            within = waiting.pop()
            for entry in _entries(store / within):
                path = f"{within}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                else:
                    yield path, entry.stat(follow_symlinks=False).st_size


def _store(root: Path) -> Path:
    try:
        text = (root / "store.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return root
    return storage.located(text) if text else root


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if _is_text(entry.name)]  # no other name was ever given here
    except FileNotFoundError:
        return []


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
