"""GroundingDINO as the region generator: boxes that answer captions, each caption in a pass of its own.

An image passes the backbone once, however often it is asked about; a caption passes BERT once in the life of a
generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from saa.foundation import captions as asking
from saa.foundation.captions import Named, Question, Rules, ScoredOn
from saa.foundation.devices import Arithmetic, Device, Placement, Precision, installed
from saa.prompts import ProductPrompt
from saa.types import Boxes, Caption, Frame, Proposals

if TYPE_CHECKING:
    from torch import Tensor

    from saa.foundation.dino_features import ImageFeatures, TextFeatures
    from saa.foundation.grounding_dino import Detector, ImageEncoder
    from saa.foundation.pieces import Vocabulary

_CAPTIONS_KEPT = 256


class Config(BaseModel):
    """Settings of GroundingDINO."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["grounding_dino"] = "grounding_dino"
    checkpoint: str = Field(
        "groundingdino_swint",
        description="weights by their name in `saa models list`: groundingdino_swint (Swin-T OGC, as in the paper "
        "and the released code) or groundingdino_swinb",
    )
    device: Device = Field("cpu", description="where the network runs")
    precision: Precision = Field("fp32", description="bf16 is quicker and less exact")
    shortest_px: int = Field(
        800,
        ge=32,
        le=2048,
        description="the image's shorter side as the network sees it; GroundingDINO's own",
    )
    longest_px: int = Field(
        1333, ge=32, le=4096, description="the longer side is no longer than this; GroundingDINO's own"
    )
    box_threshold: float = Field(
        0.1, ge=0, le=1, description="boxes need a higher score. Default: the code released with SAA+"
    )
    text_threshold: float = Field(
        0.1,
        ge=0,
        le=1,
        description="words need a higher score to be named in a box's phrase. Default: the code released with SAA+",
    )
    scored_on: ScoredOn = Field(
        "phrase",
        description="what a box's score is the best of: the words of a phrase; or all word pieces, dots and the "
        "text's end marks included, as in the released code, where a box may owe its score to a dot",
    )
    named: Named = Field(
        "words",
        description="a box's phrase: the words of its best phrase that the box answers, so that reject phrases "
        "can work on words; that phrase, whole; or the word pieces that it answers, as in the released code",
    )
    object_underscores: bool = Field(
        default=False,
        description="read the object's name with underscores for spaces, as the released code needs it",
    )
    object_comma: bool = Field(
        default=False,
        description="read the object's name with a comma behind it, as the released code does by oversight",
    )
    most_boxes: int = Field(
        100,
        ge=1,
        le=900,
        description="boxes that a caption may have, the best-scored; trained weights seldom let so many pass. 900 "
        "keeps all there are (paper and released code)",
    )
    nms_iou: float = Field(
        0.8,
        gt=0,
        le=1,
        description="of boxes that overlap by more, only the best-scored stays: they give the same mask, and would "
        "fill the top K with one region. 1 keeps all (paper and released code)",
    )
    outside: Literal["clip", "keep"] = Field(
        "clip",
        description="what becomes of a box's part outside the image: cut off, or kept as in the released code, "
        "which counts it as the box's area and shows it to SAM",
    )
    arithmetic: Arithmetic = Field(
        "fast",
        description="exact: what the library's own forward pass gives, to the last bit; fast: equal but for "
        "rounding, in less than half of its time",
    )
    captions_at_once: int = Field(
        1,
        ge=1,
        le=64,
        description="captions in one batch, equal but for rounding: no faster on a CPU; more may keep a GPU busy, "
        "at half a gigabyte each",
    )

    def check(self) -> None:
        """Refuse packages and devices that are not there; see `recipes.Checked`."""
        installed("torch", "torchvision", "timm", "transformers", "groundingdino")
        Placement(self.device, self.precision).check()

    def build(self, prompt: ProductPrompt) -> GroundingDinoGenerator:
        """The generator for one product; the checkpoint is loaded now.

        Raises:
            ModelError: no such checkpoint, vocabulary or device, a file that is not GroundingDINO's, or packages
                that are not installed.
        """
        self.check()
        from saa.foundation import grounding_dino

        placement = Placement(self.device, self.precision)
        detector = grounding_dino.load(self.checkpoint, placement, self.arithmetic)
        return self.with_detector(detector, grounding_dino.words(detector), prompt)

    def with_detector(
        self, detector: Detector, vocabulary: Vocabulary, prompt: ProductPrompt
    ) -> GroundingDinoGenerator:
        """The generator on a network that is there already, placed as the settings say."""
        from saa.foundation.grounding_dino import ImageEncoder

        placement = Placement(self.device, self.precision)
        encoder = ImageEncoder(detector, placement, self.shortest_px, self.longest_px)
        return GroundingDinoGenerator(
            encoder, Reader(detector, vocabulary, placement), prompt.object.phrase, self
        )


