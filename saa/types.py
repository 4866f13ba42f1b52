"""The values that flow from stage to stage. Constructors check shape and dtype, so no one checks again.

Axis letters: N regions, H W pixels. Boxes are xyxy pixels with exclusive right and bottom edges.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""
Mask: TypeAlias = NDArray[np.bool_]
"""(H, W) bool."""
Masks: TypeAlias = NDArray[np.bool_]
"""(N, H, W) bool."""
Boxes: TypeAlias = NDArray[np.float32]
"""(N, 4) float32, xyxy pixels, right and bottom exclusive, inside the image."""
Scores: TypeAlias = NDArray[np.float32]
"""(N,) float32, at least 0; at most 1 until recalibrated."""
AnomalyMap: TypeAlias = NDArray[np.float32]
"""(H, W) float32; higher is more anomalous; never rescaled per image."""

Caption: TypeAlias = tuple[str, ...]
"""Phrases that share one pass of a detector."""

MaskKind: TypeAlias = Literal["nonzero", "labels", "train_ids", "label_ids"]
"""What the values of a mask's file mean; `saa.images.read_truth` says it."""
Track: TypeAlias = Literal["", "anomaly", "obstacle"]
"""Which figures a road scene gets, and which components are too small to count in them; empty: no road scene."""

T = TypeVar("T")

GOOD = "good"
"""The defect name of a part without one."""
UNKNOWN = "unknown"
"""The defect name of an image nobody has labelled."""


