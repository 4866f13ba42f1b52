"""From the options of `saa run` to what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from saa import config, plugins
from saa.commands.terminal import note
from saa.errors import DatasetError
from saa.runs.plan import MODE, Plan
from saa.types import Sample


def plan(
    root: Path,
    dataset: str,
    prompts: str,
    *,
    split: str = "test",
    engine: str = "auto",
    categories: Sequence[str] = (),
    limit: int | None = None,
) -> Plan:
    """List the samples, load a recipe for each product, and say what was chosen.

    Raises:
        SaaError: the data set, a category, or a prompt file is not there or has mistakes.
    """
    samples = _chosen(root, plugins.load("datasets", dataset).samples(root, split), categories, limit)
    products = sorted({sample.product for sample in samples})
    files = {product: config.find(prompts, product) for product in products}
    recipes = {product: config.load(file, engine) for product, file in files.items()}
    limited = "" if limit is None else f", at most {limit} a product, spread evenly by name"
    note(f"{root}: {len(samples)} images of split {split}, {len(products)} products{limited}; mode: {MODE}")
    for product in products:
        note(f"{product}: {recipes[product].engine} engine, prompts {files[product]}")
    return Plan(samples, recipes, dataset, root, split)


def _chosen(
    root: Path, samples: Sequence[Sample], categories: Sequence[str], limit: int | None
) -> list[Sample]:
    known = sorted({sample.product for sample in samples})
    unknown = sorted(set(categories) - set(known))
    if unknown:
        raise DatasetError(
            f"{root}: expected a category out of {', '.join(known)}, "
            f"got {', '.join(unknown)}; choose one of these"
        )
    ordered = sorted(samples, key=lambda sample: (sample.product, sample.name))
    return [
        sample
        for product, group in groupby(ordered, key=lambda sample: sample.product)
        if not categories or product in categories
        for sample in spread(list(group), limit)
    ]


def spread(samples: list[Sample], limit: int | None) -> list[Sample]:
    """At most `limit` of `samples`, evenly spaced, so that every kind of defect has a chance."""
    if limit is None or limit >= len(samples):
        return samples
    return [samples[index * len(samples) // limit] for index in range(limit)]
