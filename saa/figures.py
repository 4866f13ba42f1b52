"""The figures of one category of a run: every metric that applies, of its maps, their parts and its defect types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from saa import plugins, records, retention, scored_maps
from saa.curves_file import Points
from saa.evaluation import Category, Scores
from saa.ops import components, curves, grouped, released_regions, scoring
from saa.ops.components import RULES, Components
from saa.ops.counting import Labelled, pixel_curve
from saa.ops.curves import Curve
from saa.ops.matched_regions import MatchedRegions
from saa.records import Record, Records
from saa.retention import NormalRun
from saa.runs import threads
from saa.runs.folder import RunFolder
from saa.scored_maps import MapOf, ScoredMaps
from saa.types import GOOD, AnomalyMap, Track

Level = Curve | Components | MatchedRegions
"""What metrics of one level are computed from."""
Tick = Callable[[], None]
"""Called each time a map is read, from any thread."""

_FPR_RECALL = 0.95


@dataclass(frozen=True)
class Figures:
    """What a category's maps are worth.

    Attributes:
        category: its figures.
        points: of its curve over pixels; None where there is none.
    """

    category: Category
    points: Points | None


@dataclass(frozen=True)
class _Watched:
    """Maps whose reading is told."""

    maps: ScoredMaps
    tick: Tick

    def __iter__(self) -> Iterator[Labelled]:
        return map(self.labelled, self.maps.rows)

    def __len__(self) -> int:
        return len(self.maps.rows)

    def labelled(self, row: Record) -> Labelled:
        """The map of an image."""
        self.tick()
        return self.maps.labelled(row)


def part_path(found: Records, part: str, row: Record) -> Path:
    """Where a part of an image's map lies."""
    return RunFolder(found.run).part_path(part, row.product, row.name)


def num_readings(found: Records) -> int:
    """How many maps are read at least, parts and all."""
    looked_at = [row for row in found.rows if row.has_truth and not row.failed]
    return sum(1 if row.track else 2 * (1 + len(found.parts)) for row in looked_at)


def of_category(
    found: Records, rows: Sequence[Record], size: tuple[int, int] | None, normal: NormalRun | None, tick: Tick
) -> Figures:
    """The figures of the images `rows` of one product of a run.

    Args:
        found: the run.
        rows: the images.
        size: (h, w) of the protocol.
        normal: what road scenes are compared with.
        tick: told of each map that was read.

    Raises:
        RunError: they were judged in several modes; a map or mask is damaged or does not fit.
        ImageError: a map or mask does not decode.
    """
    done = [row for row in rows if not row.failed]
    known = [row for row in done if row.labelled]
    category = Category(
        {},
        num_images=len(rows),
        num_failed=len(rows) - len(done),
        num_unlabelled=len(done) - len(known),
        num_without_mask=sum(not row.has_truth for row in known),
        num_good=sum(not row.defective for row in known),
        num_defective=sum(row.defective for row in known),
        label=records.mode(rows),
        track=records.track(rows),
    )
    if category.track:
        return _of_roads(category, known, size, normal, tick)

    def of_part(part: str) -> Scores:
        def read(row: Record) -> AnomalyMap:
            return scored_maps.finite(part_path(found, part, row), row)

        scored = [replace(row, score=scoring.image_score(read(row), scoring.TOP_RATIO)) for row in known]
        return _of_parts(scored, read, size, tick)[0][""]

    every, curve = _of_parts(known, _map_of, size, tick)
    counted = replace(
        category,
        scores=every.pop(""),
        defects=every,
        num_by_defect={defect: sum(row.defect == defect for row in known) for defect in every},
        parts={part: of_part(part) for part in found.parts} if done else {},
    )
    return Figures(counted, Points.of(curve))


def _map_of(row: Record) -> AnomalyMap:
    return scored_maps.finite(row.map_path, row)


def _of_parts(
    known: Sequence[Record], read: MapOf, size: tuple[int, int] | None, tick: Tick
) -> tuple[dict[str, Scores], Curve]:
    """Scores of each defect type and, by the name "", of all of them; and the curve of all pixels."""
    defects = sorted({row.defect for row in known if row.defective})
    groups = {
        defect: _Watched(ScoredMaps(scored_maps.mixed(rows), read, size), tick)
        for defect in (GOOD, *defects)
        if (rows := [row for row in known if row.defect == defect])
    }
    pixels = grouped.pixel_curves(groups, GOOD)
    regions = _regions(groups, *pixels.limits)
    whole = MatchedRegions.total(regions.values())
    every = {"": _scores({"pixel": pixels.whole, "region": whole, "image": _image_curve(known)}, "")}
    for defect in defects:
        own = [row for row in known if row.defect in (GOOD, defect)]
        both = regions[GOOD] + regions[defect]
        every[defect] = _scores(
            {"pixel": pixels.each[defect], "region": both, "image": _image_curve(own)}, ""
        )
    return every, pixels.whole


def _regions(groups: Mapping[str, _Watched], lowest: float, highest: float) -> dict[str, MatchedRegions]:
    """The regions of each defect type and of the good images, be there any or not."""
    thresholds = released_regions.thresholds(lowest, highest)
    nothing = MatchedRegions.none(thresholds)
    found = {GOOD: nothing}
    with ThreadPoolExecutor(threads.num_cores()) as pool:
        for group, maps in groups.items():
            each = pool.map(partial(_regions_of, thresholds, maps), maps.maps.rows)
            found[group] = MatchedRegions.total(chain([nothing], each))
    return found


def _regions_of(thresholds: NDArray[np.float32], maps: _Watched, row: Record) -> MatchedRegions:
    return MatchedRegions.of(thresholds, maps.labelled(row))


def _of_roads(
    category: Category,
    known: Sequence[Record],
    size: tuple[int, int] | None,
    normal: NormalRun | None,
    tick: Tick,
) -> Figures:
    maps = ScoredMaps(scored_maps.mixed(known), _map_of, size)
    pixels = pixel_curve(lambda: _Watched(maps, tick), recalls=(_FPR_RECALL,), exact_f1=True)
    levels: dict[str, Level] = {
        "pixel": pixels,
        "image": _image_curve(known),
        "component": _components(maps, pixels, category.track),
    }
    if normal is not None:
        levels["retention"] = beside = normal.curve(maps)
        category = replace(category, kept=retention.kept(beside))
    return Figures(replace(category, scores=_scores(levels, category.track)), Points.of(pixels))


def _image_curve(known: Sequence[Record]) -> Curve:
    scores = np.array([row.score for row in known], np.float64)
    return Curve.of(scores, np.array([row.defective for row in known], np.bool_))


def _scores(levels: Mapping[str, Level], track: Track) -> Scores:
    """Every metric that applies to a category, from what is known at each level."""
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