class Reader:
    """Reads captions, each once.

    Args:
        detector: the network whose text encoder reads.
        vocabulary: its word pieces.
        placement: where the network is; text is read in single precision.
    """

    def __init__(self, detector: Detector, vocabulary: Vocabulary, placement: Placement) -> None:
        self._detector, self.vocabulary = detector, vocabulary
        self._placement = Placement(placement.device)
        self.asked = lru_cache(maxsize=_CAPTIONS_KEPT)(self._asked)

    def _asked(self, caption: Caption, *, comma: bool) -> tuple[Question, TextFeatures]:
        question = asking.asked(caption, self.vocabulary, comma=comma)
        with self._placement.running():
            return question, self._detector.read(question.pieces, self.vocabulary)


@dataclass(frozen=True)
class GroundingDinoGenerator:
    """Boxes of every caption, in the captions' order and then in the detector's own.

    Attributes:
        encoder: makes features of an image.
        reader: makes features of captions.
        object_phrase: what is looked for when its name is the whole caption.
        settings: thresholds and rules.
    """

    encoder: ImageEncoder
    reader: Reader
    object_phrase: str
    settings: Config

    def propose(self, frame: Frame, captions: Sequence[Caption]) -> Proposals:
        """Boxes that answer captions; see `stages.Generator`. Without words the image is not encoded."""
        worded = [caption for caption in captions if asking.written(caption)]
        found = Proposals.none()
        for first in range(0, len(worded), self.settings.captions_at_once):
            some = worded[first : first + self.settings.captions_at_once]
            found = found + self._found(frame, some)
        return self._distinct(found)

    def _found(self, frame: Frame, captions: Sequence[Caption]) -> Proposals:
        image = frame.encoded(self.encoder)
        known = [self.reader.asked(self._spelled(each), comma=self._comma(each)) for each in captions]
        answers, boxes = self._detected(image, [features for _, features in known])
        found = Proposals.none()
        for i, (caption, (question, _)) in enumerate(zip(captions, known, strict=True)):
            rows, scores, phrases = asking.answered(
                question, answers[i], self._rules(caption), self.reader.vocabulary
            )
            told = Proposals(_corners(boxes[i][rows], frame.size), scores, phrases)
            found = found + told[_best(scores, self.settings.most_boxes)]
        return self._inside(found, frame.size)

    def _detected(
        self, image: ImageFeatures, texts: Sequence[TextFeatures]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with self.encoder.placement.running():
            answers, boxes = self.encoder.detector(image, texts)
        return _array(answers), _array(boxes)

    def _spelled(self, caption: Caption) -> Caption:
        if self.settings.object_underscores and self._names_object(caption):
            return (self.object_phrase.replace(" ", "_"),)
        return caption

    def _comma(self, caption: Caption) -> bool:
        return self.settings.object_comma and self._names_object(caption)

    def _rules(self, caption: Caption) -> Rules:
        """The settings' rules, but an object keeps its whole name: nothing is rejected by it."""
        named = self.settings.named
        if named == "words" and self._names_object(caption):
            named = "phrase"
        return Rules(
            self.settings.box_threshold, self.settings.text_threshold, self.settings.scored_on, named
        )

    def _names_object(self, caption: Caption) -> bool:
        return caption == (self.object_phrase,)

    def _inside(self, found: Proposals, size: tuple[int, int]) -> Proposals:
        if self.settings.outside == "keep":
            return found
        limits = np.array([size[1], size[0]] * 2, np.float32)
        cut = Proposals(np.clip(found.boxes, 0, limits), found.scores, found.phrases)
        return cut[np.flatnonzero((cut.boxes[:, 2:] > cut.boxes[:, :2]).all(axis=1))]

    def _distinct(self, found: Proposals) -> Proposals:
        if self.settings.nms_iou == 1 or not len(found):
            return found
        import torch
        from torchvision.ops import nms

        kept: Tensor = nms(
            torch.from_numpy(found.boxes), torch.from_numpy(found.scores), self.settings.nms_iou
        )
        return found[np.sort(kept.numpy())]


def _best(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Which are the `count` best, in their own order; of ties the first."""
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.cpu().numpy(), np.float32)


def _corners(boxes: NDArray[np.float32], size: tuple[int, int]) -> Boxes:
    """Boxes in pixels of an image of `size` (h, w), from (N, 4) middles and sides as shares of it."""
    scaled = boxes * np.array([size[1], size[0]] * 2, np.float32)
    low = scaled[:, :2] - scaled[:, 2:] / 2
    return np.concatenate([low, low + scaled[:, 2:]], axis=1)
