"""A run's results for other programs, one row an image or one a region, without holding them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from saa import records
from saa.errors import RunError
from saa.runs import manifest, results
from saa.runs.folder import RunFolder
from saa.runs.rle import Region

Value: TypeAlias = "str | int | float | None"
Row: TypeAlias = "dict[str, Value]"

_WHOLE = ("height", "width", "num_regions", "attempts")
_REAL = ("score", *(column for column in results.DIFFERING if column.startswith("seconds")))
IMAGE_COLUMNS: Mapping[str, type] = {
    **{column: int if column in _WHOLE else float if column in _REAL else str for column in results.COLUMNS},
    "map_path": str,
    "regions_path": str,
}
"""The columns of a row an image, and their types: those of results.csv, and the artefacts' paths in the run."""
REGION_COLUMNS: Mapping[str, type] = {
    "product": str,
    "name": str,
    "image_path": str,
    "rank": int,
    "phrase": str,
    "score": float,
    "area_px": int,
    "left": int,
    "top": int,
    "right": int,
    "bottom": int,
}
"""The columns of a row a region: rank 1 is the best of its image; right and bottom are exclusive."""


@dataclass(frozen=True)
class Answer:
    """What became of one image.

    Attributes:
        row: by `IMAGE_COLUMNS`; None stands for what an image, or a run of an older version, has not.
        regions: the suspected defects that score well enough, best first; none of an image that failed.
    """

    row: Row
    regions: tuple[Region, ...]

    @property
    def failed(self) -> bool:
        """The image has a reason instead of an answer."""
        return self.row["status"] != "ok"


@dataclass(frozen=True)
class Answers:
    """The results of a run; read anew whenever they are gone through.

    Attributes:
        run: the run's folder.
        by_region: whether `rows` has a row a region, else it has one an image.
        min_score: rows of `rows`, and regions, that score lower are left out; images that failed have no score and
            stay.
    """

    run: Path
    by_region: bool = False
    min_score: float | None = None

    @property
    def columns(self) -> Mapping[str, type]:
        """Those of `rows`, and their types."""
        return REGION_COLUMNS if self.by_region else IMAGE_COLUMNS

    def rows(self) -> Iterator[Row]:
        """The table, sorted by product and name.

        Raises:
            RunError: a file of the run is missing or damaged.
        """
        if self.by_region:
            return (row for answer in self.answers() for row in _by_region(answer))
        return (row for row in self.images() if self._is_enough(row["score"]))

    def images(self) -> Iterator[Row]:
        """All images, sorted by product and name, whatever they score.

        Raises:
            RunError: a file of the run is missing or damaged.
        """
        folder = RunFolder(self.run)
        manifest.read(folder)  # make sure that it is a run
        return (_row(folder, line) for line in records.lines(folder))

    def answers(self) -> Iterator[Answer]:
        """All images with their regions, sorted by product and name.

        Raises:
            RunError: a file of the run is missing or damaged.
        """
        folder = RunFolder(self.run)
        for row in self.images():
            found: list[Region] = []
            if row["status"] == "ok":
                found = records.regions_of(folder, str(row["product"]), str(row["name"]))
            yield Answer(row, tuple(region for region in found if self._is_enough(region["score"])))

    def _is_enough(self, score: Value) -> bool:
        return self.min_score is None or not isinstance(score, float | int) or score >= self.min_score


def _row(folder: RunFolder, line: dict[str, str]) -> Row:
    row = {column: _typed(folder, line, column, kind) for column, kind in IMAGE_COLUMNS.items()}
    if line["status"] == "ok":
        paths = folder.artefacts(line["product"], line["name"])
        row["map_path"], row["regions_path"] = (path.relative_to(folder.store).as_posix() for path in paths)
    return row


def _typed(folder: RunFolder, line: dict[str, str], column: str, kind: type) -> Value:
    text = line.get(column)
    if kind is str:
        return text
    if not text:
        return None
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        raise RunError(
            f"{folder.results}: {line['product']}/{line['name']}: {column}: expected a number, got '{text}'; "
            "take the table as `saa run` left it"
        ) from error


def _by_region(answer: Answer) -> Iterator[Row]:
    for rank, region in enumerate(answer.regions, start=1):
        left, top, right, bottom = region["box_xyxy"]
        yield {
            **{column: answer.row[column] for column in ("product", "name", "image_path")},
            "rank": rank,
            "phrase": region["phrase"],
            "score": float(region["score"]),
            "area_px": region["area_px"],
            "left": left,
            "top": top,
            "right": right,
            "bottom": bottom,
        }
