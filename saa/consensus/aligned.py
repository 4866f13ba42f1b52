"""Parts that lie alike: each place is compared with the same place of the other images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.embedded import appearance
from saa.ops import consensus, registration
from saa.stages import Describer
from saa.types import Frame, Image

Plane = NDArray[np.float32]
T = TypeVar("T", np.uint8, np.float32)

_TEMPLATE_AREA_PX = 96 * 96
_COARSE_ANGLES = tuple(range(-180, 180, 6))
_BLUR_RATIO = 0.03
"""Spread of the last smoothing, as a share of the grid's side."""
_SHARPNESS = 0.2
"""Exponent of what fine colours tell; 0 leaves the coarse map as it is."""
_FINE_FLOOR = (0.2, 0.5)
_MOST_SHARPENED = 4.0
_LEAST_SPREAD = 1e-3
_SURE_SPREADS = 6.0
"""Agreement this many median deviations below the batch's median is no registration."""
_MIN_AGREEMENT = 0.5
_MAX_STRETCH = 1.05


@dataclass(frozen=True, eq=False)
class Posed:
    """An image laid on the template.

    Attributes:
        image: (h, w, 3) at the template's size.
        matrix: (2, 3) from the image, resized to the template's size, to the template.
        agreement: how well it fits; 1 where nothing was moved.
    """

    image: Image
    matrix: registration.Matrix
    agreement: float


@dataclass(frozen=True, eq=False)
class Template:
    """Where all images of a product are laid.

    Attributes:
        size: (h, w) in pixels, of all images.
        picture: (h', w') float32 lightness that images are laid on; empty when they are taken as they lie.
        min_agreement: below this an image does not fit.
        agreement: how well the batch fits, its median; 1 where nothing is moved.
    """

    size: tuple[int, int]
    picture: Plane
    min_agreement: float
    agreement: float = 1.0

    @property
    def moves(self) -> bool:
        """Images are turned and shifted."""
        return self.picture.size > 0

    def lay(self, image: Image) -> Posed:
        """An image of any size laid on the template; as it lies, if it does not fit."""
        flat = resized(image, self.size)
        still = registration.turned(self.size, 0, 0, 0)
        if not self.moves:
            return Posed(flat, still, 1.0)
        pose = registration.find(lightness(flat, self.picture.shape), self.picture, _COARSE_ANGLES)
        if pose.agreement < self.min_agreement:
            return Posed(flat, still, pose.agreement)
        small = self.picture.shape[0], self.picture.shape[1]
        matrix = registration.scaled(pose.matrix, small, self.size)
        return Posed(_moved(flat, matrix), matrix, pose.agreement)

    def has_shape_of(self, image: Image) -> bool:
        """The image has about the same aspect as the template."""
        aspect = image.shape[0] * self.size[1] / (image.shape[1] * self.size[0])
        return bool(1 / _MAX_STRETCH < aspect < _MAX_STRETCH)

    def fits(self, posed: Posed) -> bool:
        """The image could be laid on the template."""
        return posed.agreement >= self.min_agreement


@dataclass(frozen=True, eq=False)
class Seen:
    """What images look like, one or a stack of them.

    Attributes:
        features: (…, h, w, D) float32, coarse, rich.
        colours: (…, h', w', 3) float32, fine, plain.
    """

    features: NDArray[np.float32]
    colours: NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """What is usual among the references themselves.

    Attributes:
        centre: the middle of their disagreement.
        spread: from there to the 90 % mark.
    """

    centre: float
    spread: float

    def deviations(self, found: Plane) -> Plane:
        """How far a disagreement lies above the usual, in spreads."""
        return np.asarray((found - self.centre) / self.spread, np.float32)

    @classmethod
    def of(cls, found: NDArray[np.float32]) -> Scale:
        """The scale of the references' own disagreement, any shape."""
        centre, high = (float(value) for value in np.quantile(found, [0.5, 0.9]))
        return cls(centre, max(high - centre, _LEAST_SPREAD))


