"""A finished run as evaluation and reports read it, on this machine or another, whatever wrote it."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from saa import modes, storage
from saa.errors import RunError
from saa.runs import manifest, rle
from saa.runs.folder import RunFolder
from saa.types import GOOD, UNKNOWN, MaskKind, Track

_COLUMNS = ("product", "name", "defect", "status", "score", "image_path", "mask_path", "error")
_CHOICES = {"mask_kind": get_args(MaskKind), "track": get_args(Track)}
_MAX_LINES = 20


@dataclass(frozen=True)
class Place:
    """Where the files of a run and of its data set lie now.

    Attributes:
        folder: the run's.
        root: the data set's.
        before: the data set's when it was inspected; may be of a system with other roots.
    """

    folder: RunFolder
    root: Path
    before: str = ""

    def path(self, text: str) -> Path:
        """Where a path of the table lies now."""
        start = f"{self.before.rstrip('/')}/"
        inside = text[len(self.before) :].lstrip("/") if self.before and text.startswith(start) else text
        return self.root / inside


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one image; a run may have a million of them, so paths are made only when asked for.

    Attributes:
        product, name, defect: as in `Sample`.
        score: of the whole image; None if it failed.
        error: why it failed; empty if it did not.
        place: where the files lie.
        image, mask, ignore: the files as the table has them; empty where there is none.
        mode: how it was judged, for people: "single image", or "batch (transductive), 83 images".
        notes: what to bear in mind when looking at it, joined by "; "; mostly empty.
        mask_kind, track: as in `Sample`.
    """

    product: str
    name: str
    defect: str
    score: float | None
    error: str
    place: Place
    image: str
    mask: str
    mode: str
    notes: str = ""
    ignore: str = ""
    mask_kind: MaskKind = "nonzero"
    track: Track = ""

    @property
    def image_path(self) -> Path:
        """The picture, which need not be there any more."""
        return self.place.path(self.image)

    @property
    def mask_path(self) -> Path | None:
        """As in `Sample`; it need not be there any more."""
        return self.place.path(self.mask) if self.mask else None

    @property
    def ignore_path(self) -> Path | None:
        """As in `Sample`; it need not be there any more."""
        return self.place.path(self.ignore) if self.ignore else None

    @property
    def map_path(self) -> Path:
        """The anomaly map, in the run."""
        return self.place.folder.map_path(self.product, self.name)

    @property
    def regions_path(self) -> Path:
        """The suspected defects, in the run."""
        return self.place.folder.regions_path(self.product, self.name)

    @property
    def failed(self) -> bool:
        """The image has a reason instead of a map."""
        return self.score is None

    @property
    def labelled(self) -> bool:
        """Somebody said whether it is good."""
        return self.defect != UNKNOWN

    @property
    def defective(self) -> bool:
        """It is known to have a defect."""
        return self.labelled and self.defect != GOOD

    @property
    def has_truth(self) -> bool:
        """It is known for each pixel whether it is defective."""
        return self.defect == GOOD or (self.labelled and self.mask != "")


@dataclass(frozen=True)
class Records:
    """All images of a run, sorted by (product, name), and what run.json says of them.

    Attributes:
        run: the run's folder.
        manifest: run.json.
        rows: one for each image that was dealt with.
        parts: what every map is the sum of; none unless the run was asked to keep the parts.
    """

    run: Path
    manifest: dict[str, Any]
    rows: tuple[Record, ...]
    parts: tuple[str, ...] = ()

    def by_product(self) -> dict[str, list[Record]]:
        """The rows of each product, products sorted."""
        products: dict[str, list[Record]] = {}
        for row in self.rows:
            products.setdefault(row.product, []).append(row)
        return products

    def decided(self, product: str) -> str:
        """What was decided when a product's images were fitted, in one line; empty in single mode."""
        about = self.manifest.get("products", {}).get(product, {})
        return "; ".join(f"{name} {value}" for name, value in about.get("decisions", {}).items())

    def modes(self) -> str:
        """The mode of all products, or how many were judged in which.

        Raises:
            RunError: images of one product were judged in different modes.
        """
        counts = Counter(modes.of(mode(rows)) for rows in self.by_product().values())
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(
            f"{each} for {count} product{'s' * (count > 1)}" for each, count in sorted(counts.items())
        )


