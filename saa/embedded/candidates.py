"""The pieces of a picture that may be defects, as its saliency shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from saa.embedded import segments
from saa.embedded.encoding import Encoder, Encoding
from saa.embedded.filters import Plane
from saa.embedded.settings import deviations
from saa.types import AnomalyMap, Frame

_NUM_SEGMENTS = 20


@dataclass(frozen=True)
class Viewer:
    """How candidates are looked for; itself the key under which a `Frame` keeps them."""

    encoder: Encoder

    def __call__(self, frame: Frame) -> Candidates:
        """The candidates of a frame; nothing is computed yet."""
        return Candidates(frame.encoded(self.encoder), frame.saliency)


@dataclass(frozen=True, eq=False)
class Candidates:
    """What stands out in one image; every part is computed when first asked for, then kept.

    Attributes:
        encoding: the image as the model sees it.
        saliency: (H, W) float32 in [0, 1]; None leaves it to what the image says of itself.
    """

    encoding: Encoding
    saliency: AnomalyMap | None

    @cached_property
    def unlikeness(self) -> Plane:
        """(h, w) float32, at least 0, at the encoding's map size: deviations from what is usual."""
        if self.saliency is None:
            return self.encoding.unlikeness_on_object
        return deviations(self.encoding.from_image(self.saliency))

    @cached_property
    def segments(self) -> segments.Segments:
        """Candidate defects, at map size."""
        return segments.find(self.unlikeness, _NUM_SEGMENTS)
