"""Runs side by side: every figure of each, and what is different from the first run.

Categories of different modes stand in tables of their own, and a mean is over the categories that all runs share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from saa.compared import Compared, Group, groups
from saa.ops.curves import Score
from saa.tables import Row, Table, about, heading, percent, protocol_name, shown_metrics

DELTA = "Δ"


def tables(compared: Sequence[Compared]) -> list[Table]:
    """What the runs are; for each mode the means of all metrics; and each metric by category, if there are several."""
    return [about_runs(compared), *overviews(compared), *by_category(compared)]


def brief(compared: Sequence[Compared]) -> list[Table]:
    """What fits a terminal: for each mode the means, and the first metric by category."""
    return [*overviews(compared, brief=True), *by_category(compared, most=1)]


def overviews(compared: Sequence[Compared], *, brief: bool = False) -> list[Table]:
    """For each mode the means; `brief` as in `shown_metrics`."""
    return [overview(group, brief=brief) for group in groups(compared)]


def by_category(compared: Sequence[Compared], *, most: int | None = None) -> list[Table]:
    """For each mode of several categories a table for each metric, or for the first `most`."""
    several = (group for group in groups(compared) if len(group.products) > 1)
    return [_by_category(group, metric) for group in several for metric in group.metrics[:most]]


def notes(compared: Sequence[Compared]) -> list[str]:
    """What to bear in mind of the comparison, one sentence each."""
    first = compared[0]
    lines = [f"{DELTA} is the difference to the first run of the table, in percentage points."]
    lines += about(first.evaluation)
    every = list(groups(compared))
    if len(every) > 1:
        lines.append(
            "Categories of different modes have tables of their own, and no difference or mean in common."
        )
    for group in every:
        lines += _doubts(group)
    for each in compared:
        failed = sum(category.num_failed for category in each.evaluation.categories.values())
        if failed:
            lines.append(f"{each.name}: {failed} image{'s' * (failed > 1)} failed, which no figure knows.")
    return lines


@dataclass(frozen=True)
class Means:
    """One metric of all runs of a mode, as in `overview`.

    Attributes:
        title: the metric and the mode.
        scores: (run, mean) in the order of the runs.
    """

    title: str
    scores: tuple[tuple[str, Score], ...]


def means(compared: Sequence[Compared]) -> list[Means]:
    """Each metric that all runs of a mode have, for a drawing."""
    found = []
    for group in groups(compared):
        for metric in group.metrics:
            scores = group.means(metric)
            if all(each.value is not None for each in scores):
                names = [run.name for run in group.runs]
                found.append(
                    Means(f"{heading(metric)}, {group.mode}", tuple(zip(names, scores, strict=True)))
                )
    return found


def overview(group: Group, *, brief: bool = False) -> Table:
    """The means of each run over the categories that all share, a row each, and the differences below."""
    metrics = shown_metrics(group.metrics, group.categories, brief=brief)
    means = {metric: group.means(metric) for metric in metrics}
    rows: list[Row] = []
    for index, run in enumerate(group.runs):
        images = sum(run.num_images(product) for product in group.shared)
        rows.append((run.name, *(percent(means[metric][index]) for metric in metrics), str(images)))
        if index:
            deltas = (_delta(means[metric][0], means[metric][index]) for metric in metrics)
            rows.append((f"{DELTA} {run.name}", *deltas, ""))
    alone = group.products[0] if len(group.products) == 1 else ""
    return Table(
        f"{alone or f'mean of {len(group.shared)} categories'}, {_judged(group)}",
        ("run", *map(heading, metrics), "images"),
        tuple(rows),
        (),
    )


def about_runs(compared: Sequence[Compared]) -> Table:
    """What each run is."""
    return Table(
        "runs",
        ("run", "engine", "mode", "categories", "images", "failed"),
        tuple(
            (
                each.name,
                each.evaluation.engine,
                each.found.modes(),
                str(len(each.evaluation.categories)),
                str(len(each.found.rows)),
                str(sum(row.failed for row in each.found.rows)),
            )
            for each in compared
        ),
        (),
        text_columns=3,
    )


def _by_category(group: Group, metric: str) -> Table:
    """One metric: a row for each category, a column for each run and one for its difference to the first."""
    others = [heading for run in group.runs[1:] for heading in (run.name, DELTA)]
    rows = []
    for product in group.products:
        scores = [group.score(run, product, metric) for run in group.runs]
        alike = [group.alike(product, run) for run in group.runs]
        rows.append((product, *_beside(scores, alike)))
    foot = ("mean", *_beside(group.means(metric), [True] * len(group.runs)))
    header = ("category", group.runs[0].name, *others)
    return Table(f"{heading(metric)}, {_judged(group)}", header, tuple(rows), (foot,))


def _beside(scores: Sequence[Score], alike: Sequence[bool]) -> Iterator[str]:
    yield percent(scores[0])
    for score, same in zip(scores[1:], alike[1:], strict=True):
        yield percent(score)
        yield _delta(scores[0], score) if same else "–"


def _delta(first: Score, other: Score) -> str:
    """The difference in percentage points, with its sign."""
    if first.value is None or other.value is None:
        return "–"
    shown = f"{100 * (other.value - first.value):+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def _judged(group: Group) -> str:
    return f"{group.mode}, protocol {protocol_name(group.runs[0].evaluation.protocol)}, %"


def _doubts(group: Group) -> Iterator[str]:
    first = group.runs[0]
    for product in group.products:
        having = [run for run in group.runs if group.category(run, product) is not None]
        for run in group.runs:
            if run not in having:
                yield f"{product}: not in {run.name} ({group.mode})."
        counts = ", ".join(f"{run.num_images(product)} in {run.name}" for run in having)
        if first in having and not all(group.alike(product, run) for run in having):
            yield f"{product}: the images are not the same ({counts}), so there is no difference, nor a mean over it."
