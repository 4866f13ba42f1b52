"""report.html: one file with the figures and telling pictures of a run, for any browser, phone or printer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saa import evaluation, metrics_file, records, tables
from saa.evaluation import Evaluation
from saa.records import Record, Records
from saa.reports import _care, _charts, _gallery, _pages, _pictures
from saa.reports._charts import Histogram, Scale
from saa.reports._pictures import Picture
from saa.runs.folder import write_text

_MAX_FAILURES = 200
_MAX_EACH = 6
_MAX_IMAGES = 70
_SIDE_PX, _SMALL_SIDE_PX = 300, 200
_NOTICE = "NOTICE.txt"
_MAX_NOTICE = 1000


@dataclass(frozen=True)
class Card:
    """One image: what is known of it, its own note, its pictures and its regions in words."""

    row: Record
    note: str
    f1: float | None
    pictures: list[Picture]
    regions: list[str]


@dataclass(frozen=True)
class Section:
    """One category of the page; the note is what all its images share."""

    product: str
    mode: str
    decided: str
    note: str
    counts: str
    histogram: Histogram | None
    scale: Scale | None
    groups: list[tuple[str, str, list[Card]]]
    recipe: str


def write(run: Path, out: Path, *, root: Path | None = None) -> None:
    """Write the page of `run` to `out`. With a metrics.json it has figures; without, pictures only.

    All maps of a category share one colour scale, taken from the pooled values of the run. A page stays
    below 30 MB whatever the number of images: the more categories, the fewer images of each.

    Args:
        run: the run's folder.
        out: the page.
        root: where the data set lies now; None means where it lay. Pictures not found are left out.

    Raises:
        RunError: the run is damaged, or `out` cannot be written.
        ImageError: a saved map does not decode.
    """
    found, figures = records.read(run, root), metrics_file.read(run)
    failures = [row for row in found.rows if row.failed]
    write_text(
        out,
        _pages.rendered(
            "report.html.j2",
            facts=_facts(found, figures, len(failures)),
            provenance=_provenance(found),
            notice=_notice(found, root),
            tables=tables.tables(figures) if figures else [],
            notes=tables.notes(figures) if figures else [],
            care=_care.care(found),
            sections=_sections(found, figures),
            failures=failures[:_MAX_FAILURES],
            more_failures=max(0, len(failures) - _MAX_FAILURES),
        ),
    )


def _facts(found: Records, figures: Evaluation | None, failed: int) -> list[tuple[str, str]]:
    """What the figures depend on most."""
    about = found.manifest
    data_set = about.get("dataset", {})
    return [
        ("Engine", str(about.get("engine", "unknown"))),
        ("Mode", found.modes()),
        ("Protocol", _protocol(figures)),
        ("Images", f"{len(found.rows)}, {failed} failed"),
        ("Data set", f"{Path(str(data_set.get('root', ''))).name} ({data_set.get('format', 'unknown')})"),
        ("Run", str(about.get("created", "unknown"))),
    ]


def _provenance(found: Records) -> list[tuple[str, str]]:
    """What else it takes to make the same maps again."""
    about = found.manifest
    versions = ", ".join(f"{name} {version}" for name, version in about.get("versions", {}).items())
    facts = {
        "Recipes, SHA-256": about.get("recipe_sha256"),
        "Commit": about.get("commit"),
        "Platform": about.get("platform"),
        "Versions": versions,
    }
    return [(name, str(value)) for name, value in facts.items() if value]


def _protocol(figures: Evaluation | None) -> str:
    if figures is None:
        return "not evaluated"
    size = evaluation.PROTOCOLS.get(figures.protocol)
    how = f"maps at {size[0]} × {size[1]}" if size else "maps at image size"
    return f"{figures.protocol} ({how}, pixels pooled per category, best threshold per category)"


def _notice(found: Records, root: Path | None) -> str:
    """What the data set says of itself: the drawn one, that it is no evidence."""
    path = (root or Path(str(found.manifest.get("dataset", {}).get("root", "")))) / _NOTICE
    return path.read_text("utf-8", errors="replace")[:_MAX_NOTICE].strip() if path.is_file() else ""


def _sections(found: Records, figures: Evaluation | None) -> list[Section]:
    products = found.by_product()
    each = max(1, min(_MAX_EACH, _MAX_IMAGES // max(1, len(products))))
    side = _SIDE_PX if len(products) <= _MAX_IMAGES // 2 else _SMALL_SIDE_PX
    recipes = found.manifest.get("recipes", {})
    return [
        _section(product, found.decided(product), rows, figures, recipes.get(product), each, side)
        for product, rows in products.items()
    ]


def _section(
    product: str,
    decided: str,
    rows: Sequence[Record],
    figures: Evaluation | None,
    recipe: str,
    each: int,
    side: int,
) -> Section:
    threshold = _threshold(figures, product, "max_f1_pixel")
    looks = [_gallery.look(row, threshold) for row in rows if not row.failed]
    histogram = _charts.histogram(rows, _threshold(figures, product, "max_f1_image"))
    mode, shared = records.mode(rows), _care.shared_note(rows)
    if not looks:
        return Section(product, mode, decided, shared, _counts(rows), histogram, None, [], recipe)
    scale = _charts.scale(*_gallery.limits(looks), threshold)
    groups = [
        (group.title, group.reason, [_card(look, shared, scale, side) for look in group.looks])
        for group in _gallery.groups(looks, each)
    ]
    return Section(product, mode, decided, shared, _counts(rows), histogram, scale, groups, recipe)


def _card(look: _gallery.Look, shared: str, scale: Scale, side: int) -> Card:
    row = look.row
    regions = [f"{region['phrase']} {region['score']:.2f}" for region in records.read_regions(row)]
    pictures = _pictures.pictures(row, scale.low, scale.high, side)
    return Card(row, _care.own_note(row, shared), look.f1, pictures, regions)


def _threshold(figures: Evaluation | None, product: str, metric: str) -> float | None:
    if figures is None or product not in figures.categories:
        return None
    score = figures.categories[product].scores.get(metric)
    return score.threshold if score else None


def _counts(rows: Sequence[Record]) -> str:
    """How many images of which kind, in words."""
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[row.defect] = kinds.get(row.defect, 0) + 1
    return f"{len(rows)} images: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
