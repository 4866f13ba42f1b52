"""From the options of `saa run` to what is to be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from pathlib import Path

from saa import config, images, plugins
from saa.commands import options
from saa.commands.terminal import note
from saa.config import AnyRecipe
from saa.engines import AUTO
from saa.errors import DatasetError, PromptError
from saa.modes import BATCH, SINGLE
from saa.runs.plan import Plan, PromptFile
from saa.types import Sample


def plan(
    root: Path,
    dataset: str,
    prompts: str,
    *,
    split: str = "test",
    engine: str = AUTO,
    profile: str | None = None,
    without: Collection[str] = (),
    device: str | None = None,
    mode: str = AUTO,
    categories: Sequence[str] = (),
    limit: int | None = None,
    keep_parts: bool = False,
    tell: Callable[[str], None] = note,
) -> Plan:
    """List the samples, load a recipe for each product, and `tell` what was chosen.

    Raises:
        SaaError: the data set, a category, or a prompt file is not there or has mistakes, or a product cannot be
            inspected in the mode that was asked for.
    """
    if mode not in options.MODES:
        raise PromptError(
            f"mode: expected one of {', '.join(options.MODES)}, got '{mode}'; choose one of these"
        )
    samples = _chosen(root, plugins.load("datasets", dataset).samples(root, split), categories, limit)
    counts = Counter(sample.product for sample in samples)
    limited = "" if limit is None else f", at most {limit} a product, spread evenly by name"
    told = [f"{root}: {len(samples)} images of split {split}, {len(counts)} products{limited}"]
    recipes, files = {}, {}
    for product in sorted(counts):
        file = config.find(prompts, product)
        recipe = config.load(file, engine, BATCH, profile=profile, without=without, device=device)
        recipes[product], why = _in_mode(mode, recipe, counts[product], file)
        recipes[product].check()
        files[product] = PromptFile(file, images.sha256(file))
        told.append(
            f"{product}: {counts[product]} images, {recipes[product].mode}{why}; "
            f"{recipe.engine_name} engine, prompts {file}"
        )
    planned = Plan(samples, recipes, dataset, root, split, keep_parts, files)
    tell("\n".join(told))
    return planned


def _in_mode(mode: str, recipe: AnyRecipe, count: int, file: Path) -> tuple[AnyRecipe, str]:
    """The recipe for `count` images of a product, and why it is that of single images, if it is."""
    if mode == options.SINGLE:
        return recipe.alone, " (as asked for)"
    if recipe.mode == SINGLE:
        if mode == options.BATCH:
            raise PromptError(
                f"{file}: expected a recipe that compares images, got none: {recipe.why_single}; "
                "write saliency: {kind: consensus} for the engine, or use --mode auto"
            )
        return recipe, f" ({recipe.why_single})"
    if mode == AUTO and count < recipe.min_images:
        return recipe.alone, f" (batch needs {recipe.min_images})"
    return recipe, ""


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
