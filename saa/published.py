"""The figures of a run beside published ones, of the same protocol, mode and images only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from saa import plugins
from saa.evaluation import Block, Category, Evaluation, size_of
from saa.modes import BATCH, SINGLE
from saa.ops.curves import Score
from saa.published_file import TEST, Figures, read
from saa.records import Records
from saa.tables import Row, Table, heading, percent, protocol_name

_OURS = "this run"


def tables(found: Records, evaluation: Evaluation) -> list[Table]:
    """The run's figures beside published ones of the same protocol, mode and images, a table for each mode.

    A mean is compared only if all its categories are there, each with all its images.
    """
    run = _Run.of(found, evaluation)
    return [table for block in evaluation.blocks if (table := _table(run, block)) is not None]


def notes(found: Records, evaluation: Evaluation) -> list[str]:
    """Where the published figures come from, and which are not shown and why; nothing for a data set of one's own."""
    run, known = _Run.of(found, evaluation), read()
    of_data_set = [each for each in known.figures if run.is_of(each) and each.without in run.without.values()]
    places = {place.partition("/")[2] for each in of_data_set for place in known.categories(each)}
    if places.isdisjoint(evaluation.categories):
        return []
    shown = [each for block in evaluation.blocks for each in run.comparable(block)]
    cited = dict.fromkeys(each.source for each in shown)
    lines = [f"[{_number(key)}] {known.sources[key].where} ({known.sources[key].kind})." for key in cited]
    hidden = {*plugins.kinds("metrics")} - {*evaluation.metrics}
    keys = dict.fromkeys(key for each in shown for key in each.notes)
    lines += [known.notes[key] for key in keys if key not in hidden]
    return lines + list(_left_out(run, of_data_set, evaluation))


@dataclass(frozen=True)
class _Run:
    """What has to agree for figures to be compared with a run's."""

    data_set: str
    split: str
    protocol: str
    without: Mapping[str, tuple[str, ...]]
    evaluation: Evaluation

    @classmethod
    def of(cls, found: Records, evaluation: Evaluation) -> _Run:
        about, size = found.manifest.get("dataset", {}), size_of(evaluation.protocol)
        recipes = found.manifest.get("recipes", {})
        return cls(
            str(about.get("format", "")),
            str(about.get("split", TEST)),
            "native" if size is None else f"{size[0]}x{size[1]}",
            {product: tuple(recipe.get("without", ())) for product, recipe in recipes.items()},
            evaluation,
        )

    def is_of(self, figures: Figures) -> bool:
        """Figures of this split of the data set, by the method as it is run here, whole or not."""
        places = read().categories(figures)
        return figures.split == self.split and all(place.startswith(f"{self.data_set}/") for place in places)

    def comparable(self, block: Block) -> list[Figures]:
        """Those that may stand beside the figures of a block."""
        return [
            each
            for each in read().figures
            if self.is_of(each)
            and each.protocol == self.protocol
            and each.mode == block.mode
            and all(self._same(each, place, block.categories) for place in read().categories(each))
        ]

    def _same(self, figures: Figures, place: str, categories: Mapping[str, Category]) -> bool:
        product = place.partition("/")[2]
        return (
            product in categories
            and num_scored(categories[product]) == read().num_images(figures, place)
            and self.without.get(product, ()) == figures.without
        )


def num_scored(category: Category) -> int:
    """The images of a category that all its figures are about."""
    left_out = category.num_failed + category.num_unlabelled + category.num_without_mask
    return category.num_images - left_out


def _table(run: _Run, block: Block) -> Table | None:
    figures = run.comparable(block)
    metrics = tuple(name for name in run.evaluation.metrics if any(name in each.values for each in figures))
    if not metrics:
        return None
    products = [
        name for name in block.categories if any(each.category.endswith(f"/{name}") for each in figures)
    ]
    means = list(dict.fromkeys(each.mean_of for each in figures if each.mean_of))
    return Table(
        f"published figures beside these, {block.mode}, protocol {protocol_name(run.evaluation.protocol)}, %",
        ("category", "figures of", "by", *map(heading, metrics), "images"),
        tuple(row for name in products for row in _category_rows(run, block, figures, name, metrics)),
        tuple(row for name in means for row in _mean_rows(block, figures, name, metrics)),
        text_columns=3,
    )


def _category_rows(run: _Run, block: Block, figures: list[Figures], name: str, metrics: Row) -> Iterator[Row]:
    category = block.categories[name]
    ours = (percent(category.scores.get(metric, Score(None))) for metric in metrics)
    yield (name, _OURS, "", *ours, str(num_scored(category)))
    place = f"{run.data_set}/{name}"
    for each in figures:
        if each.category == place:
            yield _published_row(name, each, metrics, str(num_scored(category)))


def _mean_rows(block: Block, figures: list[Figures], group: str, metrics: Row) -> Iterator[Row]:
    products = [place.partition("/")[2] for place in read().groups[group]]
    every = [block.categories[name] for name in products]
    total = str(sum(map(num_scored, every)))
    name = f"mean of {len(products)}"
    yield (
        name,
        _OURS,
        "",
        *(_mean([each.scores.get(metric) for each in every]) for metric in metrics),
        total,
    )
    for each in figures:
        if each.mean_of == group:
            yield _published_row(name, each, metrics, total)


def _mean(scores: list[Score | None]) -> str:
    values = [each.value for each in scores if each is not None and each.value is not None]
    return percent(Score(sum(values) / len(values) if len(values) == len(scores) else None))


def _published_row(name: str, each: Figures, metrics: Row, images: str) -> Row:
    cells = (f"{each.values[metric]:.1f}" if metric in each.values else "–" for metric in metrics)
    return (name, f"{each.method} [{_number(each.source)}]", each.by, *cells, images)


def _number(source: str) -> int:
    """A source's number, the same in every report."""
    return list(read().sources).index(source) + 1


def _left_out(run: _Run, figures: list[Figures], evaluation: Evaluation) -> Iterator[str]:
    """One sentence for each reason why published figures of the data set are not shown."""
    modes = {block.mode for block in evaluation.blocks}
    other = [each for each in figures if each.protocol != run.protocol]
    if other:
        names = ", ".join(sorted({each.protocol for each in other}))
        yield f"Published figures of other protocols ({names}) are not shown: {len(other)} are left out."
    same = [each for each in figures if each.protocol == run.protocol]
    apart = [each for each in same if each.mode not in modes]
    if apart:
        names = " and ".join(mode for mode in (SINGLE, BATCH) if any(each.mode == mode for each in apart))
        yield f"Published figures of another mode ({names}) are not shown: {len(apart)} are left out."
    yield from _other_images([each for each in same if each.mode in modes], evaluation)


def _other_images(figures: list[Figures], evaluation: Evaluation) -> Iterator[str]:
    wanted = {
        place.partition("/")[2]: number
        for each in figures
        for place in read().categories(each)
        if (number := read().num_images(each, place))
    }
    for name, category in evaluation.categories.items():
        if name in wanted and num_scored(category) != wanted[name]:
            yield f"{name}: published figures are of {wanted[name]} images, those here of {num_scored(category)}."
    missing = sorted(set(wanted) - set(evaluation.categories))
    if missing and any(each.mean_of for each in figures):
        yield f"No published mean is shown: it is over {len(wanted)} categories, of which {len(missing)} are not here."
