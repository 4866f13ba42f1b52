"""Parts that lie alike: each place is compared with the same place of the other images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from saa.ops import consensus, registration
from saa.types import Image

Describe = Callable[[Image], NDArray[np.float32]]
"""(h, w, 3) image to (h', w', D) features."""
Plane = NDArray[np.float32]
T = TypeVar("T", np.uint8, np.float32)

_TEMPLATE_AREA_PX = 96 * 96
_COARSE_ANGLES = tuple(range(-180, 180, 6))
_BLUR_RATIO = 0.03
"""Spread of the last smoothing, as a share of the grid's side."""
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
    """

    size: tuple[int, int]
    picture: Plane
    min_agreement: float

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
class Aligned:
    """What images of a product look like at each place.

    Attributes:
        template: where they are laid.
        features: (R, h, w, D) float32, one grid a reference.
        digests: of the R references; an image does not vouch for itself.
        radius: of the window in cells.
        nearest_ratio: share of the references that counts at each place.
        centre, spread: of the disagreement of the references themselves.
    """

    template: Template
    features: NDArray[np.float32]
    digests: tuple[str, ...]
    radius: int
    nearest_ratio: float
    centre: float = 0.0
    spread: float = 1.0

    def deviations(self, digest: str, posed: Posed, described: NDArray[np.float32]) -> Plane:
        """(h, w) float32 at the template's cells, 0 where the batch is as usual; laid back on the image."""
        found = (self.disagreement(digest, described) - self.centre) / self.spread
        if np.array_equal(posed.matrix, registration.turned(self.template.size, 0, 0, 0)):
            return np.asarray(found, np.float32)
        cells = found.shape[0], found.shape[1]
        inverse = np.asarray(cv2.invertAffineTransform(posed.matrix), np.float64)
        back = registration.scaled(inverse, self.template.size, cells)
        # What the template does not show is unknown, not suspicious.
        return _moved(np.asarray(found, np.float32), back, cv2.BORDER_CONSTANT)

    def disagreement(self, digest: str, described: NDArray[np.float32]) -> Plane:
        """(h, w) smoothed distance to the references but the image itself."""
        others = np.array([known != digest for known in self.digests])
        found = consensus.disagreement(described, self.features[others], self.radius, self.nearest_ratio)
        sigma = _BLUR_RATIO * (found.shape[0] * found.shape[1]) ** 0.5
        return np.asarray(
            cv2.GaussianBlur(found, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32
        )


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
    deviation = float(np.median(np.abs(found - np.median(found))))
    limit = max(_MIN_AGREEMENT, float(np.median(found)) - _SURE_SPREADS * max(deviation, 0.01))
    return Template(size, template, limit)


def learned(
    images: Sequence[Image],
    digests: Sequence[str],
    template: Template,
    describe: Describe,
    *,
    radius: int,
    nearest_ratio: float,
) -> tuple[Aligned, NDArray[np.float32]]:
    """What R images look like on a template, and the (R, h, w) deviations of each of them from the others."""
    features = np.stack([describe(template.lay(image).image) for image in images])
    fresh = Aligned(template, features, tuple(digests), radius, nearest_ratio)
    own = np.stack([fresh.disagreement(*each) for each in zip(digests, features, strict=True)])
    centre, high = (float(value) for value in np.quantile(own, [0.5, 0.9]))
    spread = max(high - centre, 1e-3)
    return replace(fresh, centre=centre, spread=spread), np.asarray((own - centre) / spread, np.float32)


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


def _moved(array: NDArray[T], matrix: registration.Matrix, border: int = cv2.BORDER_REPLICATE) -> NDArray[T]:
    size = array.shape[1], array.shape[0]
    moved = cv2.warpAffine(array, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return moved.astype(array.dtype, copy=False)
