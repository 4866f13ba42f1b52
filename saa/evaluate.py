"""What a run's saved maps are worth: every metric for every category, under a named protocol.

Nothing but the run's folder and the data set's masks is read, so a run can be evaluated anywhere, any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from saa import images, metrics_file, plugins, records
from saa.errors import RunError
from saa.evaluation import PROTOCOLS, Category, Evaluation, Scores
from saa.ops import scoring
from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve
from saa.records import Record, Records
from saa.runs.folder import RunFolder
from saa.types import AnomalyMap

MapOf = Callable[[Record], AnomalyMap]


def evaluate(run: Path, *, protocol: str = "released", root: Path | None = None) -> Evaluation:
    """Score the maps of `run` and write its metrics.json.

    Args:
        run: the run's folder.
        protocol: a name in `PROTOCOLS`.
        root: where the data set lies now; None means where it lay.

    Raises:
        RunError: no such protocol, a damaged run, maps or masks that are missing or do not fit.
        ImageError: a map or mask does not decode.
    """
    if protocol not in PROTOCOLS:
        raise RunError(
            f"protocol: expected one of {', '.join(PROTOCOLS)}, got '{protocol}'; choose one of these"
        )
    found = records.read(run, root)
    records.raise_all(_missing(found))
    categories = {
        product: _category(found, rows, PROTOCOLS[protocol]) for product, rows in found.by_product().items()
    }
    evaluation = Evaluation(protocol, categories, str(found.manifest.get("engine", "")))
    metrics_file.write(run, evaluation)
    return evaluation


def _missing(found: Records) -> Iterator[str]:
    for row in found.rows:
        if row.failed:
            continue
        if not row.map_path.is_file():
            yield f"{row.map_path}: expected a map, got none; give the `saa run` command again"
        for part in found.parts:
            path = _part_path(found, part, row)
            if not path.is_file():
                yield f"{path}: expected a part of a map, got none; give the `saa run --parts` command again"
        if row.labelled and row.mask_path is not None and not row.mask_path.is_file():
            yield f"{row.mask_path}: expected a mask, got none; say where the data set lies now"


def _part_path(found: Records, part: str, row: Record) -> Path:
    return RunFolder(found.run).part_path(part, row.product, row.name)


def _category(found: Records, rows: Sequence[Record], size: tuple[int, int] | None) -> Category:
    label = records.mode(rows)
    done = [row for row in rows if not row.failed]
    known = [row for row in done if row.labelled]

    def of_part(part: str) -> Scores:
        def read(row: Record) -> AnomalyMap:
            return _finite(_part_path(found, part, row), row)

        return _scores(
            known, [scoring.image_score(read(row), scoring.TOP_RATIO) for row in known], read, size
        )

    return Category(
        _scores(known, [row.score for row in known], lambda row: _finite(row.map_path, row), size),
        num_images=len(rows),
        num_failed=len(rows) - len(done),
        num_unlabelled=len(done) - len(known),
        num_without_mask=sum(not row.has_truth for row in known),
        label=label,
        parts={part: of_part(part) for part in found.parts} if done else {},
    )


def _scores(
    known: Sequence[Record], scores: Sequence[float | None], read: MapOf, size: tuple[int, int] | None
) -> Scores:
    """Every metric of labelled images, given the score of each and the way to its map."""
    masked = [row for row in known if row.has_truth]
    # Mixed once and for all, so that the first maps resemble the rest.
    mixed = [masked[index] for index in np.random.default_rng(0).permutation(len(masked))]
    defective = np.array([row.defective for row in known], np.bool_)
    curves = {
        "pixel": pixel_curve(lambda: (_labelled(row, read(row), size) for row in mixed)),
        "image": Curve.of(np.array(scores, np.float64), defective),
    }
    metrics = {name: plugins.load("metrics", name) for name in plugins.kinds("metrics")}
    return {name: metric.compute(curves[metric.LEVEL]) for name, metric in metrics.items()}


def _finite(path: Path, row: Record) -> AnomalyMap:
    anomaly_map = images.read_map(path)
    if not np.isfinite(anomaly_map).all():
        raise RunError(f"{path}: expected finite values, got NaN or infinity; inspect {row.name} again")
    return anomaly_map


def _labelled(row: Record, anomaly_map: AnomalyMap, size: tuple[int, int] | None) -> Labelled:
    """A map of an image and its mask at one size."""
    mask = np.zeros(anomaly_map.shape, np.bool_) if row.mask_path is None else images.read_mask(row.mask_path)
    if mask.shape != anomaly_map.shape:
        raise RunError(
            f"{row.mask_path}: expected a mask of the map's size {anomaly_map.shape}, got {mask.shape}; "
            "the data set has changed since the run"
        )
    if size is None or size == mask.shape:
        return anomaly_map, mask
    resized = cv2.resize(anomaly_map, size[::-1], interpolation=cv2.INTER_CUBIC)
    nearest = cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.float32), nearest.astype(np.bool_)
