"""What a run's saved maps are worth: every metric for every category, under a named protocol.

Nothing but the run's folder and the data set's masks is read, so a run can be evaluated anywhere, any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from saa import images, plugins, records
from saa.errors import RunError
from saa.evaluation import PROTOCOLS, Category, Evaluation, as_dict
from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve
from saa.records import Record
from saa.runs.folder import write_text


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
    records.raise_all(_missing(found.rows))
    categories = {
        product: _category(rows, PROTOCOLS[protocol]) for product, rows in found.by_product().items()
    }
    evaluation = Evaluation(
        protocol, categories, str(found.manifest.get("engine", "")), str(found.manifest.get("mode", ""))
    )
    write_text(run / "metrics.json", json.dumps(as_dict(evaluation), indent=2, ensure_ascii=False) + "\n")
    return evaluation


def _missing(rows: Sequence[Record]) -> Iterator[str]:
    for row in rows:
        if row.failed:
            continue
        if not row.map_path.is_file():
            yield f"{row.map_path}: expected a map, got none; give the `saa run` command again"
        if row.labelled and row.mask_path is not None and not row.mask_path.is_file():
            yield f"{row.mask_path}: expected a mask, got none; say where the data set lies now"


def _category(rows: Sequence[Record], size: tuple[int, int] | None) -> Category:
    done = [row for row in rows if not row.failed]
    known = [row for row in done if row.labelled]
    masked = [row for row in known if row.has_truth]
    # Mixed once and for all, so that the first maps resemble the rest.
    mixed = [masked[index] for index in np.random.default_rng(0).permutation(len(masked))]
    scores = np.array([row.score for row in known], np.float64)
    curves = {
        "pixel": pixel_curve(lambda: (_labelled(row, size) for row in mixed)),
        "image": Curve.of(scores, np.array([row.defective for row in known], np.bool_)),
    }
    metrics: list[tuple[str, ModuleType]] = [
        (name, plugins.load("metrics", name)) for name in plugins.kinds("metrics")
    ]
    return Category(
        {name: metric.compute(curves[metric.LEVEL]) for name, metric in metrics},
        num_images=len(rows),
        num_failed=len(rows) - len(done),
        num_unlabelled=len(done) - len(known),
        num_without_mask=len(known) - len(masked),
    )


def _labelled(row: Record, size: tuple[int, int] | None) -> Labelled:
    """The map and the mask of an image at one size."""
    anomaly_map = images.read_map(row.map_path)
    mask = np.zeros(anomaly_map.shape, np.bool_) if row.mask_path is None else images.read_mask(row.mask_path)
    if mask.shape != anomaly_map.shape:
        raise RunError(
            f"{row.mask_path}: expected a mask of the map's size {anomaly_map.shape}, got {mask.shape}; "
            "the data set has changed since the run"
        )
    if not np.isfinite(anomaly_map).all():
        raise RunError(
            f"{row.map_path}: expected finite values, got NaN or infinity; inspect {row.name} again"
        )
    if size is None or size == mask.shape:
        return anomaly_map, mask
    resized = cv2.resize(anomaly_map, size[::-1], interpolation=cv2.INTER_CUBIC)
    nearest = cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.float32), nearest.astype(np.bool_)
