"""The figures of a run as values; see `metrics_file` and `tables` for what is made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from saa import modes, plugins
from saa.errors import RunError
from saa.ops.curves import Score
from saa.types import Track

PROTOCOLS: dict[str, tuple[int, int] | None] = {"released": (400, 400), "native": None}
"""Those with a name; any other size has the protocol "HxW", such as 512x512. See `size_of`.

`released` is what the published SAA+ code does, and with it most papers that compare themselves to it; road scenes
are scored as they are.
"""
_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)
_MAX_SIDE = 16384
PARTS_PROTOCOL, ROAD_PROTOCOL = "released", "native"
"""What is taken if nobody chooses."""
_LEVELS = ("pixel", "region", "component", "retention", "image")

Scores = dict[str, Score]
"""By metric name; fractions."""


def size_of(protocol: str) -> tuple[int, int] | None:
    """The (h, w) to which maps (cubic) and masks (nearest) are resized before anything is counted; None: they are not.

    Args:
        protocol: a name in `PROTOCOLS`, or height and width in pixels, such as "512x640".

    Raises:
        RunError: it is neither.
    """
    if protocol in PROTOCOLS:
        return PROTOCOLS[protocol]
    sides = _SIZE.fullmatch(protocol)
    size = (int(sides[1]), int(sides[2])) if sides else (0, 0)
    if not 0 < max(size) <= _MAX_SIDE:
        raise RunError(
            f"protocol: expected {', '.join(PROTOCOLS)} or height x width in pixels, each at most {_MAX_SIDE}, "
            f"got '{protocol}'; write for example 512x512"
        )
    return size


@dataclass(frozen=True)
class Category:
    """The figures of one product.

    Attributes:
        scores: of the maps.
        num_images: all images that were dealt with.
        num_failed: of these, images without a map; no metric knows them.
        num_unlabelled: images that did not fail and of which nobody said whether they are good; likewise.
        num_without_mask: defective images without a mask; only image metrics know them.
        num_good: images that did not fail and are known to be good; 0 where an older version counted.
        num_defective: likewise, those with a defect, masks or not.
        label: how its images were judged, with the number of images that were fitted in batch mode.
        parts: scores of what the maps are the sum of, by part; empty where the parts were not kept.
        track: of road scenes; empty for everything else.
        kept: (recall, share) pairs: how much of a normal data set lies below the threshold that finds this share
            of the anomalous pixels; empty where none was given.
        defects: scores of each defect type, sorted: its images against all the good ones of the category. Empty
            for road scenes, and where an older version counted.
        num_by_defect: how many images of each type did not fail.
    """

    scores: Scores
    num_images: int
    num_failed: int = 0
    num_unlabelled: int = 0
    num_without_mask: int = 0
    label: str = "unknown"
    parts: Mapping[str, Scores] = field(default_factory=dict)
    track: Track = ""
    kept: tuple[tuple[float, float], ...] = ()
    defects: Mapping[str, Scores] = field(default_factory=dict)
    num_by_defect: Mapping[str, int] = field(default_factory=dict)
    num_good: int = 0
    num_defective: int = 0

    @property
    def mode(self) -> str:
        """The label without numbers; only categories of one mode may be compared."""
        return modes.of(self.label)


@dataclass(frozen=True)
class Block:
    """The categories of one mode and their unweighted mean.

    Attributes:
        mode: how their images were judged.
        categories: by product, sorted.
        mean: over those categories where the metric is defined.
        parts: the same of each part; regions before dense.
    """

    mode: str
    categories: dict[str, Category]
    mean: Scores
    parts: dict[str, Scores]


@dataclass(frozen=True)
class Evaluation:
    """All figures of a run.

    Attributes:
        protocol: one that `size_of` knows.
        categories: by product, sorted.
        engine: what made the maps.
        id_run: the run of the normal data set that was compared with; empty where none was given.
    """

    protocol: str
    categories: dict[str, Category]
    engine: str = ""
    id_run: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of all metrics: those of pixels first, and max-F1 before AUROC before AUPRO before AP."""
        names = {name for category in self.categories.values() for name in category.scores}
        backwards = sorted(
            names, key=lambda name: f"{name}~", reverse=True
        )  # longer names behind shorter ones
        return tuple(sorted(backwards, key=_level))

    @property
    def blocks(self) -> list[Block]:
        """The categories of each mode, modes sorted."""
        return [self._block(mode) for mode in sorted({each.mode for each in self.categories.values()})]

    @property
    def mean(self) -> Scores:
        """That of all categories if they were judged in one mode; if not, there is none."""
        blocks = self.blocks
        if len(blocks) == 1:
            return blocks[0].mean
        modes = " and ".join(block.mode for block in blocks)
        reason = f"figures of {modes} are never averaged" if blocks else "there are no categories"
        return {name: Score(None, reason=reason) for name in self.metrics}

    def _block(self, mode: str) -> Block:
        chosen = {product: each for product, each in self.categories.items() if each.mode == mode}
        every = chosen.values()
        parts = sorted({part for category in every for part in category.parts}, reverse=True)
        return Block(
            mode,
            chosen,
            self._mean([category.scores for category in every]),
            {part: self._mean([category.parts.get(part, {}) for category in every]) for part in parts},
        )

    def _mean(self, every: Sequence[Scores]) -> Scores:
        return {name: _mean([scores.get(name, Score(None)) for scores in every]) for name in self.metrics}


def _level(metric: str) -> int:
    """The place of a metric's level in tables."""
    if metric in plugins.kinds("metrics"):
        return _LEVELS.index(plugins.load("metrics", metric).LEVEL)
    return _LEVELS.index("image" if metric.endswith("_image") else "pixel")


def _mean(scores: Sequence[Score]) -> Score:
    values = [score.value for score in scores if score.value is not None]
    if not values:
        return Score(None, reason="not defined for any category")
    left_out = len(scores) - len(values)
    reason = f"{left_out} of {len(scores)} categories left out" if left_out else ""
    return Score(sum(values) / len(values), reason=reason)
