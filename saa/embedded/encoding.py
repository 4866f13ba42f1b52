"""One image as the weight-free model sees it: every part is computed when first asked for, then kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded import answers, features, lexicon, objects, phases, symmetry, unlikeness
from saa.embedded.filters import Plane, grown, half, shrunk
from saa.ops import masks
from saa.types import Image, Masks

Extent = Literal["part", "frame"]
_MAX_ENLARGEMENT = 1.5


@dataclass(frozen=True)
class Encoder:
    """How to look at an image; itself the key under which a `Frame` keeps the encoding.

    Attributes:
        extent: `part` for things on a background, `frame` for a surface that fills the picture.
        count: how many objects to expect.
        small_marks: defects are small and isolated; places must stand out from what lies right around them.
        working_area_px: pixels that an image is scaled to, aspect kept; never enlarged more than 1.5 times.
    """

    extent: Extent
    count: int
    small_marks: bool
    working_area_px: int

    def __call__(self, image: Image) -> Encoding:
        """The encoding of an (H, W, 3) RGB image; nothing is computed yet but the working image."""
        height, width = image.shape[:2]
        ratio = min((self.working_area_px / (height * width)) ** 0.5, _MAX_ENLARGEMENT)
        size = max(1, round(width * ratio)), max(1, round(height * ratio))
        how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
        return Encoding(np.asarray(cv2.resize(image, size, interpolation=how), np.uint8), self)


@dataclass(frozen=True, eq=False)
class Encoding:
    """What the model makes of one image. Maps are at half the working size.

    Attributes:
        image: (H, W, 3) uint8, the working image.
        encoder: how it was made.
    """

    image: Image
    encoder: Encoder

    @property
    def map_size(self) -> tuple[int, int]:
        """(h, w) of the maps."""
        return half((self.image.shape[0], self.image.shape[1]))

    @cached_property
    def tones(self) -> features.Tones:
        """Lightness and colour of the working image, levelled."""
        return features.tones(self.image)

    @cached_property
    def colours(self) -> NDArray[np.float32]:
        """(h, w, 3) float32 levelled lightness and colour, at map size."""
        planes = self.tones.lightness, self.tones.red_green, self.tones.yellow_blue
        return np.stack([shrunk(plane, self.map_size) for plane in planes], axis=-1)

    @cached_property
    def objects(self) -> Masks:
        """(N, H, W) masks of the parts at working size; N = 0 on surfaces and without a clear background."""
        if self.encoder.extent == "frame":
            return np.zeros((0, *self.image.shape[:2]), np.bool_)
        return objects.find(self.image, self.encoder.count)

    @cached_property
    def unlikeness(self) -> Plane:
        """(h, w) float32, at least 0: how unlike the rest each place is; see `unlikeness.within`."""
        found = self._unlikeness()
        if not self.encoder.small_marks:
            return found
        return unlikeness.small_marks(found, self.image)

    def _unlikeness(self) -> Plane:
        turned = symmetry.differences(self.image, self.objects[0]) if len(self.objects) == 1 else None
        if turned is not None:
            return unlikeness.sharpened(turned, self.tones)
        return unlikeness.within(self.tones, self._kinds(), surface=self.encoder.extent == "frame")

    def _kinds(self) -> NDArray[np.uint8]:
        """Several objects are compared with each other, their rims with rims, the ground with itself."""
        size = features.grid_size((self.image.shape[0], self.image.shape[1]))
        if len(self.objects) < 2:
            return np.zeros(size, np.uint8)
        return objects.zones(self.objects, size)

    @cached_property
    def unlikeness_on_object(self) -> Plane:
        """(h, w) `unlikeness`, faded out off a single object; the ground that several lie on is compared too."""
        if len(self.objects) > 1:
            return self.unlikeness
        return self.unlikeness * objects.soft(self.objects, self.map_size)

    @cached_property
    def patch(self) -> phases.Patch:
        """The smaller of two finishes, its mask at map size."""
        found = phases.find(self.image, self.tones)
        return phases.Patch(masks.resized(found.mask, self.map_size), found.step)

    @cached_property
    def _reading(self) -> answers.Reading:
        return answers.Reading(self.tones)

    def answer(self, phrase: str, agnostic: float) -> Plane:
        """(h, w) float32 in [0, 1]: how well each place answers a phrase; `agnostic` for one that asks for nothing."""
        return shrunk(self._reading.answer(lexicon.cues(phrase), agnostic), self.map_size)

    def to_image(self, plane: Plane, size: tuple[int, int]) -> Plane:
        """A map at the size (h, w) of the original image."""
        return grown(plane, size, smooth=False)

    def from_image(self, plane: Plane) -> Plane:
        """A map of the original image at map size, read at the middle of each place: all but undoes `to_image`."""
        return grown(plane, self.map_size, smooth=False)
