"""What a page says and shows of each category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from saa import curves_file, records, tables
from saa.curves_file import Points
from saa.evaluation import Evaluation
from saa.ops.curves import Score
from saa.records import Record, Records
from saa.reports import _care, _charts, _curves, _gallery, _pictures, _room
from saa.reports._charts import Histogram, Scale
from saa.reports._curves import Curves
from saa.reports._gallery import Look
from saa.reports._pictures import Picture
from saa.reports._room import Room

_KEY = (
    "max_f1_pixel", "auroc_pixel", "ap_pixel", "aupro", "fpr95", "max_f1_region", "max_f1_image", "auroc_image",
)  # fmt: skip
_BRIEF = ("max_f1_pixel", "auroc_image")
_MAX_REGIONS = 12
_THREADS = 2

Watch = Callable[[int, int], None]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Card:
    """One image: what is known of it, its own note, its pictures and its best regions in words."""

    row: Record
    note: str
    f1: float | None
    pictures: list[Picture]
    regions: list[str]
    more_regions: int


@dataclass(frozen=True)
class Section:
    """One category of the page.

    Attributes:
        product, mode: what it is, and how it was judged.
        decided: what was decided when its images were fitted.
        note: what all its images share.
        counts: how many images of which kind, in words.
        num_images, num_failed: how many there are, and how many of them have no map.
        scores: its figures by metric; none if it was not evaluated.
        histogram, curves, scale: what there is to draw.
        groups: (title, reason, cards).
        recipe: its settings in full.
    """

    product: str
    mode: str
    decided: str
    note: str
    counts: str
    num_images: int
    num_failed: int
    scores: dict[str, Score]
    histogram: Histogram | None
    curves: Curves | None
    scale: Scale | None
    groups: list[tuple[str, str, list[Card]]]
    recipe: object

    @property
    def key(self) -> Pairs:
        """(heading, value) of its main figures; those that are not defined are left out."""
        return self._figures(_KEY)

    @property
    def brief(self) -> Pairs:
        """The two for which an overview has room."""
        return self._figures(_BRIEF)

    @property
    def auroc(self) -> str:
        """How well image scores tell good from defective; empty where that is not defined."""
        return "".join(f"{heading} {value}" for heading, value in self._figures(("auroc_image",)))

    @property
    def undefined(self) -> str:
        """Why there are no curves of pixels; empty where there are, and where nothing was evaluated."""
        f1 = self.scores.get("max_f1_pixel")
        return f1.reason if f1 is not None and self.curves is None else ""

    def _figures(self, names: Sequence[str]) -> Pairs:
        known = [(name, self.scores[name]) for name in names if name in self.scores]
        return [
            (tables.heading(name), f"{tables.percent(score)} %")
            for name, score in known
            if score.value is not None
        ]


def sections(found: Records, figures: Evaluation | None, watch: Watch) -> Iterator[Section]:
    """The categories of a run, one after the other. Each map is read once, those that are shown once more.

    Args:
        found: the run.
        figures: what `evaluate` found; None if it was not evaluated.
        watch: called with the number of maps read so far, and that of all.

    Raises:
        RunError: the regions of an image or the curves cannot be read.
        ImageError: a map cannot be read.
    """
    products = found.by_product()
    points = curves_file.read(found.run) if figures else {}
    room = _room.among(len(products))
    total, done = sum(not row.failed for row in found.rows), 0
    watch(done, total)
    for product, rows in products.items():
        category = figures.categories.get(product) if figures else None
        scores = category.scores if category else {}
        looks = []
        with _threads() as pool:
            for look in _looks(pool, rows, scores.get("max_f1_pixel")):
                looks.append(look)
                done += 1
                watch(done, total)
            yield _section(found, rows, scores, looks, points.get(product), room, pool)


def _looks(pool: Executor, rows: Sequence[Record], best: Score | None) -> Iterator[Look]:
    threshold = best.threshold if best else None
    return pool.map(partial(_gallery.look, threshold=threshold), [row for row in rows if not row.failed])


def _section(
    found: Records,
    rows: Sequence[Record],
    scores: dict[str, Score],
    looks: Sequence[Look],
    points: Points | None,
    room: Room,
    pool: Executor,
) -> Section:
    product, shared = rows[0].product, _care.shared_note(rows)
    undefined = Score(None)
    best, of_images = (scores.get(name, undefined) for name in ("max_f1_pixel", "max_f1_image"))
    scale = _charts.scale(*_gallery.limits(looks), best.threshold) if looks else None
    return Section(
        product,
        records.mode(rows),
        found.decided(product),
        shared,
        _counts(rows),
        num_images=len(rows),
        num_failed=len(rows) - len(looks),
        scores=scores,
        histogram=_charts.histogram(rows, of_images.threshold),
        curves=_curves.curves(points, best) if points else None,
        scale=scale,
        groups=list(_groups(pool, looks, scale, shared, room)) if scale else [],
        recipe=found.manifest.get("recipes", {}).get(product),
    )


@contextmanager
def _threads() -> Iterator[Executor]:
    """Threads that read and draw; if something fails, what has not begun is not begun any more."""
    pool = ThreadPoolExecutor(_THREADS)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _groups(
    pool: Executor, looks: Sequence[Look], scale: Scale, shared: str, room: Room
) -> Iterator[tuple[str, str, list[Card]]]:
    for group in _gallery.groups(looks, room.each):
        cards = pool.map(partial(_card, shared=shared, scale=scale, room=room), group.looks)
        yield group.title, group.reason, list(cards)


def _card(look: Look, shared: str, scale: Scale, room: Room) -> Card:
    row, found = look.row, records.read_regions(look.row)
    regions = [f"{region['phrase']} {region['score']:.2f}" for region in found[:_MAX_REGIONS]]
    pictures = _pictures.pictures(row, scale.low, scale.high, room)
    more = max(0, len(found) - _MAX_REGIONS)
    return Card(row, _care.own_note(row, shared), look.f1, pictures, regions, more)


def _counts(rows: Sequence[Record]) -> str:
    """How many images of which kind, in words."""
    kinds = Counter(row.defect for row in rows)
    return f"{len(rows)} image{'s' * (len(rows) != 1)}: " + ", ".join(
        f"{count} {kind}" for kind, count in sorted(kinds.items())
    )
