"""The figures of a run as tables of text, for a terminal, a wiki or a page alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from saa import plugins
from saa.evaluation import PROTOCOLS, Block, Category, Evaluation, Scores
from saa.ops.components import RULES
from saa.ops.curves import MAX_FPR, Score

_PARTS = {
    "regions": "the cascade's regions alone, whose scores the saliency has raised (P^S)",
    "dense": "saliency and words alone, without regions",
}

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Figures that may be compared with each other, in percent with one decimal.

    Attributes:
        title: what is shown, and of which mode.
        header: the heading of each column.
        rows: as many cells each as the header has.
        foot: the rows of means.
        text_columns: how many columns, from the left, hold words.
    """

    title: str
    header: Row
    rows: tuple[Row, ...]
    foot: tuple[Row, ...]
    text_columns: int = 1


def tables(evaluation: Evaluation) -> list[Table]:
    """The figures of each mode in a table of its own, and then what its maps are made of, where it is known."""
    found = []
    for block in evaluation.blocks:
        found.append(_figures(evaluation, block))
        if block.parts:
            found.append(_parts(evaluation, block))
    return found


def notes(evaluation: Evaluation) -> list[str]:
    """What the figures do not cover and why, one sentence each; thresholds are always an oracle's."""
    lines = ["F1 is that of the best threshold for the category, which takes the labels to find."]
    if "aupro" in evaluation.metrics:
        lines.append(f"AUPRO is up to a false positive rate of {MAX_FPR}, over 8-connected regions.")
    if len(evaluation.blocks) > 1:
        lines.append("Categories of different modes have tables of their own and no common mean.")
    lines += _about_roads(evaluation)
    made_of = {part for block in evaluation.blocks for part in block.parts}
    lines += [f"Part {part}: {what}." for part, what in _PARTS.items() if part in made_of]
    for block in evaluation.blocks:
        shown = _shown(evaluation, block)
        for product, category in block.categories.items():
            lines += [f"{product}: {reason}" for reason in _left_out(category, shown)]
    return lines


def heading(metric: str) -> str:
    """The short name of a metric for the top of a column."""
    return str(plugins.load("metrics", metric).HEADING) if metric in plugins.kinds("metrics") else metric


def percent(score: Score) -> str:
    """A score as it stands in a table: percentage with one decimal, or a dash."""
    return "–" if score.value is None else f"{100 * score.value:.1f}"


def _about_roads(evaluation: Evaluation) -> Iterator[str]:
    tracks = {each.track: None for each in evaluation.categories.values() if each.track}
    if not tracks:
        return
    as_they_are = PROTOCOLS[evaluation.protocol] is None
    if as_they_are:
        yield f"Protocol {evaluation.protocol}, the default for road scenes: maps and masks as large as the images."
    else:
        yield f"Protocol {evaluation.protocol} resizes maps, so components are not counted: see protocol native."
    if "fpr95" in evaluation.metrics:
        yield (
            "FPR95 is that of the first threshold that finds 95 %, less is better; metrics.json has that of the "
            "straight line to it, too: fpr95_linear."
        )
    for track in tracks if as_they_are else ():
        rule = RULES[track]
        yield (
            f"Components (sIoU, PPV, F1*) by the rules of the {track} track: predicted ones of at least "
            f"{rule.predicted_px} px strictly above the threshold of max-F1 px, true ones of at least "
            f"{rule.true_px} px."
        )
    if evaluation.id_run:
        yield f"ID kept: pixels of {evaluation.id_run} below the threshold that finds 90 or 95 % of the anomalous ones."


def _shown(evaluation: Evaluation, block: Block) -> Row:
    """The metrics of a table; of road scenes only those that are defined somewhere."""
    found = tuple(name for name in evaluation.metrics if _in_tables(name))
    every = block.categories.values()
    if not all(each.track for each in every):
        return found
    return tuple(name for name in found if any(_is_defined(each.scores, name) for each in every))


def _in_tables(metric: str) -> bool:
    return metric not in plugins.kinds("metrics") or getattr(
        plugins.load("metrics", metric), "IN_TABLES", True
    )


def _is_defined(scores: Scores, metric: str) -> bool:
    return metric in scores and scores[metric].value is not None


def _figures(evaluation: Evaluation, block: Block) -> Table:
    every, shown = block.categories.values(), _shown(evaluation, block)
    totals = (str(sum(each.num_images for each in every)), str(sum(each.num_failed for each in every)))
    fitted = ("fitted on",) if any(_num_fitted(each) for each in every) else ()
    return Table(
        f"{evaluation.engine} engine, {block.mode}, protocol {evaluation.protocol}, %",
        ("category", *map(heading, shown), "images", "failed", *fitted),
        tuple(
            (
                product,
                *_cells(shown, each.scores),
                str(each.num_images),
                str(each.num_failed),
                *(_num_fitted(each) for _ in fitted),
            )
            for product, each in block.categories.items()
        ),
        (("mean", *_cells(shown, block.mean), *totals, *("" for _ in fitted)),),
    )


def _parts(evaluation: Evaluation, block: Block) -> Table:
    shown = _shown(evaluation, block)

    def rows(name: str, whole: Scores, parts: Mapping[str, Scores]) -> list[Row]:
        scores = {"map": whole, **{part: parts.get(part, {}) for part in block.parts}}
        return [(name, part, *_cells(shown, each)) for part, each in scores.items()]

    return Table(
        f"what the maps are made of, {block.mode}, protocol {evaluation.protocol}, %",
        ("category", "part", *map(heading, shown)),
        tuple(row for name, each in block.categories.items() for row in rows(name, each.scores, each.parts)),
        tuple(rows("mean", block.mean, block.parts)),
        text_columns=2,
    )


def _cells(metrics: Row, scores: Scores) -> Row:
    return tuple(percent(scores.get(name, Score(None))) for name in metrics)


def _num_fitted(category: Category) -> str:
    """83 of "batch (transductive), 83 images"; nothing for a single image."""
    return category.label.removeprefix(category.mode).strip(", ").partition(" ")[0]


def _left_out(category: Category, shown: Row) -> Iterator[str]:
    counts = [
        (category.num_failed, "failed"),
        (category.num_unlabelled, "without a label"),
        (category.num_without_mask, "defective without a mask (left out of pixel metrics only)"),
    ]
    yield from (f"{count} image{'s' * (count > 1)} {what}." for count, what in counts if count)
    scores = (category.scores[name] for name in shown if name in category.scores)
    reasons = {score.reason for score in scores if score.value is None}
    yield from (f"– because {reason}." for reason in sorted(reasons))
