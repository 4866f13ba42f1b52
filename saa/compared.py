"""Runs that are to be compared: of one protocol on one data set, and by the mode of their categories."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saa import metrics_file, records
from saa.errors import RunError
from saa.evaluation import Category, Evaluation
from saa.ops.curves import Score
from saa.records import Records
from saa.tables import Row, shown_metrics


@dataclass(frozen=True)
class Compared:
    """One of the runs.

    Attributes:
        name: what it is called beside the others.
        found: its images.
        evaluation: its figures.
        images: which images of each category have figures, by name and defect.
    """

    name: str
    found: Records
    evaluation: Evaluation
    images: Mapping[str, frozenset[tuple[str, str]]]

    def num_images(self, product: str) -> int:
        """How many images of a category have figures."""
        return len(self.images.get(product, ()))


@dataclass(frozen=True)
class Group:
    """The runs that have categories of one mode.

    Attributes:
        mode: how images were judged.
        runs: in the order that was given.
        products: the categories that any of them has, sorted.
        metrics: those that are shown.
    """

    mode: str
    runs: tuple[Compared, ...]
    products: tuple[str, ...]
    metrics: Row

    def category(self, run: Compared, product: str) -> Category | None:
        """Its figures in this mode; None where there are none."""
        category = run.evaluation.categories.get(product)
        return category if category is not None and category.mode == self.mode else None

    @property
    def categories(self) -> list[Category]:
        """Those of all runs."""
        every = (self.category(run, product) for run in self.runs for product in self.products)
        return [each for each in every if each is not None]

    def alike(self, product: str, run: Compared) -> bool:
        """Whether a run and the first one judged the same images of a category in this mode."""
        every = [self.category(each, product) for each in (self.runs[0], run)]
        return None not in every and self.runs[0].images[product] == run.images[product]

    @property
    def shared(self) -> tuple[str, ...]:
        """The categories of which all runs judged the same images: those that a mean is over."""
        return tuple(
            product for product in self.products if all(self.alike(product, each) for each in self.runs)
        )

    def score(self, run: Compared, product: str, metric: str) -> Score:
        """A figure; undefined where there is none."""
        category = self.category(run, product)
        return Score(None) if category is None else category.scores.get(metric, Score(None))

    def means(self, metric: str) -> list[Score]:
        """The mean of each run over the shared categories where all runs have the metric."""
        every = [[self.score(run, product, metric).value for run in self.runs] for product in self.shared]
        whole = [[value for value in values if value is not None] for values in every if None not in values]
        if not whole:
            return [Score(None) for _ in self.runs]
        return [Score(sum(values) / len(values)) for values in zip(*whole, strict=True)]


def read(runs: Mapping[str, Path]) -> tuple[Compared, ...]:
    """Runs to compare, the first of which the others are compared with.

    Args:
        runs: the runs' folders by name.

    Raises:
        RunError: a run is damaged or not evaluated, or they are not of one protocol, data set and split.
    """
    found = tuple(_evaluated(name, run) for name, run in runs.items())
    first = found[0]
    for other in found[1:]:
        _check_alike("of one protocol", first, other, first.evaluation.protocol, other.evaluation.protocol)
        _check_alike("on one data set", first, other, _data(first), _data(other))
    return found


def names(runs: Sequence[Path]) -> dict[str, Path]:
    """Folders by the shortest ends of their paths that tell them apart.

    Raises:
        RunError: one is given twice.
    """
    paths = [Path(os.path.abspath(run)) for run in runs]  # noqa: PTH100 - links keep their names
    twice = next((run for run, path in zip(runs, paths, strict=True) if paths.count(path) > 1), None)
    if twice is not None:
        raise RunError(f"{twice}: expected each run once, got it twice; leave one out")
    length = 1
    while len({path.parts[-length:] for path in paths}) < len(paths):
        length += 1
    return {"/".join(path.parts[-length:]): run for path, run in zip(paths, runs, strict=True)}


def groups(compared: Sequence[Compared]) -> Iterator[Group]:
    """The runs by mode, modes sorted; a run with categories of two modes is in both groups."""
    modes = {each.mode for run in compared for each in run.evaluation.categories.values()}
    for mode in sorted(modes):
        found = {
            run.name: {name: each for name, each in run.evaluation.categories.items() if each.mode == mode}
            for run in compared
        }
        runs = tuple(run for run in compared if found[run.name])
        every = [each for categories in found.values() for each in categories.values()]
        products = sorted({product for categories in found.values() for product in categories})
        yield Group(mode, runs, tuple(products), shown_metrics(_metrics(runs), every))


def _metrics(runs: Sequence[Compared]) -> Row:
    """The metrics of all runs, in the order of tables."""
    every = {
        name: score
        for run in runs
        for each in run.evaluation.categories.values()
        for name, score in each.scores.items()
    }
    return Evaluation(runs[0].evaluation.protocol, {"": Category(every, num_images=0)}).metrics


def _evaluated(name: str, run: Path) -> Compared:
    found = records.read(run)
    evaluation = metrics_file.read(run)
    if evaluation is None:
        raise RunError(
            f"{run}: expected an evaluated run, got one without metrics.json; give: saa evaluate {run}"
        )
    images = {
        product: frozenset((row.name, row.defect) for row in rows if not row.failed)
        for product, rows in found.by_product().items()
    }
    return Compared(name, found, evaluation, images)


def _data(run: Compared) -> str:
    about = run.found.manifest.get("dataset", {})
    return f"{about.get('format', 'unknown')}, split {about.get('split', 'test')}"


def _check_alike(what: str, first: Compared, other: Compared, one: str, two: str) -> None:
    if one != two:
        raise RunError(
            f"{other.name}: expected runs {what}, got {one} in {first.name} and {two} in {other.name}; "
            + ("evaluate both by one --protocol" if "protocol" in what else "compare runs of the same data")
        )
