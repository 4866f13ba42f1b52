"""A run from beginning to end: begin or resume, fit, inspect what is missing, leave a table.

A row is marked done only after its artefacts lie on disk under their final names, so a run killed at any moment
loses at most the images in hand (three a process: one is read, one judged, one written), or the fit in hand. What
lies there without a finished row is swept away on resume. A row knows the reference it was judged on, and is done
anew once its product has another.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from saa.errors import RunError
from saa.runs import fitting, ledger, lock, manifest, results
from saa.runs.crews import Crew, Handout
from saa.runs.fitting import Fitting, Prepared
from saa.runs.folder import RunFolder, unwritable, write_text
from saa.runs.ledger import Ledger, Seen
from saa.runs.local import Local
from saa.runs.outcome import Outcome, stamp
from saa.runs.plan import Plan
from saa.runs.station import Station
from saa.types import Sample


@dataclass(frozen=True)
class Tally:
    """How far a run is.

    Attributes:
        total: images of the plan.
        done: images dealt with, in this session or before.
        failed: those of them that failed.
        done_now: images dealt with in this session.
        seconds: since this session's first image was handed out.
        latest: the image that was dealt with last in this session; None before the first.
    """

    total: int
    done: int
    failed: int
    done_now: int
    seconds: float
    latest: Outcome | None = None

    @property
    def per_second(self) -> float:
        """Images per second in this session; 0 before the first."""
        return self.done_now / self.seconds if self.seconds else 0.0

    def after(self, outcome: Outcome, seconds: float) -> Tally:
        """How far it is once one more image has been dealt with, so many seconds after the first."""
        failed = self.failed + (outcome.state == "failed")
        return Tally(self.total, self.done + 1, failed, self.done_now + 1, seconds, outcome)

    @property
    def seconds_left(self) -> float | None:
        """What the rest will take at this pace; None before the first image."""
        return (self.total - self.done) / self.per_second if self.done_now and self.seconds else None


def run(
    plan: Plan,
    out: Path,
    *,
    crew: Crew = Local(),  # noqa: B008 - it is frozen
    store: Path | None = None,
    overwrite: bool = False,
    retry_failed: bool = False,
    watch: Callable[[Tally], None] = lambda _tally: None,
    watch_fit: Callable[[Fitting], None] = lambda _fitting: None,
    stop: Callable[[], bool] = lambda: False,
) -> Tally:
    """Inspect every image of `plan` that `out` does not hold yet; write maps, regions and results.csv.

    Products in batch mode are fitted first, on all their images. On resume finished rows are not hashed again:
    an image whose size or time of change differs, or whose artefacts are gone, is inspected anew; if its
    product is in batch mode, so are the product's others, which were compared with it. results.csv is written
    at the end, also of an interrupted run.

    Args:
        plan: the images and their recipes.
        out: a new or empty folder, or that of an earlier run of the same plan.
        crew: who inspects the images.
        store: a folder, or elsewhere (`saa.storage`), for maps, regions and parts; None: in `out`, or where an
            earlier session put them.
        overwrite: forget what an earlier run left in `out`, whatever its plan.
        retry_failed: inspect failed images again.
        watch: called before the first image and after each.
        watch_fit: called for each image of a fit, and at its end.
        stop: asked before each image is handed out; once it says so the images in hand are finished and no others
            are begun. Whoever raises KeyboardInterrupt instead gives up those in hand.

    Returns:
        The state at the end; `failed` counts rows of earlier sessions too.

    Raises:
        RunError: `out` holds another run or foreign files, is in use, or takes no more.
        SaaError: a recipe cannot be built.
        KeyboardInterrupt: Ctrl-C, or `stop` said so before the end; everything finished is kept.
    """
    folder = RunFolder(out)
    folder.claim()
    with lock.hold(folder.lock):
        if overwrite or not folder.manifest.exists():
            _clear(folder)
            folder = RunFolder(out)
        else:
            manifest.check(folder, plan)
        folder = folder.storing(store)
        with ledger.opened(folder.ledger) as rows:
            again = _begin(plan, folder, rows, retry_failed)
            with _table_written(folder, rows):
                prepared = fitting.prepare(plan, folder, rows, watch_fit, again)
                manifest.describe(folder, {product: each.as_dict() for product, each in prepared.items()})
                return _inspect(plan, prepared, folder, rows, crew, watch, stop)


@contextmanager
def _table_written(folder: RunFolder, rows: Ledger) -> Iterator[None]:
    """Leave results.csv behind, however the block ends; what ended it is told, and not what followed from that."""
    try:
        yield
    except BaseException:
        with suppress(RunError, sqlite3.Error):
            results.write(folder.results, rows)
        raise
    results.write(folder.results, rows)


def _clear(folder: RunFolder) -> None:
    try:
        folder.clear()
    except OSError as error:
        raise unwritable(folder.root, error) from error


def _begin(plan: Plan, folder: RunFolder, rows: Ledger, retry_failed: bool) -> set[str]:
    """Enrol the images of a new run; of an earlier one, reopen what has to be inspected again.

    Returns:
        The products that have to be fitted again, for images that could not be read may have been mended.
    """
    if not folder.manifest.exists():
        identity = manifest.compose(plan)
        rows.enrol(plan.samples, plan.shown, identity)
        write_text(folder.manifest, identity)  # from here on the folder is a run
        return set()
    manifest.check_ledger(folder, rows)
    rows.reopen([seen.key for sample, seen in _beside(plan, folder, rows) if _replaced(sample, seen)])
    _sweep(plan, folder, rows)
    return rows.reopen_failed() if retry_failed else set()


def _sweep(plan: Plan, folder: RunFolder, rows: Ledger) -> None:
    """Remove what those who were killed left half done; reopen rows whose artefacts are not what was written."""
    references = {folder.reference_path(product) for product in plan.recipes}
    folder.sweep(rows.reconcile(folder.found()), references)


def _beside(plan: Plan, folder: RunFolder, rows: Ledger) -> Iterator[tuple[Sample, Seen]]:
    """Each sample of the plan with its row, by (product, name).

    Raises:
        RunError: the ledger has other rows.
    """
    for sample, seen in zip_longest(sorted(plan.samples, key=_key), rows.seen()):
        if sample is None or seen is None or _key(sample) != seen.key:
            raise RunError(
                f"{folder.ledger}: expected a row for each of {len(plan.samples)} images, got others; "
                "inspect everything anew with --overwrite"
            )
        yield sample, seen


def _key(sample: Sample) -> tuple[str, str]:
    return sample.product, sample.name


def _replaced(sample: Sample, seen: Seen) -> bool:
    return seen.state != "pending" and stamp(sample.image_path) != seen.stamp


def _inspect(
    plan: Plan,
    prepared: Mapping[str, Prepared],
    folder: RunFolder,
    rows: Ledger,
    crew: Crew,
    watch: Callable[[Tally], None],
    stop: Callable[[], bool],
) -> Tally:
    """Inspect what is left."""
    waiting = [sample for sample, seen in _beside(plan, folder, rows) if seen.state == "pending"]
    before = rows.counts()
    tally = Tally(before.total, before.ok + before.failed, before.failed, 0, 0.0)
    watch(tally)
    if waiting:
        folder.clear_derived()
    recipes = {product: each.recipe for product, each in prepared.items()}
    station = Station(recipes, folder, keep_parts=plan.keep_parts)
    begun, lost = time.perf_counter(), False
    with closing(crew.outcomes(Handout(waiting, stop), station)) as found:
        for each in found:
            rows.record(each)
            lost = lost or each.attempts > 1
            tally = tally.after(each, time.perf_counter() - begun)
            watch(tally)
    if lost:  # a worker died, and may have been writing
        _sweep(plan, folder, rows)
    if tally.done < tally.total and stop():
        raise KeyboardInterrupt
    return tally
