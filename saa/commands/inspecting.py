"""The work behind `saa inspect`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saa import images as pictures
from saa import modes, references
from saa.commands.terminal import note, say, table
from saa.config import AnyRecipe
from saa.engines import ENGINES
from saa.ops import drawing
from saa.runs import rle
from saa.runs.folder import write_text
from saa.runs.station import ONE_IMAGES_FAULT, reason
from saa.runs.threads import limited, shared
from saa.stages import Inspector
from saa.types import Image, Inspection

_HINT = (
    "each image is judged alone; images of one product can vouch for each other: `saa run` on their folder, "
    "or `saa fit` once and then --reference"
)


@dataclass(frozen=True)
class Answer:
    """What `saa inspect` says of one file.

    Attributes:
        path: the file.
        engine: what did the seeing.
        mode: the label of what the image was judged on.
        inspection: the answer; None if the image failed.
        error: why it failed; empty if it did not.
    """

    path: Path
    engine: str
    mode: str
    inspection: Inspection | None
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; regions have no masks, those lie in the files that -o asks for."""
        head = {"path": str(self.path), "engine": self.engine, "mode": self.mode}
        if self.inspection is None:
            return head | {"error": self.error}
        described = rle.describe(self.inspection.regions)
        regions = [{key: value for key, value in each.items() if key != "rle"} for each in described]
        size = list(self.inspection.regions.size)
        score, notes = float(self.inspection.score), list(self.inspection.notes)
        return head | {"size": size, "score": score, "regions": regions, "notes": notes}


def answers(
    paths: Sequence[Path], recipe: AnyRecipe, prompts: str, out: Path | None, reference: Path | None = None
) -> Iterator[Answer]:
    """An answer for each path as it is ready; with `out`, its files lie there by then.

    Args:
        paths: image files.
        recipe: of the product.
        prompts: where the recipe comes from, for people.
        out: the folder for files.
        reference: a file that `saa fit` wrote; the images are judged against those it was fitted on.

    Raises:
        SaaError: the reference does not fit the recipe, or `out` takes no files.
    """
    inspector, mode = _built(recipe, reference)
    note(f"{recipe.engine_name} engine, prompts {prompts}, mode: {mode}")
    if reference is None and ENGINES[recipe.engine].batch:
        note(_HINT)
    _, threads = shared(1, len(paths), networks=ENGINES[recipe.engine].placed)
    with limited(threads):  # the same sums, bit for bit, as in `saa run`
        for path, stem in zip(paths, stems(paths), strict=True):
            try:
                image = pictures.read_rgb(path)
                inspection = inspector.inspect(image)
            except ONE_IMAGES_FAULT as error:
                yield Answer(path, recipe.engine_name, mode, None, reason(error))
                continue
            answer = Answer(path, recipe.engine_name, mode, inspection)
            if out is not None:
                _write(out, stem, image, answer, inspection)
            yield answer


def _built(recipe: AnyRecipe, reference: Path | None) -> tuple[Inspector, str]:
    """The recipe's inspector, and the label of the mode."""
    if reference is None:
        return recipe.build(), modes.label(recipe.mode, 1)
    fitted = references.read(reference)
    return recipe.build(fitted), modes.label(recipe.mode, fitted.num_images)


def _write(out: Path, stem: str, image: Image, answer: Answer, inspection: Inspection) -> None:
    """The map, the overlay (its colours end at the map's own maximum) and the regions of one image.

    The overlay's colours begin at 0, or at the map's minimum if that is negative, as in scenes.
    """
    pictures.write_map(out / f"{stem}.map.tiff", inspection.anomaly_map)
    ground, peak = min(0.0, float(inspection.anomaly_map.min())), float(inspection.anomaly_map.max())
    overlay = drawing.overlay(image, inspection.anomaly_map, inspection.regions, peak, ground)
    pictures.write_png(out / f"{stem}.overlay.png", overlay)
    regions = {"regions": rle.describe(inspection.regions)}
    write_text(out / f"{stem}.json", json.dumps(answer.as_dict() | regions, indent=1) + "\n")


def stems(paths: Sequence[Path]) -> list[str]:
    """A file stem for each path; a second `000` becomes `000-2`, also where only the case differs."""
    taken: set[str] = set()
    chosen = []
    for path in paths:
        stem, count = path.stem, 1
        while stem.casefold() in taken:
            count += 1
            stem = f"{path.stem}-{count}"
        taken.add(stem.casefold())
        chosen.append(stem)
    return chosen


def print_json(found: Iterator[Answer]) -> int:
    """A JSON list on stdout; returns how many images failed."""
    rows = [answer.as_dict() for answer in found]
    say(json.dumps(rows, indent=2))
    return sum("error" in row for row in rows)


def print_tables(found: Iterator[Answer]) -> int:
    """For each image a line and a table of its regions; returns how many images failed."""
    failures = 0
    for answer in found:
        if answer.inspection is None:
            failures += 1
            note(answer.error)
            continue
        row = answer.as_dict()
        say(f"{answer.path}: score {row['score']:.4f}, {len(row['regions'])} regions, {answer.mode}")
        for each in row["notes"]:
            say(f"  {each}")
        if row["regions"]:
            cells = [
                (
                    each["phrase"],
                    f"{each['score']:.4f}",
                    str(each["area_px"]),
                    " ".join(map(str, each["box_xyxy"])),
                )
                for each in row["regions"]
            ]
            table(("phrase", "score", "area px", "box x y x y"), cells)
    return failures
