"""The figures of a run: as values, as metrics.json and as a table."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saa import plugins
from saa.errors import RunError
from saa.ops.curves import MAX_FPR, Score

if TYPE_CHECKING:
    from rich.table import Table

PROTOCOLS: dict[str, tuple[int, int] | None] = {"released": (400, 400), "native": None}
"""Maps are resized (cubic; masks: nearest) to this (h, w) before pixels are counted; None: they are not.

`released` is what the published SAA+ code does, and with it most papers that compare themselves to it.
"""
MEAN, ABOUT = "mean", "about"
_PREFIX = "category:"


@dataclass(frozen=True)
class Category:
    """The figures of one product.

    Attributes:
        scores: by metric name; fractions.
        num_images: all images that were dealt with.
        num_failed: of these, images without a map; no metric knows them.
        num_unlabelled: images that did not fail and of which nobody said whether they are good; likewise.
        num_without_mask: defective images without a mask; only image metrics know them.
    """

    scores: dict[str, Score]
    num_images: int
    num_failed: int = 0
    num_unlabelled: int = 0
    num_without_mask: int = 0


@dataclass(frozen=True)
class Evaluation:
    """All figures of a run.

    Attributes:
        protocol: a name in `PROTOCOLS`.
        categories: by product, sorted.
        engine, mode: what made the maps.
    """

    protocol: str
    categories: dict[str, Category]
    engine: str = ""
    mode: str = ""
    mean: dict[str, Score] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", {name: self._mean(name) for name in self.metrics})

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics: those of pixels first, and max-F1 before AUROC before AUPRO before AP."""
        names = {name for category in self.categories.values() for name in category.scores}
        return tuple(sorted(sorted(names, reverse=True), key=_is_of_images))

    def _mean(self, metric: str) -> Score:
        scores = [category.scores.get(metric, Score(None)) for category in self.categories.values()]
        values = [score.value for score in scores if score.value is not None]
        if not values:
            return Score(None, reason="not defined for any category")
        left_out = len(scores) - len(values)
        reason = f"{left_out} of {len(scores)} categories left out" if left_out else ""
        return Score(sum(values) / len(values), reason=reason)


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as metrics.json has it: one key a category, `mean`, and `about` for the protocol.

    A category that is called like one of these two gets the prefix "category:".
    """
    size = PROTOCOLS[evaluation.protocol]
    return {
        **{_key(product): _described(category) for product, category in evaluation.categories.items()},
        MEAN: {**_values(evaluation.mean), "num_categories": len(evaluation.categories)},
        ABOUT: {
            "format": 1,
            "protocol": evaluation.protocol,
            "size": list(size) if size else None,
            "map_interpolation": "cubic" if size else None,
            "mask_interpolation": "nearest" if size else None,
            "pooling": "all pixels of a category",
            "threshold": "oracle",
            "aupro": {"max_fpr": MAX_FPR, "connectivity": 8},
            "mean": "over categories, unweighted",
            "engine": evaluation.engine,
            "mode": evaluation.mode,
        },
    }


def load(run: Path) -> Evaluation | None:
    """What an earlier `evaluate` wrote; None if there was none.

    Raises:
        RunError: metrics.json is there and not readable.
    """
    path = run / "metrics.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        about = saved.pop(ABOUT)
        saved.pop(MEAN)
        categories = {key.removeprefix(_PREFIX): _restored(entry) for key, entry in saved.items()}
        return Evaluation(about["protocol"], categories, about["engine"], about["mode"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"{path}: expected metrics as `saa evaluate` writes them, got {error!r}; evaluate the run again"
        ) from error


def heading(metric: str) -> str:
    """The short name of a metric for the top of a column."""
    return str(plugins.load("metrics", metric).HEADING) if metric in plugins.kinds("metrics") else metric


def _is_of_images(metric: str) -> bool:
    if metric in plugins.kinds("metrics"):
        return bool(plugins.load("metrics", metric).LEVEL == "image")
    return metric.endswith("_image")


def percent(score: Score) -> str:
    """A score as it stands in a table: percentage with one decimal, or a dash."""
    return "–" if score.value is None else f"{100 * score.value:.1f}"


def table(evaluation: Evaluation) -> Table:
    """A terminal's table: a row for each category and their mean, percentages with one decimal."""
    from rich.table import Table

    shown = Table(title=f"{evaluation.engine} engine, {evaluation.mode}, protocol {evaluation.protocol}, %")
    shown.add_column("category")
    for name in (*map(heading, evaluation.metrics), "images", "failed"):
        shown.add_column(name, justify="right")
    for product, category in evaluation.categories.items():
        cells = [percent(category.scores[name]) for name in evaluation.metrics]
        shown.add_row(product, *cells, str(category.num_images), str(category.num_failed))
    shown.add_section()
    every = evaluation.categories.values()
    counts = sum(each.num_images for each in every), sum(each.num_failed for each in every)
    shown.add_row(
        MEAN, *(percent(score) for score in evaluation.mean.values()), *map(str, counts), style="bold"
    )
    shown.caption = "\n".join(notes(evaluation)) or None
    return shown


def notes(evaluation: Evaluation) -> list[str]:
    """What the figures do not cover and why, one sentence each; thresholds are always an oracle's."""
    lines = ["F1 is that of the best threshold for the category, which takes the labels to find."]
    for product, category in evaluation.categories.items():
        left_out = [
            (category.num_failed, "failed"),
            (category.num_unlabelled, "without a label"),
            (category.num_without_mask, "defective without a mask (left out of pixel metrics only)"),
        ]
        lines += [f"{product}: {count} image{'s' * (count > 1)} {what}." for count, what in left_out if count]
        reasons = {score.reason for score in category.scores.values() if score.value is None}
        lines += [f"{product}: – because {reason}." for reason in sorted(reasons)]
    return lines


def _key(product: str) -> str:
    reserved = product in (MEAN, ABOUT) or product.startswith(_PREFIX)
    return _PREFIX + product if reserved else product


def _values(scores: dict[str, Score]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, score in scores.items():
        values[name] = score.value
        if score.threshold is not None:
            values[f"{name}_threshold"] = score.threshold
    reasons = {name: score.reason for name, score in scores.items() if score.reason}
    return {**values, "reasons": reasons} if reasons else values


def _described(category: Category) -> dict[str, Any]:
    return {
        **_values(category.scores),
        "num_images": category.num_images,
        "num_failed": category.num_failed,
        "num_unlabelled": category.num_unlabelled,
        "num_without_mask": category.num_without_mask,
    }


def _restored(entry: dict[str, Any]) -> Category:
    reasons = entry.get("reasons", {})
    plain = {key for key in entry if key != "reasons" and not key.startswith("num_")}
    names = sorted(key for key in plain if not key.endswith("_threshold"))
    scores = {
        name: Score(entry[name], entry.get(f"{name}_threshold"), reasons.get(name, "")) for name in names
    }
    counts = ("num_images", "num_failed", "num_unlabelled", "num_without_mask")
    return Category(scores, *(int(entry[count]) for count in counts))
