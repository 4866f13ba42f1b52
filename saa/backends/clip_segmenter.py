"""Scenes by FC-CLIP, told in the way of VL4AD: what none of the scene's classes explains is the anomaly.

A frozen CLIP sees the image, Mask2Former's decoder finds masks in it, and words say what belongs. The weights of VL4AD
itself are not public: on those of FC-CLIP, which were trained on COCO, this is VL4AD's way and not its figures.

Source: VL4AD, arXiv 2409.17330; FC-CLIP, arXiv 2308.02487.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa import scene_answers
from saa.foundation.devices import Arithmetic, Device, Placement, Precision, installed
from saa.scene_answers import Said
from saa.scene_prompts import ScenePrompt, Vocabulary
from saa.types import Frame, Image, Inspection

if TYPE_CHECKING:
    from saa.foundation.fcclip import Seen, Segmenter

_PACKAGES = ("torch", "torchvision", "timm", "transformers", "open_clip")


class Config(BaseModel):
    """Settings of the CLIP segmenter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["clip_segmenter"] = "clip_segmenter"
    checkpoint: str = Field(
        "fcclip_convnext_large",
        description="weights of the decoders and the head by their name in `saa models list`",
    )
    clip: str = Field(
        "clip_convnext_large_d_320", description="the CLIP that they were trained on, by its name there"
    )
    device: Device = Field("cpu", description="where the networks run")
    precision: Precision = Field("fp32", description="bf16, of CLIP alone, is quicker and less exact")
    arithmetic: Arithmetic = Field(
        "fast", description="exact: what the libraries' own layers give; fast: equal but for rounding"
    )
    shortest_px: int = Field(
        1024, ge=32, le=4096, description="the image's shorter side as CLIP sees it; FC-CLIP's own on streets"
    )
    longest_px: int = Field(
        2560, ge=32, le=8192, description="the longer side is no longer than this; FC-CLIP's own"
    )
    laying: Literal["exact", "quick"] = Field(
        "exact",
        description="masks are enlarged to the image, then summed (exact, in tiles); or summed at a quarter of its "
        "size, then enlarged (quick), with softer edges",
    )
    visible_only: bool = Field(
        default=True,
        description="in an ensemble, ask CLIP only about masks that are large enough for it to see; false as FC-CLIP "
        "was released, which says anything of smaller ones",
    )

    def check(self) -> None:
        """Refuse what is not there; nothing is loaded.

        Raises:
            ModelError: a package or the device is missing.
        """
        installed(*_PACKAGES)
        Placement(self.device, self.precision).check()

    def fits(self, prompt: ScenePrompt) -> None:
        """Any scene does."""

    def build(self, prompt: ScenePrompt) -> ClipSegmenter:
        """The inspector of one kind of scene; checkpoints are loaded, and words read, now.

        Raises:
            ModelError: no such checkpoint or device, files that are not FC-CLIP's, or packages that are missing.
        """
        self.check()
        from saa.foundation import clip_texts, fcclip

        placement = Placement(self.device, self.precision)
        vocabulary = prompt.vocabulary()
        texts = clip_texts.embedded(vocabulary.concepts, prompt.templates, self.clip, placement)
        network, tower = fcclip.load(self.checkpoint, self.clip, placement, self.arithmetic)
        segmenter = fcclip.Segmenter(network, tower, placement, self.shortest_px, self.longest_px)
        return ClipSegmenter(prompt, self, segmenter, vocabulary, texts)


@dataclass(frozen=True, eq=False)
class ClipSegmenter:
    """One scene's inspector; see `stages.Inspector`.

    Attributes:
        prompt: what is known of the scene.
        settings: see `Config`.
        segmenter: finds masks.
        vocabulary: the scene's words.
        texts: (C, D) float32 at unit length, what they mean.
    """

    prompt: ScenePrompt
    settings: Config
    segmenter: Segmenter
    vocabulary: Vocabulary
    texts: NDArray[np.float32]

    def inspect(self, image: Image) -> Inspection:
        """The answer for an (H, W, 3) uint8 RGB image."""
        from saa.foundation import fcclip_maps

        seen = self.segmenter.see(Frame(image).image)
        quick = self.settings.laying == "quick"
        laid = partial(fcclip_maps.sums, seen.mask_logits, seen.sizes, squashed_first=quick)
        return scene_answers.inspection(self.prompt, self.vocabulary, self._said(seen), laid)

    def _said(self, seen: Seen) -> Said:
        """What each mask says of each concept."""
        from saa.foundation.fcclip import class_logits

        trained = class_logits(seen.in_vectors, self.texts, seen.in_scale)
        void = class_logits(seen.in_vectors, seen.void[None], seen.in_scale)[:, 0]
        if self.prompt.ensemble is None:
            return Said(trained, void)
        untrained = class_logits(seen.out_vectors, self.texts, seen.out_scale)
        return Said(trained, void, untrained, seen.valid if self.settings.visible_only else None)