def read(run: Path, root: Path | None = None) -> Records:
    """Read run.json and results.csv.

    Args:
        run: the run's folder.
        root: where the data set lies now; None means where it lay.

    Raises:
        RunError: a file is missing, not of this format, or has rows that make no sense (all are listed).
    """
    folder = RunFolder(run)
    about = manifest.read(folder)
    before = str(about.get("dataset", {}).get("root", ""))
    place = Place(folder, root if root is not None else storage.located(before), before)
    rows = sorted((_record(place, about, line) for line in lines(folder)), key=_by_name)
    return Records(run, about, tuple(rows), folder.parts())


def lines(folder: RunFolder) -> Iterator[dict[str, str]]:
    """The rows of results.csv that make sense, by column, one after the other.

    Raises:
        RunError: the file is missing or not of this format; at the end, if rows make no sense (all are listed).
    """
    mistakes = []
    try:
        with folder.results.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise RunError(
                    f"{folder.results}: expected the columns {', '.join(_COLUMNS)}, got none named "
                    f"{', '.join(missing)}; take the table as `saa run` left it"
                )
            for number, line in enumerate(reader, start=2):
                if mistake := _mistake(line):
                    mistakes.append(f"{folder.results}:{number}: {mistake}")
                else:
                    yield line
    except FileNotFoundError as error:
        raise RunError(
            f"{folder.results}: expected a table of results, got none; give the `saa run` command again"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{folder.results}: expected a table of results, got {error}") from error
    raise_all(mistakes)


def mode(rows: Sequence[Record]) -> str:
    """How the images of one product were judged.

    Raises:
        RunError: some in one way and some in another, so that no figure could speak of them all.
    """
    return _one_of_all("mode", rows, {row.mode for row in rows if not row.failed} or {rows[0].mode})


def track(rows: Sequence[Record]) -> Track:
    """The track of the images of one product.

    Raises:
        RunError: they are of several.
    """
    return cast(Track, _one_of_all("track", rows, {row.track for row in rows}))


def read_regions(record: Record) -> list[rle.Region]:
    """The suspected defects of an image that did not fail, best first.

    Raises:
        RunError: the file is missing or damaged.
    """
    return regions_of(record.place.folder, record.product, record.name)


def regions_of(folder: RunFolder, product: str, name: str) -> list[rle.Region]:
    """The suspected defects of an image; see `read_regions`."""
    path = folder.regions_path(product, name)
    try:
        regions: list[rle.Region] = json.loads(path.read_text(encoding="utf-8"))["regions"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path}: expected the regions of {name}, got {error}; give the `saa run` command again"
        ) from error
    return regions


def raise_all(mistakes: Iterable[str]) -> None:
    """Raise one RunError with a line for each mistake, the first twenty in full; none is fine."""
    lines = list(mistakes)
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], f"and {len(lines) - _MAX_LINES} more like these"]
    if lines:
        raise RunError("\n".join(lines))


def _one_of_all(what: str, rows: Sequence[Record], values: set[str]) -> str:
    if len(values) > 1:
        got = " and ".join(value or "none" for value in sorted(values))
        raise RunError(
            f"{rows[0].product}: expected one {what} for all images, got {got}; "
            "take the table as `saa run` left it"
        )
    return next(iter(values))


def _mistake(line: dict[str, str]) -> str:
    if None in line.values() or None in line:
        return "expected as many values as columns, got another number; take the table as `saa run` left it"
    if line["status"] not in ("ok", "failed"):
        return f"status: expected ok or failed, got '{line['status']}'"
    if line["status"] == "ok" and not _is_finite(line["score"]):
        return f"score: expected a number, got '{line['score']}'"
    for column, choices in _CHOICES.items():
        if column in line and line[column] not in choices:
            known = ", ".join(each or "nothing" for each in choices)
            return f"{column}: expected one of {known}, got '{line[column]}'"
    return ""


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _by_name(row: Record) -> tuple[str, str]:
    return row.product, row.name


def _record(place: Place, about: dict[str, Any], line: dict[str, str]) -> Record:
    return Record(
        # What many rows share is kept once.
        sys.intern(line["product"]),
        line["name"],
        sys.intern(line["defect"]),
        float(line["score"]) if line["status"] == "ok" else None,
        line["error"],
        place,
        line["image_path"],
        line["mask_path"],
        # Runs of older versions have none of these columns.
        sys.intern(line.get("mode") or str(about.get("mode", "unknown"))),
        sys.intern(line.get("notes", "")),
        line.get("ignore_path", ""),
        cast(MaskKind, sys.intern(line.get("mask_kind", "nonzero"))),
        cast(Track, sys.intern(line.get("track", ""))),
    )
