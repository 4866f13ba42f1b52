"""What a run's saved maps are worth: every metric for every category, under a named protocol.

Nothing but the run's folder and the data set's masks is read, so a run can be evaluated anywhere, any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

from saa import curves_file, figures, metrics_file, metrics_table, records, truths
from saa.evaluation import PARTS_PROTOCOL, ROAD_PROTOCOL, Evaluation, size_of
from saa.records import Records
from saa.retention import NormalRun
from saa.runs import threads

Watch = Callable[[int, int], None]
"""Told now and then how many maps have been read, and how many there are to read."""


def _unwatched(done: int, total: int) -> None:
    pass


def evaluate(
    run: Path,
    *,
    protocol: str | None = None,
    root: Path | None = None,
    id_run: Path | None = None,
    watch: Watch = _unwatched,
) -> Evaluation:
    """Score the maps of `run` and write its metrics.json, metrics.csv and curves.json.

    Args:
        run: the run's folder.
        protocol: one that `size_of` knows; None means native for road scenes and released for everything else.
        root: where the data set lies now; None means where it lay.
        id_run: a run of the same recipe on normal pictures; how many of their pixels stay below the thresholds
            that find the anomalies of `run`'s road scenes is told then, too.
        watch: told of the progress.

    Raises:
        RunError: no such protocol, a damaged run, maps or masks that are missing or do not fit.
        ImageError: a map or mask does not decode.
    """
    if protocol is not None:
        size_of(protocol)
    found = records.read(run, root)
    normal = None if id_run is None else NormalRun.read(id_run, found)
    records.raise_all(_missing(found))
    if normal is not None:
        records.raise_all(_missing(normal.found))
    if protocol is None:
        roads = bool(found.rows) and all(row.track for row in found.rows)
        protocol = ROAD_PROTOCOL if roads else PARTS_PROTOCOL
    counter = _Counter(watch, figures.num_readings(found))
    with threads.one_thread():  # of numerical libraries: there are threads enough that read maps
        every = {
            product: figures.of_category(found, rows, size_of(protocol), normal, counter.tick)
            for product, rows in found.by_product().items()
        }
    evaluation = Evaluation(
        protocol,
        {product: each.category for product, each in every.items()},
        str(found.manifest.get("engine", "")),
        "" if id_run is None else id_run.as_posix(),
    )
    metrics_file.write(run, evaluation)
    metrics_table.write(run, evaluation)
    curves_file.write(run, protocol, {product: each.points for product, each in every.items() if each.points})
    return evaluation


def _missing(found: Records) -> Iterator[str]:
    for row in found.rows:
        if row.failed:
            continue
        if not row.map_path.is_file():
            yield f"{row.map_path}: expected a map, got none; give the `saa run` command again"
        for part in found.parts:
            path = figures.part_path(found, part, row)
            if not path.is_file():
                yield f"{path}: expected a part of a map, got none; give the `saa run --parts` command again"
        for mask in truths.paths(row) if row.labelled else ():
            if not mask.is_file():
                yield f"{mask}: expected a mask, got none; say where the data set lies now"


class _Counter:
    """Counts maps that were read; those read twice, because the first ones misled, count once too often."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0
        self._lock = Lock()

    def tick(self) -> None:
        """Another one."""
        with self._lock:
            self._done = min(self._done + 1, self._total)
            self._watch(self._done, self._total)
