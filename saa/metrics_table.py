"""metrics.csv: the figures of a run for a spreadsheet; one row a category, each defect type, part and mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from saa.evaluation import Category, Evaluation, Scores
from saa.runs.folder import write_text

_NAME = "metrics.csv"
_COUNTS = ("num_images", "num_good", "num_defective", "num_failed", "num_unlabelled", "num_without_mask")
_ABOUT = ("row", "category", "defect", "part", "mode", "protocol", "engine")

Cells = dict[str, str]


def write(run: Path, evaluation: Evaluation) -> None:
    """Write the figures of `run`, as fractions; a cell is empty where a figure is not defined.

    Column `row` says what a row is: "category", "defect" (one type of defects against all good images), "part" (of
    the maps) or "mean" (one for each mode).

    Raises:
        RunError: the folder takes no more.
    """
    write_text(run / _NAME, _text({"": evaluation}, ()))


def write_several(folder: Path, evaluations: Mapping[str, Evaluation]) -> None:
    """Write the figures of several runs, with their names in a first column `run`, to metrics.csv of `folder`.

    Raises:
        RunError: the folder takes no more.
    """
    write_text(folder / _NAME, _text(evaluations, ("run",)))


def _text(evaluations: Mapping[str, Evaluation], first: tuple[str, ...]) -> str:
    text = io.StringIO(newline="")
    metrics = dict.fromkeys(metric for each in evaluations.values() for metric in each.metrics)
    columns = (*first, *_ABOUT, *_COUNTS, *metrics, "max_f1_pixel_threshold", "max_f1_image_threshold")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for name, each in evaluations.items():
        shared = {"run": name, "protocol": each.protocol, "engine": each.engine}
        writer.writerows({**shared, **cells} for cells in _rows(each))
    return text.getvalue()


def _rows(evaluation: Evaluation) -> Iterator[Cells]:
    for product, category in evaluation.categories.items():
        yield from _of_category({"category": product, "mode": category.label}, category)
    for block in evaluation.blocks:
        about = {"category": "mean", "mode": block.mode}
        yield {"row": "mean", **about, **_values(block.mean)}
        for part, scores in block.parts.items():
            yield {"row": "mean", **about, "part": part, **_values(scores)}


def _of_category(about: Cells, category: Category) -> Iterator[Cells]:
    counts = {count: str(getattr(category, count)) for count in _COUNTS}
    yield {"row": "category", **about, **counts, **_values(category.scores)}
    for part, scores in category.parts.items():
        yield {"row": "part", **about, "part": part, **_values(scores)}
    for defect, scores in category.defects.items():
        number = str(category.num_by_defect[defect])
        numbers = {"num_defective": number, "num_good": str(category.num_good)}
        yield {"row": "defect", **about, "defect": defect, **numbers, **_values(scores)}


def _values(scores: Scores) -> Cells:
    found = {name: score.value for name, score in scores.items()}
    found |= {f"{name}_threshold": score.threshold for name, score in scores.items()}
    return {name: repr(value) for name, value in found.items() if value is not None}
