"""One image through the whole cascade of the engine `foundation`, against the released code's straight run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks import _random_weights
from benchmarks._drawn import picture
from benchmarks._measuring import Result, check_same, in_turns, times_as_fast, torch_threads
from benchmarks._random_weights import DETECTOR, NETWORK, WORDS, Sizes
from saa import config, weights
from saa.config import Recipe
from saa.foundation import wide_resnet
from saa.foundation.devices import Placement
from saa.types import Frame, Inspection

if TYPE_CHECKING:
    from benchmarks._released import Answer, Constants, Models, Product

SUMMARY = (
    "the engine foundation against the released code's straight run of the same models; random, two threads"
)
TOLERANCE = 1e-4
"""Share of a map's range."""
EDGE_RATIO = 1e-4
"""Share of the pixels that may lie so close to the edge of a mask that rounding decides."""
CAPTION = ("blue defect", "black defect", "red defect", "scratch")
TOP_K = 5
NUT = {
    "object": {"phrase": "metal nut", "name": "metal_nut"},
    "defects": {"captions": [list(CAPTION)]},
    "reject": ["nut"],
    "rules": {"max_area_ratio": 1.0},
    "confidence": {"top_k": TOP_K},
}
"""MVTec AD's metal nut as the released code asks for it: five passes of its detector."""


@dataclass(frozen=True)
class Size:
    """Models, pixels a side of the image and of what they see of it, and boxes that pass the threshold.

    Random weights let nearly every box pass the published threshold. It is set so that `boxes` of each caption do on
    average, as with trained ones; for both sides.
    """

    models: Sizes = field(default_factory=Sizes)
    side: int = 1024
    detected_px: tuple[int, int] = (800, 1333)
    compared_px: int = 256
    boxes: int = 20
    rounds: int = 3
    threads: int = 2


