"""What a run's saved maps are worth: every metric for every category, under a named protocol.

Nothing but the run's folder and the data set's masks is read, so a run can be evaluated anywhere, any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from saa import metrics_file, plugins, records, retention, scored_maps, truths
from saa.errors import RunError
from saa.evaluation import PARTS_PROTOCOL, PROTOCOLS, ROAD_PROTOCOL, Category, Evaluation, Scores
from saa.ops import components, curves, scoring
from saa.ops.components import RULES, Components
from saa.ops.counting import pixel_curve
from saa.ops.curves import Curve
from saa.records import Record, Records
from saa.retention import NormalRun
from saa.runs.folder import RunFolder
from saa.scored_maps import MapOf, ScoredMaps
from saa.types import AnomalyMap, Track

_FPR_RECALL = 0.95


def evaluate(
    run: Path, *, protocol: str | None = None, root: Path | None = None, id_run: Path | None = None
) -> Evaluation:
    """Score the maps of `run` and write its metrics.json.

    Args:
        run: the run's folder.
        protocol: a name in `PROTOCOLS`; None means native for road scenes and released for everything else.
        root: where the data set lies now; None means where it lay.
        id_run: a run of the same recipe on normal pictures; how many of their pixels stay below the thresholds
            that find the anomalies of `run`'s road scenes is told then, too.

    Raises:
        RunError: no such protocol, a damaged run, maps or masks that are missing or do not fit.
        ImageError: a map or mask does not decode.
    """
    if protocol is not None and protocol not in PROTOCOLS:
        raise RunError(
            f"protocol: expected one of {', '.join(PROTOCOLS)}, got '{protocol}'; choose one of these"
        )
    found = records.read(run, root)
    normal = None if id_run is None else NormalRun.read(id_run, found)
    records.raise_all(_missing(found))
    if normal is not None:
        records.raise_all(_missing(normal.found))
    if protocol is None:
        roads = bool(found.rows) and all(row.track for row in found.rows)
        protocol = ROAD_PROTOCOL if roads else PARTS_PROTOCOL
    categories = {
        product: _category(found, rows, PROTOCOLS[protocol], normal)
        for product, rows in found.by_product().items()
    }
    evaluation = Evaluation(
        protocol,
        categories,
        str(found.manifest.get("engine", "")),
        "" if id_run is None else id_run.as_posix(),
    )
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
        for mask in truths.paths(row) if row.labelled else ():
            if not mask.is_file():
                yield f"{mask}: expected a mask, got none; say where the data set lies now"


def _part_path(found: Records, part: str, row: Record) -> Path:
    return RunFolder(found.run).part_path(part, row.product, row.name)


def _category(
    found: Records, rows: Sequence[Record], size: tuple[int, int] | None, normal: NormalRun | None
) -> Category:
    label, track = records.mode(rows), records.track(rows)
    done = [row for row in rows if not row.failed]
    known = [row for row in done if row.labelled]

    def maps(read: MapOf) -> ScoredMaps:
        return ScoredMaps(scored_maps.mixed(known), read, size)

    def of_part(part: str) -> Scores:
        def read(row: Record) -> AnomalyMap:
            return scored_maps.finite(_part_path(found, part, row), row)

        scores = [scoring.image_score(read(row), scoring.TOP_RATIO) for row in known]
        return _scores(maps(read), _image_curve(known, scores), track)

    whole = maps(lambda row: scored_maps.finite(row.map_path, row))
    kept = normal.curve(whole) if normal is not None and track else None
    return Category(
        _scores(whole, _image_curve(known, [row.score for row in known]), track, kept),
        num_images=len(rows),
        num_failed=len(rows) - len(done),
        num_unlabelled=len(done) - len(known),
        num_without_mask=sum(not row.has_truth for row in known),
        label=label,
        parts={part: of_part(part) for part in found.parts} if done else {},
        track=track,
        kept=() if kept is None else retention.kept(kept),
    )


def _image_curve(known: Sequence[Record], scores: Sequence[float | None]) -> Curve:
    return Curve.of(np.array(scores, np.float64), np.array([row.defective for row in known], np.bool_))


def _scores(maps: ScoredMaps, images: Curve, track: Track, kept: Curve | None = None) -> Scores:
    """Every metric that applies to a category, given its maps and the curve of its images."""
    pixels = pixel_curve(lambda: maps, recalls=(_FPR_RECALL,) if track else (), exact_f1=bool(track))
    levels: dict[str, Curve | Components] = {"pixel": pixels, "image": images}
    if track:
        levels["component"] = _components(maps, pixels, track)
    if kept is not None:
        levels["retention"] = kept
    metrics = {name: plugins.load("metrics", name) for name in plugins.kinds("metrics")}
    return {
        name: metric.compute(levels[metric.LEVEL])
        for name, metric in metrics.items()
        if metric.LEVEL in levels and _applies(metric, track)
    }


def _applies(metric: ModuleType, track: Track) -> bool:
    kind = "road" if track else "parts"
    return bool(getattr(metric, "ONLY", kind) == kind)


def _components(maps: ScoredMaps, pixels: Curve, track: Track) -> Components:
    """Those above the threshold of the best F1, which is the score of some pixel, as without counting in cells."""
    if maps.size is not None:
        return Components.unknown("components are counted at the size of the images only, by protocol native")
    best = curves.max_f1(pixels)
    if best.threshold is None:
        return Components.unknown(best.reason)
    threshold = components.lowest_above(maps.pairs(), best.threshold)
    return Components.of(maps.pairs(), threshold, RULES[track])
