"""The figures of a run as tables of text, for a terminal, a wiki or a page alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from saa import plugins
from saa.evaluation import Block, Category, Evaluation, Scores, size_of
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
    """All figures: of each mode a table of categories, one of what maps are made of, one of types of defects.

    The latter two are there where they are known and tell something.
    """
    return [table for block in evaluation.blocks for table in _of_block(evaluation, block, brief=False)]


def brief(evaluation: Evaluation) -> list[Table]:
    """What fits a terminal: without types of defects, and without metrics that are for files only."""
    return [table for block in evaluation.blocks for table in _of_block(evaluation, block, brief=True)]


def notes(evaluation: Evaluation) -> list[str]:
    """What the figures do not cover and why, one sentence each; thresholds are always an oracle's."""
    lines = about(evaluation)
    if len(evaluation.blocks) > 1:
        lines.append("Categories of different modes have tables of their own and no common mean.")
    lines += _about_roads(evaluation)
    made_of = {part for block in evaluation.blocks for part in block.parts}
    lines += [f"Part {part}: {what}." for part, what in _PARTS.items() if part in made_of]
    for block in evaluation.blocks:
        shown = shown_metrics(evaluation.metrics, block.categories.values())
        for product, category in block.categories.items():
            lines += [f"{product}: {reason}" for reason in _left_out(category, shown)]
    return lines


def about(evaluation: Evaluation) -> list[str]:
    """How figures of the evaluation's kind are found, one sentence each."""
    lines = [
        "F1 is that of the best threshold for the category (an oracle's), which takes the labels to find.",
        "Pixels are pooled per category; means count each category alike.",
    ]
    if "aupro" in evaluation.metrics:
        lines.append(f"AUPRO is up to a false positive rate of {MAX_FPR}, over 8-connected regions.")
    if "max_f1_region" in evaluation.metrics:
        lines.append(
            "Regions are matched one to one, at an IoU of 0.6 or more; released F1r counts hits as the code released "
            "with SAA+, several of one region too, and may exceed 100 %."
        )
    return lines


def protocol_name(protocol: str) -> str:
    """A protocol with the size it stands for, as in `released (400x400)`."""
    size = size_of(protocol)
    if size is None:
        return f"{protocol} (image size)"
    sides = f"{size[0]}x{size[1]}"
    return protocol if protocol == sides else f"{protocol} ({sides})"


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
    as_they_are = size_of(evaluation.protocol) is None
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


def shown_metrics(metrics: Row, categories: Collection[Category], *, brief: bool = False) -> Row:
    """The metrics of a table; of road scenes only those that are defined somewhere.

    Args:
        metrics: all of them, in order.
        categories: what the table is about.
        brief: leave out those that are for files only.
    """
    found = tuple(name for name in metrics if _is_shown(name, "IN_TABLES"))
    if brief:
        found = tuple(name for name in found if _is_shown(name, "IN_TERMINAL"))
    if not all(each.track for each in categories):
        return found
    return tuple(name for name in found if any(_is_defined(each.scores, name) for each in categories))


def _is_shown(metric: str, where: str) -> bool:
    return metric not in plugins.kinds("metrics") or getattr(plugins.load("metrics", metric), where, True)


def _is_defined(scores: Scores, metric: str) -> bool:
    return metric in scores and scores[metric].value is not None


def _of_block(evaluation: Evaluation, block: Block, *, brief: bool) -> Iterator[Table]:
    shown = shown_metrics(evaluation.metrics, block.categories.values(), brief=brief)
    yield _figures(evaluation, block, shown, brief=brief)
    if block.parts:
        yield _parts(evaluation, block, shown)
    apart = {name: each for name, each in block.categories.items() if len(each.defects) > 1}
    if apart and not brief:
        few = shown_metrics(evaluation.metrics, block.categories.values(), brief=True)
        yield _defects(evaluation, block, apart, few)


def _figures(evaluation: Evaluation, block: Block, shown: Row, *, brief: bool) -> Table:
    """A brief one has no column of failures where there are none, nor of what categories as a whole were fitted on."""
    every = block.categories.values()
    counts = {"images": [str(each.num_images) for each in every]}
    failed = [each.num_failed for each in every]
    if any(failed) or not brief:
        counts["failed"] = list(map(str, failed))
    fitted = [_num_fitted(each) for each in every]
    if any(fitted) and not (brief and fitted == counts["images"]):
        counts["fitted on"] = fitted
    totals = [str(sum(map(int, column))) if name != "fitted on" else "" for name, column in counts.items()]
    cells = zip(block.categories.items(), *counts.values(), strict=True)
    return Table(
        f"{evaluation.engine} engine, {_judged(evaluation, block)}",
        ("category", *map(heading, shown), *counts),
        tuple((product, *_cells(shown, each.scores), *numbers) for (product, each), *numbers in cells),
        (("mean", *_cells(shown, block.mean), *totals),),
    )


def _parts(evaluation: Evaluation, block: Block, shown: Row) -> Table:
    def rows(name: str, whole: Scores, parts: Mapping[str, Scores]) -> list[Row]:
        scores = {"map": whole, **{part: parts.get(part, {}) for part in block.parts}}
        return [(name, part, *_cells(shown, each)) for part, each in scores.items()]

    return Table(
        f"what the maps are made of, {_judged(evaluation, block)}",
        ("category", "part", *map(heading, shown)),
        tuple(row for name, each in block.categories.items() for row in rows(name, each.scores, each.parts)),
        tuple(rows("mean", block.mean, block.parts)),
        text_columns=2,
    )


def _defects(evaluation: Evaluation, block: Block, categories: Mapping[str, Category], shown: Row) -> Table:
    return Table(
        f"by type of defect, each against all good images, {_judged(evaluation, block)}",
        ("category", "defect", *map(heading, shown), "images"),
        tuple(
            (product, defect, *_cells(shown, scores), str(each.num_by_defect[defect]))
            for product, each in categories.items()
            for defect, scores in each.defects.items()
        ),
        (),
        text_columns=2,
    )


def _judged(evaluation: Evaluation, block: Block) -> str:
    return f"{block.mode}, protocol {protocol_name(evaluation.protocol)}, %"


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
