"""Suspected defects as COCO instances, to be looked at and corrected in CVAT, FiftyOne and the like.

Masks are written as the run keeps them, run lengths as a list, and marked `iscrowd: 1`. That is how COCO itself stores
masks that are no polygons, and CVAT too. Others read compressed strings or `iscrowd: 0` as well, but supervision up
to 0.26 only this. COCO's evaluation leaves crowds out of the truth; as its detections they count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

from saa.answers import Answers
from saa.runs import manifest
from saa.runs.folder import RunFolder, writing
from saa.runs.plan import Json

SUFFIX = ".coco.json"


def write(answers: Answers, out: Path) -> None:
    """Write images, categories (the phrases) and annotations (the regions) to `out`.

    File names are relative to the data set's root. Images that failed are left out, for to show them without a
    defect would be an answer; so are their reasons, which the tables have.

    Raises:
        RunError: a file of the run is missing or damaged, or `out` cannot be written.
    """
    phrases: dict[str, int] = {}
    with writing(out) as file:
        file.write(f'{{"info": {_text(_about(answers))},\n"licenses": [],\n"images": [')
        _write_all(file, _images(answers))
        file.write('],\n"annotations": [')
        _write_all(file, _annotations(answers, phrases))
        file.write(f'],\n"categories": {_text(_categories(phrases))}}}\n')


def _write_all(file: TextIO, items: Iterable[Json]) -> None:
    for index, item in enumerate(items):
        file.write(f"{',' if index else ''}\n{_text(item)}")
    file.write("\n")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _about(answers: Answers) -> Json:
    about = manifest.read(RunFolder(answers.run))
    return {
        "description": f"Suspected defects found by saa {about['versions']['saa']}, engine {about['engine']}",
        "date_created": about["created"],
        "root": about["dataset"]["root"],
        "min_score": answers.min_score,
    }


def _images(answers: Answers) -> Iterator[Json]:
    inspected = (row for row in answers.images() if row["status"] == "ok")
    for number, row in enumerate(inspected, start=1):
        yield {
            "id": number,
            "file_name": row["image_path"],
            "width": row["width"],
            "height": row["height"],
            "product": row["product"],
            "score": row["score"],
        }


def _annotations(answers: Answers, phrases: dict[str, int]) -> Iterator[Json]:
    """The regions of the same images in the same order; a phrase that is new gets the next number in `phrases`."""
    inspected = (answer for answer in answers.answers() if not answer.failed)
    found = (
        (image, region)
        for image, answer in enumerate(inspected, start=1)
        for region in answer.regions
        if region["area_px"]
    )
    for number, (image, region) in enumerate(found, start=1):
        left, top, right, bottom = region["box_xyxy"]
        yield {
            "id": number,
            "image_id": image,
            "category_id": phrases.setdefault(region["phrase"], len(phrases) + 1),
            "segmentation": region["rle"],
            "area": region["area_px"],
            "bbox": [left, top, right - left, bottom - top],
            "iscrowd": 1,
            "score": region["score"],
        }


def _categories(phrases: Mapping[str, int]) -> list[Json]:
    return [{"id": number, "name": phrase, "supercategory": "defect"} for phrase, number in phrases.items()]
