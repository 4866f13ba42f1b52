"""Scenes by Mask2Former, which knows the labels it was trained on and no others: the baseline for RbA and EAM.

A class of the scene is a label of the model by one of its words. What fits none of the classes is the anomaly.

Source: Mask2Former, arXiv 2112.01527; RbA, arXiv 2211.14293; EAM, arXiv 2304.12122.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from saa import scene_answers
from saa.errors import PromptError
from saa.foundation import pretrained
from saa.foundation.devices import Arithmetic, Device, Placement, installed
from saa.scene_answers import Said
from saa.scene_prompts import ScenePrompt, Vocabulary
from saa.types import Frame, Image, Inspection

if TYPE_CHECKING:
    from saa.foundation.segmenter_mask2former import Segmenter

_PACKAGES = ("torch", "transformers")


class Config(BaseModel):
    """Settings of Mask2Former."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["mask2former"] = "mask2former"
    checkpoint: str = Field(
        "mask2former_swin_large_cityscapes",
        description="a folder of weights by its name in `saa models list`",
    )
    device: Device = Field("cpu", description="where the network runs")
    arithmetic: Arithmetic = Field(
        "fast", description="exact: what the library's own layers give; fast: equal but for rounding"
    )
    shortest_px: int = Field(
        1024,
        ge=32,
        le=4096,
        description="the image's shorter side as the network sees it; Mask2Former's own on streets",
    )
    longest_px: int = Field(
        2048, ge=32, le=8192, description="the longer side is no longer than this; Mask2Former's own"
    )
    laying: Literal["exact", "quick"] = Field(
        "exact",
        description="masks are enlarged to the image, then summed (exact, in tiles); or summed at a quarter of its "
        "size, then enlarged (quick), with softer edges",
    )

    def check(self) -> None:
        """Refuse what is not there; nothing is loaded.

        Raises:
            ModelError: a package or the device is missing.
        """
        installed(*_PACKAGES)
        Placement(self.device).check()

    def fits(self, prompt: ScenePrompt) -> None:
        """Refuse words that the model has no label for; the folder's sizes are read, and not its weights.

        Raises:
            PromptError: classes or OOD words that are no labels, or an ensemble.
            ModelError: no such checkpoint, or a folder that is not Mask2Former's.
        """
        self._vocabulary(prompt)

    def _vocabulary(self, prompt: ScenePrompt) -> Vocabulary:
        if prompt.ensemble is not None:
            raise PromptError(
                "ensemble: expected none with backend mask2former, which has no CLIP to ask, got one; leave it out"
            )
        labels = pretrained.folder(self.checkpoint).labels("mask2former")
        return labelled(prompt.vocabulary(), labels, self.checkpoint)

    def build(self, prompt: ScenePrompt) -> Mask2Former:
        """The inspector of one kind of scene; the checkpoint is loaded now.

        Raises:
            ModelError: no such checkpoint or device, a folder that is not Mask2Former's, or missing packages.
            PromptError: classes or OOD words that the model has no label for, or an ensemble.
        """
        self.check()
        vocabulary = self._vocabulary(prompt)
        from saa.foundation import segmenter_mask2former

        sides = self.shortest_px, self.longest_px
        segmenter = segmenter_mask2former.load(
            self.checkpoint, Placement(self.device), *sides, arithmetic=self.arithmetic
        )
        return Mask2Former(prompt, self, segmenter, vocabulary)


def labelled(vocabulary: Vocabulary, labels: Sequence[str], checkpoint: str) -> Vocabulary:
    """The same names with the model's labels for concepts; words that are no label fall away.

    Args:
        vocabulary: of a scene.
        labels: of the model, in the order of its logits.
        checkpoint: its name, for messages.

    Raises:
        PromptError: none of the words of a class is a label, or an OOD word is none.
    """
    known = {_plain(label): place for place, label in enumerate(labels)}
    words = [_plain(concept) for concept in vocabulary.concepts]
    groups = tuple(
        tuple(dict.fromkeys(known[words[concept]] for concept in group if words[concept] in known))
        for group in vocabulary.groups
    )
    strange = [name for name, group in zip(vocabulary.names, groups, strict=True) if not group]
    if strange:
        raise PromptError(
            f"classes and ood: expected words that are labels of {checkpoint} ({', '.join(labels)}), got none for "
            f"{', '.join(strange)}; add such a word, leave them out, or use a backend that reads words"
        )
    return replace(vocabulary, concepts=tuple(labels), groups=groups)


def _plain(words: str) -> str:
    return " ".join(words.replace("_", " ").replace("-", " ").casefold().split())


@dataclass(frozen=True, eq=False)
class Mask2Former:
    """One scene's inspector; see `stages.Inspector`.

    Attributes:
        prompt: what is known of the scene.
        settings: see `Config`.
        segmenter: finds masks.
        vocabulary: the scene's classes by the model's labels.
    """

    prompt: ScenePrompt
    settings: Config
    segmenter: Segmenter
    vocabulary: Vocabulary

    def inspect(self, image: Image) -> Inspection:
        """The answer for an (H, W, 3) uint8 RGB image."""
        from saa.foundation import fcclip_maps

        seen = self.segmenter.see(Frame(image).image)
        quick = self.settings.laying == "quick"
        laid = partial(fcclip_maps.sums, seen.mask_logits, seen.sizes, squashed_first=quick)
        return scene_answers.inspection(
            self.prompt, self.vocabulary, Said(seen.label_logits, seen.void), laid
        )
