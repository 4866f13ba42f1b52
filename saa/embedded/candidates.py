"""The pieces of a picture that may be defects, as its saliency shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from saa.embedded import segments
from saa.embedded.encoding import Encoder, Encoding
from saa.embedded.filters import Plane, grown
from saa.embedded.settings import deviations
from saa.types import Frame

_NUM_SEGMENTS = 20


@dataclass(frozen=True)
class Viewer:
    """How candidates are looked for; itself the key under which a `Frame` keeps them."""

    encoder: Encoder

    def __call__(self, frame: Frame) -> Candidates:
        """The candidates of a frame; by the encoding's own unlikeness where no saliency is known."""
        encoding = frame.encoded(self.encoder)
        if frame.saliency is None:
            return Candidates(encoding, encoding.unlikeness_on_object)
        return Candidates(encoding, deviations(grown(frame.saliency, encoding.map_size, smooth=False)))


@dataclass(frozen=True, eq=False)
class Candidates:
    """What stands out in one image.

    Attributes:
        encoding: the image as the model sees it.
        unlikeness: (h, w) float32, at least 0, at the encoding's map size: deviations from what is usual.
    """

    encoding: Encoding
    unlikeness: Plane

    @cached_property
    def segments(self) -> segments.Segments:
        """Candidate defects, at map size."""
        return segments.find(self.unlikeness, _NUM_SEGMENTS)
