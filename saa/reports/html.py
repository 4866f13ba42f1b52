"""report.html: one file with the figures and telling pictures of a run, for any browser, phone or printer."""

from __future__ import annotations

from pathlib import Path

from saa import metrics_file, published, records, tables
from saa.reports import _care, _facts, _pages
from saa.reports._sections import Watch, sections
from saa.runs.folder import write_text

_MAX_FAILURES = 200


def _unwatched(done: int, total: int) -> None:
    pass


def write(run: Path, out: Path, *, root: Path | None = None, watch: Watch = _unwatched) -> None:
    """Write the page of `run` to `out`. With a metrics.json it has figures; without, pictures only.

    All maps of a category share one colour scale, taken from the pooled values of the run. A page stays
    below 30 MB whatever the number of images, up to some hundred categories: the more there are, the fewer
    images of each.

    Args:
        run: the run's folder.
        out: the page.
        root: where the data set lies now; None means where it lay. Pictures not found are left out.
        watch: called with the number of maps read so far, and that of all.

    Raises:
        RunError: the run is damaged, or `out` cannot be written.
        ImageError: a saved map does not decode.
    """
    found, figures = records.read(run, root), metrics_file.read(run)
    failures = [row for row in found.rows if row.failed]
    noted, shown = _care.care(found), list(sections(found, figures, watch))
    page = _pages.rendered(
        "report.html.j2",
        title=f"Inspection report: {_facts.data_set_name(found)}",
        facts=_facts.facts(found, figures),
        provenance=_facts.provenance(found),
        notice=_facts.notice(found, root),
        tables=tables.tables(figures) if figures else [],
        notes=tables.notes(figures) if figures else [],
        published=published.tables(found, figures) if figures else [],
        sources=published.notes(found, figures) if figures else [],
        links={section.product: f"#category{number}" for number, section in enumerate(shown, start=1)},
        care=noted,
        noted=[(f"{row.product} {row.name}", note) for row, note in noted.images],
        sections=shown,
        failures=[(f"{row.product} {row.name}", row.error) for row in failures[:_MAX_FAILURES]],
        more_failures=max(0, len(failures) - _MAX_FAILURES),
    )
    write_text(out, page)