@dataclass(frozen=True, eq=False)
class Aligned:
    """What images of a product look like at each place.

    Attributes:
        template: where they are laid.
        seen: what the R references look like there.
        digests: of the R references; an image does not vouch for itself.
        radius: of the window in cells.
        nearest_ratio: share of the references that counts at each place.
        coarse, fine: what is usual.
    """

    template: Template
    seen: Seen
    digests: tuple[str, ...]
    radius: int
    nearest_ratio: float
    coarse: Scale = Scale(0.0, 1.0)
    fine: Scale = Scale(0.0, 1.0)

    def deviations(self, digest: str, posed: Posed, seen: Seen) -> Plane:
        """(h', w') float32, 0 where the batch is as usual, laid back on the image.

        How much is said by the coarse features, where exactly by the fine colours: among neighbouring places
        those that differ most in colour get more, the others less.
        """
        coarse, fine = self.disagreements(digest, seen)
        found = sharpened(self.coarse.deviations(coarse), self.fine.deviations(fine))
        if np.array_equal(posed.matrix, registration.turned(self.template.size, 0, 0, 0)):
            return found
        cells = found.shape[0], found.shape[1]
        inverse = np.asarray(cv2.invertAffineTransform(posed.matrix), np.float64)
        back = registration.scaled(inverse, self.template.size, cells)
        # What the template does not show is unknown, not suspicious.
        return _moved(found, back, cv2.BORDER_CONSTANT)

    def disagreements(self, digest: str, seen: Seen) -> tuple[Plane, Plane]:
        """Smoothed distances to the references but the image itself, coarse (h, w) and fine (h', w')."""
        others = np.array([known != digest for known in self.digests])
        coarse, fine = (
            consensus.disagreement(own, known[others], self.radius, self.nearest_ratio)
            for own, known in ((seen.features, self.seen.features), (seen.colours, self.seen.colours))
        )
        return _blurred(coarse, _BLUR_RATIO * coarse.size**0.5), _blurred(fine, 1.0)


def sharpened(coarse: Plane, fine: Plane) -> Plane:
    """(h', w') coarse deviations (h, w) drawn to where the fine ones (h', w') stand out from their surroundings."""
    grown = cv2.resize(coarse, fine.shape[::-1], interpolation=cv2.INTER_CUBIC)
    above = np.maximum(fine, 0)
    around = _blurred(above, _BLUR_RATIO * fine.size**0.5)
    share = np.minimum((above + _FINE_FLOOR[0]) / (around + _FINE_FLOOR[1]), _MOST_SHARPENED)
    return np.asarray(np.where(grown > 0, grown * share**_SHARPNESS, grown), np.float32)


def as_they_lie(size: tuple[int, int]) -> Template:
    """Images are compared without being moved."""
    return Template(size, np.zeros((0, 0), np.float32), 0.0)


def on_template(images: Sequence[Image], size: tuple[int, int]) -> Template:
    """Images are laid on the one that all others resemble most as they lie."""
    small = [lightness(resized(image, size), _template_size(size)) for image in images]
    flat = np.stack([(each - each.mean()).ravel() / (each.std() + 1e-6) for each in small])
    alike = np.median(flat @ flat.T / flat.shape[1], axis=1)
    template = small[int(alike.argmax())]
    found = np.array([registration.find(each, template, _COARSE_ANGLES).agreement for each in small])
    typical = float(np.median(found))
    deviation = float(np.median(np.abs(found - typical)))
    limit = max(_MIN_AGREEMENT, typical - _SURE_SPREADS * max(deviation, 0.01))
    return Template(size, template, limit, typical)


def learned(
    images: Sequence[Image],
    digests: Sequence[str],
    template: Template,
    describer: Describer,
    *,
    radius: int,
    nearest_ratio: float,
) -> tuple[Aligned, NDArray[np.float32]]:
    """What R images look like on a template, and the (R, h, w) coarse deviations of each from the others."""
    each = [seen(template.lay(image).image, describer) for image in images]
    stack = Seen(np.stack([one.features for one in each]), np.stack([one.colours for one in each]))
    fresh = Aligned(template, stack, tuple(digests), radius, nearest_ratio)
    own = [fresh.disagreements(*one) for one in zip(digests, each, strict=True)]
    coarse, fine = np.stack([pair[0] for pair in own]), np.stack([pair[1] for pair in own])
    learned = replace(fresh, coarse=Scale.of(coarse), fine=Scale.of(fine))
    return learned, learned.coarse.deviations(coarse)


def seen(image: Image, describer: Describer) -> Seen:
    """What an image looks like that has been laid on the template."""
    return Seen(describer.describe(Frame(image), levelled=False), appearance.colours(image))


def resized(image: Image, size: tuple[int, int]) -> Image:
    """An image stretched to `size` (h, w)."""
    if image.shape[:2] == size:
        return image
    how = cv2.INTER_AREA if image.shape[0] * image.shape[1] > size[0] * size[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size[::-1], interpolation=how), np.uint8)


def lightness(image: Image, size: tuple[int, ...]) -> Plane:
    """(h, w) float32 logarithmic lightness at a small size, a little smoothed."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey.astype(np.float32), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(np.log(small + 15), (0, 0), 1), np.float32)


def _template_size(size: tuple[int, int]) -> tuple[int, int]:
    ratio = min(1.0, (_TEMPLATE_AREA_PX / (size[0] * size[1])) ** 0.5)
    return max(16, round(size[0] * ratio)), max(16, round(size[1] * ratio))


def _blurred(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _moved(array: NDArray[T], matrix: registration.Matrix, border: int = cv2.BORDER_REPLICATE) -> NDArray[T]:
    size = array.shape[1], array.shape[0]
    moved = cv2.warpAffine(array, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return moved.astype(array.dtype, copy=False)
