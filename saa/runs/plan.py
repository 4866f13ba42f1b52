"""What a run is to do, and whether an earlier run was to do the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saa.errors import RunError
from saa.modes import BATCH
from saa.types import Sample

if TYPE_CHECKING:
    from saa.config import AnyRecipe

Json = dict[str, Any]
_MAX_DIFFERENCES = 5


@dataclass(frozen=True)
class PromptFile:
    """Where a product's recipe came from.

    Attributes:
        path: the file, as it was given or found.
        sha256: of its bytes.
    """

    path: Path
    sha256: str

    def as_dict(self) -> Json:
        """Ready for run.json."""
        return {"file": self.path.as_posix(), "sha256": self.sha256}


@dataclass(frozen=True)
class Plan:
    """The images of a run and how each product is inspected.

    Attributes:
        samples: at least one image; names are unique inside their product.
        recipes: one for each product of `samples`; its mode is the product's.
        dataset_format: the data set plug-in that listed the samples.
        dataset_root: the folder the samples come from.
        dataset_split: the part of the data set.
        keep_parts: whether the parts that maps are the sum of are saved too.
        prompts: the files of the recipes, by product; only told, for the recipes decide what is the same.
    """

    samples: Sequence[Sample]
    recipes: Mapping[str, AnyRecipe]
    dataset_format: str
    dataset_root: Path
    dataset_split: str = "test"
    keep_parts: bool = False
    prompts: Mapping[str, PromptFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = {(sample.product, sample.name) for sample in self.samples}
        missing = sorted({product for product, _ in keys} - set(self.recipes))
        if len(keys) < len(self.samples):
            raise ValueError(f"samples: expected unique names, got {len(self.samples) - len(keys)} twice")
        if missing:
            raise ValueError(f"recipes: expected one for each product, got none for {', '.join(missing)}")
        if not keys:
            raise RunError(f"{self.dataset_root}: expected at least one image, got none; check the folder")
        for sample in self.samples:
            _check_encodable(sample)
        counts = Counter(product for product, _ in keys)
        for product in sorted(counts):
            self._check_enough(product, counts[product])

    def identity(self) -> Json:
        """What has to be the same for a run to be continued, ready for JSON."""
        recipes = {product: self.recipes[product].as_dict() for product in sorted(self.recipes)}
        return {
            "format": 1,
            "modes": {product: self.recipes[product].mode for product in sorted(self.recipes)},
            "parts": self.keep_parts,
            "dataset": {
                "format": self.dataset_format,
                "root": self.dataset_root.resolve().as_posix(),
                "split": self.dataset_split,
                "images": len(self.samples),
                "images_sha256": _digest_of_each(self._listed(sample) for sample in self.samples),
            },
            "engine": ", ".join(sorted({recipe.engine_name for recipe in self.recipes.values()})),
            "recipes": recipes,
            "recipe_sha256": _digest(recipes),
        }

    def of_product(self, product: str) -> list[Sample]:
        """The samples of one product, sorted by name."""
        found = [sample for sample in self.samples if sample.product == product]
        return sorted(found, key=lambda sample: sample.name)

    def shown(self, path: Path | None) -> str:
        """`path` as results.csv has it: relative to the data set where it lies inside; empty for None."""
        if path is None:
            return ""
        text, within = path.as_posix(), f"{self.dataset_root.as_posix()}/"
        if text.startswith(within):
            return text[len(within) :]  # the usual case, without parsing paths: there may be a million
        inside = path.is_relative_to(self.dataset_root)
        return (path.relative_to(self.dataset_root) if inside else path.absolute()).as_posix()

    def _check_enough(self, product: str, count: int) -> None:
        recipe = self.recipes[product]
        if recipe.mode == BATCH and count < recipe.min_images:
            raise RunError(
                f"{product}: expected at least {recipe.min_images} images for batch mode, got {count}; "
                "add images, or use --mode auto or single"
            )

    def _listed(self, sample: Sample) -> list[str]:
        paths = self.shown(sample.image_path), self.shown(sample.mask_path)
        # Nothing is added for other samples, so that runs of older versions stay the runs they were.
        road = sample.ignore_path or sample.mask_kind != "nonzero" or sample.track
        more = [self.shown(sample.ignore_path), sample.mask_kind, sample.track] if road else []
        return [sample.product, sample.name, sample.defect, *paths, *more]


def check_same(folder: Path, before: Json, now: Json) -> None:
    """Let a run go on only as what it began as.

    Args:
        folder: the run's folder, for the message.
        before: the run's run.json; keys that `now` lacks do not matter.
        now: `Plan.identity()`, with versions.

    Raises:
        RunError: they differ; names the first few keys with both values.
    """
    old = dict(_flat(before))
    new = dict(_flat(now))
    gone = [key for key in old if key.startswith("recipes.") and key not in new]
    keys = [key for key in new if old.get(key) != new[key]] + gone
    told = [key for key in keys if not key.endswith("_sha256")] or keys
    if told:
        lines = [f"  {key}: {_brief(old.get(key))} then, {_brief(new.get(key))} now" for key in told]
        more = [f"  and {len(lines) - _MAX_DIFFERENCES} more"] if len(lines) > _MAX_DIFFERENCES else []
        raise RunError(
            f"{folder}: expected the run that was begun here, got another one; "
            "give -o another folder, or --overwrite to begin anew. Different are:\n"
            + "\n".join(lines[:_MAX_DIFFERENCES] + more)
        )


def _check_encodable(sample: Sample) -> None:
    try:
        f"{sample.product}{sample.name}{sample.image_path}{sample.mask_path}{sample.ignore_path}".encode()
    except UnicodeEncodeError:
        name = sample.name.encode("utf-8", "backslashreplace").decode()
        raise RunError(f"{name}: expected a file name in UTF-8, got other bytes; rename the file") from None


def _digest(value: object) -> str:
    return hashlib.sha256(_compact(value)).hexdigest()


def _digest_of_each(values: Iterable[object]) -> str:
    """What `_digest` says of the list of all, which is never in memory."""
    digest = hashlib.sha256(b"[")
    for index, value in enumerate(values):
        digest.update(b"," * bool(index) + _compact(value))
    digest.update(b"]")
    return digest.hexdigest()


def _compact(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _flat(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Each leaf of nested dicts with its dotted key; lists are leaves."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _brief(value: object) -> str:
    """A value in at most 60 characters; both ends of a long one, since paths mostly differ at the end."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:26]}...{text[-31:]}"
