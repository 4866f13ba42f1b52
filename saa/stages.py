"""The seams of an inspector: what a plug-in must offer, one verb each.

Every stage is a value: it keeps nothing between calls, so one inspector may serve many images and threads.
What has to be learned from a product's own unlabelled images first is a new value, made before the run
(`Recipe.fit`, then `Recipe.build(reference)`); a model that wants batches makes the frames with their
encodings filled in. Neither changes these verbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from saa.types import AnomalyMap, Caption, Frame, Image, Inspection, Proposals, Regions, Salience


class Generator(Protocol):
    """Boxes that answer words (P^L)."""

    def propose(self, frame: Frame, captions: Sequence[Caption]) -> Proposals:
        """N boxes with scores in [0, 1], each with the phrase it answers; N = 0 if nothing does.

        Once the saliency is known the frame bears it, and may steer what is proposed.
        """
        ...


class Refiner(Protocol):
    """Boxes become masks."""

    @property
    def one_by_one(self) -> bool:
        """Whether a box's mask does not depend on the boxes that are asked for with it, nor on the saliency."""
        ...

    def refine(self, frame: Frame, proposals: Proposals) -> Regions:
        """One mask for each proposal, in the same order, with its score and phrase."""
        ...


class Saliency(Protocol):
    """How unlike the rest of the object, or the product's other images, each place is (P^S)."""

    @property
    def needs_objects(self) -> bool:
        """Whether the answer depends on the objects; if not, nobody looks for them on its behalf."""
        ...

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        """A map in [0, 1], and notes for people; N = 0 objects means the whole image is the object."""
        ...


class Describer(Protocol):
    """What each place looks like, in numbers that can be compared between images of one product."""

    def describe(self, frame: Frame, *, levelled: bool) -> NDArray[np.float32]:
        """(h, w, D) float32, finite: D features a cell of a coarse grid over the image.

        Levelled features tell places apart wherever they lie: illumination and stripes may be removed. Others
        tell what a place is like as it is, for comparing it with the same place of another image.
        D is the same for every image, the grid for every image of one size. Euclidean distances between cells
        of two images tell how unlike they look.
        """
        ...


class Grounder(Protocol):
    """How well each place answers words, as a dense map."""

    def ground(self, frame: Frame, captions: Sequence[Caption]) -> AnomalyMap:
        """(H, W) float32 in [0, 1]; 1 answers at least one phrase fully. No captions: all ones."""
        ...


class Judge(Grounder, Protocol):
    """A grounder that has an answer for the image as a whole, too; its settings say `judges = True`."""

    def judge(self, frame: Frame, captions: Sequence[Caption]) -> float:
        """In [0, 1], how well the image answers words, whatever its places do."""
        ...


class Inspector(Protocol):
    """One image in, one answer out."""

    def inspect(self, image: Image) -> Inspection:
        """The answer for an (H, W, 3) uint8 RGB image of any size."""
        ...