FULL = Size()
QUICK = Size(models=_random_weights.SMALL, boxes=60, rounds=1)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of that of the released code's order of things, with our arithmetic and the libraries'.

    Raises:
        RuntimeError: the answers differ by more than `TOLERANCE` of their range.
    """
    from benchmarks import _released

    image = picture("gasket", 2, size.side)
    with tempfile.TemporaryDirectory() as folder, _kept_in(Path(folder)), torch_threads(size.threads):
        _random_weights.write(Path(folder), size.models)
        fast = _recipe(Path(folder), size)
        exact = _with(fast, "exact")
        models, constants = _models(fast), _constants(fast, size)
        theirs = _released.inspect(models, _product(), image, constants)
        names, inspectors = ("fast", "exact"), [fast.build(), exact.build()]
        said = [_compared(each.inspect(image), theirs) for each in inspectors]
        straight, *ours = in_turns(
            size.rounds,
            lambda: _released.inspect(models, _product(), image, constants),
            *(partial(each.inspect, image) for each in inspectors),
        )
    ((sam, _),) = size.models.sams
    what = f"GroundingDINO, {sam}, {size.side} × {size.side}, 5 captions, {len(theirs.defects.boxes)} boxes, arithmetic"
    return [
        times_as_fast(f"{what} {name}: {same}", seconds, straight, "a straight run")
        for name, same, seconds in zip(names, said, ours, strict=True)
    ]


def _recipe(folder: Path, size: Size) -> Recipe:
    """Profile `released` in our arithmetic, with a threshold that lets so many boxes pass."""
    shortest, longest = size.detected_px
    regions = {"shortest_px": shortest, "longest_px": longest, "box_threshold": 0.0, "arithmetic": "fast"}
    ((sam, _),) = size.models.sams
    stages = {
        "regions": regions,
        "refiner": {"checkpoint": sam, "arithmetic": "fast"},
        "saliency": {"single": {"size_px": size.compared_px}},
    }

    def written() -> Recipe:
        file = folder / "metal_nut.yaml"
        file.write_text(yaml.safe_dump({**NUT, "engines": {"foundation": stages}}), "utf-8")
        return config.load(file, "foundation", profile="released")

    regions["box_threshold"] = regions["text_threshold"] = _threshold(written(), size)
    return written()


def _threshold(recipe: Recipe, size: Size) -> float:
    """What the scores of so many boxes a caption exceed, in the middle between two of them."""
    generator = recipe.regions.build(recipe.prompt)
    frame = Frame(picture("gasket", 2, size.side))
    asked = [captions for captions, _ in recipe.cascade.questions(recipe.prompt)]
    captions = [(recipe.prompt.object.phrase,), *chain.from_iterable(asked)]
    scores = np.sort(generator.propose(frame, captions).scores)[::-1]
    last = size.boxes * len(captions)
    return float(scores[last - 1 : last + 1].mean())


def _compared(ours: Inspection, theirs: Answer) -> str:
    """How far two answers are from each other, in words.

    Raises:
        RuntimeError: too far.
    """
    if not len(theirs.kept):
        raise RuntimeError("cascade: expected regions to compare, got none; let more boxes pass")
    kept = theirs.defects.masks[theirs.kept]
    off = {
        "scores": _off(ours.regions.scores, theirs.rescored[theirs.kept], theirs.rescored.max()),
        "saliency": _off(ours.saliency, theirs.saliency),
    }
    edges = (ours.regions.masks != kept).any(axis=0)
    off["map"] = _off(ours.anomaly_map[~edges], theirs.anomaly_map[~edges])
    for part, difference in off.items():
        check_same(f"cascade: {part}", difference, TOLERANCE)
    check_same("cascade: share of pixels on edges of masks", float(edges.mean()), EDGE_RATIO)
    rounded = f" but for {edges.sum()} pixels on edges of masks" if edges.any() else ""
    return f"map same to {off['map']:.0e}{rounded}"


def _off(ours: NDArray[np.floating], theirs: NDArray[np.floating], reach: float | None = None) -> float:
    """The largest difference, as a share of a range, by default that of `theirs`."""
    return float(np.abs(ours - theirs).max() / (reach or np.ptp(theirs)))


def _with(recipe: Recipe, arithmetic: str) -> Recipe:
    """The same with other arithmetic of the detector and the refiner."""
    changed = {"arithmetic": arithmetic}
    return replace(
        recipe,
        regions=recipe.regions.model_copy(update=changed),
        refiner=recipe.refiner.model_copy(update=changed),
    )


def _models(recipe: Recipe) -> Models:
    """The libraries' own networks, on the same files."""

    from benchmarks import _released
    from benchmarks._stock_grounding_dino import stock
    from saa.foundation import grounding_dino, sam_model

    place = Placement()
    detector = stock(grounding_dino.load(DETECTOR, place), weights.path(WORDS), "GroundingDINO_SwinT_OGC")
    eye = wide_resnet.architecture()
    weights.load_strict(eye, weights.load(NETWORK), NETWORK)
    return _released.Models(detector, sam_model.load(recipe.refiner.checkpoint, place), place.place(eye))


def _product() -> Product:
    from benchmarks._released import Product

    manual = (". ".join(CAPTION), "nut")
    return Product("metal_nut", "metal_nut,", count=1, top_k=TOP_K, max_area=1.0, manual=(manual,))


def _constants(recipe: Recipe, size: Size) -> Constants:
    from benchmarks._released import Constants

    shortest, longest = size.detected_px
    threshold = recipe.regions.box_threshold
    return Constants(
        shortest_px=shortest,
        longest_px=longest,
        box_threshold=threshold,
        text_threshold=threshold,
        single_px=size.compared_px,
    )


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """What is recorded of checkpoints lies in a folder of its own, and no others are looked for."""
    before = {name: os.environ.pop(name, None) for name in ("SAA_WEIGHTS", "XDG_CACHE_HOME")}
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