def _check(name: str, array: NDArray[Any], shape: tuple[int | None, ...], dtype: type[np.generic]) -> None:
    wanted = tuple("any" if side is None else str(side) for side in shape)
    fits = array.ndim == len(shape) and all(
        side is None or side == actual for side, actual in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != dtype:
        raise ValueError(
            f"{name}: expected shape ({', '.join(wanted)}) and dtype {np.dtype(dtype)}, "
            f"got {array.shape} and {array.dtype}"
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """One image and what models have made of it so far.

    Several stages ask for the same costly encoding of an image (one detector pass serves objects and
    defects, one feature map serves saliency and proposals). A frame lives for one inspection and computes
    each encoding once; stages themselves stay without state.

    Attributes:
        image: (H, W, 3) uint8, RGB.
        encodings: what is known already, by the function that makes it; a model that works in batches fills it in.
        saliency: (H, W) float32 in [0, 1], what stands out in the image; None until a stage has said it.
        views: what has been made of the image and its saliency together, by the function that makes it.
    """

    image: Image
    encodings: dict[Hashable, object] = field(default_factory=dict, repr=False)
    saliency: AnomalyMap | None = None
    views: dict[Hashable, object] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        _check("image", self.image, (None, None, 3), np.uint8)
        if 0 in self.image.shape:
            raise ValueError(f"image: expected at least one pixel, got {self.image.shape}")
        if self.saliency is not None:
            _check("saliency", self.saliency, self.size, np.float32)

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def encoded(self, encode: Callable[[Image], T]) -> T:
        """`encode(image)`, computed once; `encode` itself is the key, so it must be hashable and pure."""
        if encode not in self.encodings:
            self.encodings[encode] = encode(self.image)
        return cast(T, self.encodings[encode])

    def viewed(self, view: Callable[[Frame], T]) -> T:
        """`view(frame)`, computed once; like `encoded`, for what hangs on the saliency too."""
        if view not in self.views:
            self.views[view] = view(self)
        return cast(T, self.views[view])

    def marked(self, saliency: AnomalyMap) -> Frame:
        """The same image with its (H, W) saliency; its encodings are shared."""
        return Frame(self.image, self.encodings, saliency)


@dataclass(frozen=True, eq=False)
class Proposals:
    """What a region generator found: N boxes, their scores and the phrases they answer.

    Attributes:
        boxes: (N, 4) float32, xyxy pixels.
        scores: (N,) float32, at least 0.
        phrases: N strings.
    """

    boxes: Boxes
    scores: Scores
    phrases: tuple[str, ...]

    def __post_init__(self) -> None:
        _check("boxes", self.boxes, (None, 4), np.float32)
        _check("scores", self.scores, (len(self.boxes),), np.float32)
        _check_phrases(self.phrases, len(self.boxes))

    def __len__(self) -> int:
        return len(self.boxes)

    def __add__(self, other: Proposals) -> Proposals:
        return Proposals(
            np.concatenate([self.boxes, other.boxes]),
            np.concatenate([self.scores, other.scores]),
            self.phrases + other.phrases,
        )

    def __getitem__(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Proposals:
        """The rows that a boolean mask keeps, or that indices name, in that order."""
        rows = np.arange(len(self))[keep]
        return Proposals(self.boxes[rows], self.scores[rows], tuple(self.phrases[i] for i in rows))

    @classmethod
    def none(cls) -> Proposals:
        """Nothing found: N = 0."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


@dataclass(frozen=True, eq=False)
class Regions:
    """What a refiner made of proposals: N masks on one image, their scores and phrases.

    Attributes:
        masks: (N, H, W) bool.
        scores: (N,) float32, at least 0.
        phrases: N strings.
    """

    masks: Masks
    scores: Scores
    phrases: tuple[str, ...]

    def __post_init__(self) -> None:
        _check("masks", self.masks, (None, None, None), np.bool_)
        _check("scores", self.scores, (len(self.masks),), np.float32)
        _check_phrases(self.phrases, len(self.masks))

    def __len__(self) -> int:
        return len(self.masks)

    def __add__(self, other: Regions) -> Regions:
        return Regions(
            np.concatenate([self.masks, other.masks]),
            np.concatenate([self.scores, other.scores]),
            self.phrases + other.phrases,
        )

    def __getitem__(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Regions:
        """The rows that a boolean mask keeps, or that indices name, in that order."""
        rows = np.arange(len(self))[keep]
        return Regions(self.masks[rows], self.scores[rows], tuple(self.phrases[i] for i in rows))

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.masks.shape[1], self.masks.shape[2]

    @property
    def areas(self) -> NDArray[np.int64]:
        """(N,) int64, pixels inside each mask."""
        return np.array([np.count_nonzero(mask) for mask in self.masks], np.int64)

    def split(self, count: int) -> tuple[Regions, Regions]:
        """The first `count` regions and the rest."""
        first = np.arange(len(self)) < count
        return self[first], self[~first]

    @classmethod
    def none(cls, size: tuple[int, int]) -> Regions:
        """Nothing found on an image of `size` (h, w): N = 0."""
        return cls(np.zeros((0, *size), np.bool_), np.zeros(0, np.float32), ())


@dataclass(frozen=True, eq=False)
class Salience:
    """What a saliency stage says of one image.

    Attributes:
        map: (H, W) float32 in [0, 1]; 1 is unlike anything it was compared with.
        notes: what people should know of how it was made, such as an image that could not be registered.
    """

    map: AnomalyMap
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("saliency", self.map, (None, None), np.float32)


@dataclass(frozen=True, eq=False)
class Inspection:
    """The answer for one image.

    Attributes:
        anomaly_map: (H, W) float32, higher is more anomalous, comparable between images of one recipe.
        score: how likely the image holds a defect; higher is more likely, comparable like the map.
        regions: N suspected defects, best first.
        saliency: (H, W) float32 in [0, 1]; 1 is unlike anything it was compared with.
        notes: what people should know of this answer; see `Salience`.
        parts: the weighted terms whose sum is the map, (H, W) float32 each, by name: `regions`, `dense`.
    """

    anomaly_map: AnomalyMap
    score: float
    regions: Regions
    saliency: AnomalyMap
    notes: tuple[str, ...] = ()
    parts: Mapping[str, AnomalyMap] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = self.regions.size
        _check("anomaly_map", self.anomaly_map, size, np.float32)
        _check("saliency", self.saliency, size, np.float32)
        for name, part in self.parts.items():
            _check(f"parts['{name}']", part, size, np.float32)


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of each pixel of an image.

    Attributes:
        defective: (H, W) bool; none of them is left out.
        scored: (H, W) bool; pixels outside count in no figure.
    """

    defective: Mask
    scored: Mask

    def __post_init__(self) -> None:
        _check("defective", self.defective, (None, None), np.bool_)
        _check("scored", self.scored, self.defective.shape, np.bool_)
        if (self.defective & ~self.scored).any():
            raise ValueError("defective: expected scored pixels only, got some that are not")

    @classmethod
    def none(cls, size: tuple[int, int]) -> Truth:
        """Every pixel of an image of `size` (h, w) counts, and none is defective."""
        return cls(np.zeros(size, np.bool_), np.ones(size, np.bool_))


@dataclass(frozen=True)
class Sample:
    """One image of a data set and what is known of it.

    Attributes:
        product: the category the image belongs to.
        name: unique inside the product; a relative path with forward slashes and its extension.
        defect: the kind of defect, `good` for none, `unknown` where nobody said.
        image_path: where the image lies.
        mask_path: where the defect's mask lies; None where there is none. Good images have one only if it says
            which of their pixels do not count.
        ignore_path: a picture that is not black where pixels do not count; None where all do.
        mask_kind: what the mask's values mean.
        track: of a road scene; empty for everything else.
    """

    product: str
    name: str
    defect: str
    image_path: Path
    mask_path: Path | None = None
    ignore_path: Path | None = None
    mask_kind: MaskKind = "nonzero"
    track: Track = ""


def _check_phrases(phrases: tuple[str, ...], count: int) -> None:
    if len(phrases) != count:
        raise ValueError(f"phrases: expected {count}, one a row, got {len(phrases)}")
