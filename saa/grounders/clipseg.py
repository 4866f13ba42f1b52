"""CLIPSeg as a dense grounder: how well each place answers the best of the phrases.

Each phrase is asked alone; a place's answer is the sigmoid of its highest logit. As a baseline this is CLIPSeg asked
for the product's defects, with nothing else looked at.

Source: CLIPSeg, arXiv 2112.10003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import expit

from saa.foundation.clipseg_settings import Settings
from saa.prompts import ProductPrompt
from saa.types import AnomalyMap, Caption, Frame

if TYPE_CHECKING:
    from saa.foundation.clipseg import Segmenter

_READ = 64
"""Sets of phrases whose meaning is kept in memory: an image of each product asks for the same ones."""


class Config(Settings):
    """Settings of CLIPSeg."""

    kind: Literal["clipseg"] = "clipseg"
    templates: tuple[Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*$", max_length=200)], ...] = Field(
        ("{}",),
        min_length=1,
        description="sentences that a phrase is read in, {} standing for it. Default: the phrase alone, as in the "
        "library's own examples",
    )

    def check(self) -> None:
        """Refuse packages and devices that are not there, and a folder of another model; see `recipes.Checked`."""
        self.check_machine()
        self.check_folder()

    def build(self, prompt: ProductPrompt) -> ClipSegGrounder:  # noqa: ARG002 - the seam's signature
        """The grounder, the same for every product; the checkpoint is loaded now.

        Raises:
            ModelError: no such checkpoint or device, a folder that is not CLIPSeg's, or missing packages.
        """
        self.check()
        return ClipSegGrounder(self.load(), self.templates)


@dataclass(frozen=True)
class ClipSegGrounder:
    """The best answer of any phrase at each place.

    Attributes:
        segmenter: tells how well phrases fit.
        templates: sentences that they are read in.
    """

    segmenter: Segmenter
    templates: tuple[str, ...]

    def ground(self, frame: Frame, captions: Sequence[Caption]) -> AnomalyMap:
        """(H, W) float32 in [0, 1]; see `stages.Grounder`. Without phrases the image is not looked at."""
        phrases = tuple(sorted({phrase for caption in captions for phrase in caption}))
        if not phrases:
            return np.ones(frame.size, np.float32)
        from saa.foundation import clipseg

        logits = self.segmenter.see(frame.image, _meant(self.segmenter, phrases, self.templates))
        answers = np.asarray(expit(logits.max(axis=0, keepdims=True)), np.float32)
        enlarged = clipseg.enlarged(answers, frame.size)[0]
        return np.asarray(np.clip(enlarged, 0, 1), np.float32)  # rounding may exceed 1


@lru_cache(maxsize=_READ)
def _meant(segmenter: Segmenter, phrases: tuple[str, ...], templates: tuple[str, ...]) -> NDArray[np.float32]:
    """(C, D) what phrases mean; see `Segmenter.read`."""
    return segmenter.read(phrases, templates)
