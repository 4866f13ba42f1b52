"""Scenes by CLIPSeg, the light model that reads words: one map for each concept, on a coarse grid.

Each concept is asked alone. A place's evidence for a class is how well its best word fits there, shared out among the
classes and the OOD words by how well they fit: so OOD words take evidence from the classes, as they do in VL4AD.

Source: CLIPSeg, arXiv 2112.10003; VL4AD, arXiv 2409.17330. That the two go together so is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from saa import scene_answers
from saa.errors import PromptError
from saa.foundation.clipseg_settings import Settings
from saa.scene_answers import Said
from saa.scene_prompts import ScenePrompt, Vocabulary
from saa.types import Frame, Image, Inspection

if TYPE_CHECKING:
    from saa.foundation.clipseg import Segmenter


class Config(Settings):
    """Settings of CLIPSeg."""

    kind: Literal["clipseg"] = "clipseg"

    def check(self) -> None:
        """Refuse what is not there; nothing is loaded.

        Raises:
            ModelError: a package or the device is missing.
        """
        self.check_machine()

    def fits(self, prompt: ScenePrompt) -> None:
        """Refuse an ensemble; the folder's sizes are read, and not its weights.

        Raises:
            PromptError: there is an ensemble.
            ModelError: no such checkpoint, or a folder that is not CLIPSeg's.
        """
        if prompt.ensemble is not None:
            raise PromptError(
                "ensemble: expected none with backend clipseg, which has one head only, got one; leave it out"
            )
        self.check_folder()

    def build(self, prompt: ScenePrompt) -> ClipSeg:
        """The inspector of one kind of scene; the checkpoint is loaded, and words read, now.

        Raises:
            ModelError: no such checkpoint or device, a folder that is not CLIPSeg's, or missing packages.
            PromptError: an ensemble.
        """
        self.check()
        self.fits(prompt)
        vocabulary, segmenter = prompt.vocabulary(), self.load()
        return ClipSeg(prompt, segmenter, vocabulary, segmenter.read(vocabulary.concepts, prompt.templates))


@dataclass(frozen=True, eq=False)
class ClipSeg:
    """One scene's inspector; see `stages.Inspector`.

    Attributes:
        prompt: what is known of the scene.
        segmenter: tells how well words fit.
        vocabulary: the scene's words.
        texts: (C, D) float32, what they mean.
    """

    prompt: ScenePrompt
    segmenter: Segmenter
    vocabulary: Vocabulary
    texts: NDArray[np.float32]

    def inspect(self, image: Image) -> Inspection:
        """The answer for an (H, W, 3) uint8 RGB image."""
        from saa.foundation import clipseg

        logits = self.segmenter.see(Frame(image).image, self.texts)
        places, size = logits.shape[1:], (image.shape[0], image.shape[1])

        def laid(weights: NDArray[np.float32]) -> NDArray[np.float32]:
            return clipseg.enlarged(weights.T.reshape(-1, *places), size)

        said = Said(logits.reshape(len(logits), -1).T, void=None, asked_alone=True)
        return scene_answers.inspection(self.prompt, self.vocabulary, said, laid)
