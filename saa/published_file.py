"""Published figures as data: `benchmarks/published.yaml` in a checkout, a file of the package in a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

UNKNOWN = "unknown"
TEST = "test"
_ABOVE_100 = ("max_f1_region_released",)

Part: TypeAlias = Literal[
    "language", "property", "saliency", "confidence", "class_agnostic", "class_specific"
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where figures were published."""

    kind: Literal["paper", "repository", "issue"]
    where: str = Field(min_length=1)


class Figures(_Strict):
    """What a method reaches on one category, or in the mean over a group of them.

    Attributes:
        method: its name.
        source: a key of `Published.sources`.
        by: the method's authors, or an independent run of it.
        category: data set and category, as in `mvtec/grid`; empty for a mean.
        mean_of: a key of `Published.groups`; empty for a category.
        protocol: the size HxW that maps are resized to before pixels are counted, or `unknown`.
        mode: how images are judged, of `modes.MODES`.
        without: parts of the method that were left out.
        split: the part of the data set.
        num_images: of the category; None means that of `Published.images`.
        notes: keys of `Published.notes`.
        values: percentages by the names of our metrics.
    """

    method: str = Field(min_length=1)
    source: str
    by: Literal["authors", "independent"]
    category: str = ""
    mean_of: str = ""
    protocol: str = Field(default=UNKNOWN, pattern=rf"^({UNKNOWN}|[1-9]\d*x[1-9]\d*)$")
    mode: Literal["single image", "batch (transductive)"] = "single image"
    without: tuple[Part, ...] = ()
    split: str = TEST
    num_images: PositiveInt | None = None
    notes: tuple[str, ...] = ()
    values: Mapping[str, float] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_place_and_percentages(self) -> Figures:
        if bool(self.category) == bool(self.mean_of):
            raise ValueError(f"{self.method}: expected a category or a mean, got both or neither")
        for metric, value in self.values.items():
            if not 0 <= value <= (1000 if metric in _ABOVE_100 else 100):
                raise ValueError(f"{self.method}: {metric}: expected a percentage, got {value}")
        return self


class Published(_Strict):
    """All of the file.

    Attributes:
        unit: that of all figures.
        sources: by key.
        images: how many images each category has, by data set and category.
        groups: the categories of each mean, as `data set/category`.
        notes: sentences by key; one that is called like a metric matters only beside that metric.
        figures: in the order of the file.
    """

    unit: Literal["percent"]
    sources: Mapping[str, Source]
    images: Mapping[str, Mapping[str, PositiveInt]]
    groups: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, str]
    figures: tuple[Figures, ...]

    @model_validator(mode="after")
    def _keys_are_known(self) -> Published:
        for each in self.figures:
            unknown = [each.source] if each.source not in self.sources else []
            unknown += [note for note in each.notes if note not in self.notes]
            unknown += [each.mean_of] if each.mean_of and each.mean_of not in self.groups else []
            if unknown:
                raise ValueError(f"{each.method}: expected known keys, got {', '.join(unknown)}")
        return self

    def categories(self, figures: Figures) -> tuple[str, ...]:
        """What figures are about, as `data set/category`."""
        return self.groups[figures.mean_of] if figures.mean_of else (figures.category,)

    def num_images(self, figures: Figures, place: str) -> int | None:
        """How many images of a category figures are about; None where that is not known."""
        data_set, _, category = place.partition("/")
        return figures.num_images or self.images.get(data_set, {}).get(category)


def path() -> Path:
    """The file: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "published.yaml"
    return inside if inside.is_file() else package.parent / "benchmarks" / "published.yaml"


@cache
def read() -> Published:
    """All published figures, checked."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Published.model_validate(yaml.load(path().read_text("utf-8"), loader))  # noqa: S506 - a safe loader
