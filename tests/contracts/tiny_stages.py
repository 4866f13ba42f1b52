"""Stages on published networks as the contracts see them: tiny, with random weights, without a file.

A stage whose settings name a checkpoint has a line in `TINY`; all others are built as they are.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import tiny_grounding_dino
import tiny_sam
import tiny_wide_resnet

from saa.describers.wide_resnet import WideResNetDescriber
from saa.foundation import sam_masks
from saa.foundation.devices import Placement
from saa.foundation.single import Single, SingleSettings
from saa.refiners.sam import SamRefiner
from saa.saliency.cross_instance import CrossInstance
from saa.saliency.self_similarity import SelfSimilarity


def build(config, prompt):
    """What `config.build(prompt)` makes."""
    if not hasattr(config, "checkpoint"):
        return config.build(prompt)
    return TINY[config.kind](config, prompt)


SINGLE = SingleSettings(size_px=128, num_neighbours=100)
"""The published share of places and of neighbours, at half the size."""


def _self_similarity(config, prompt):
    return SelfSimilarity(Single(tiny_wide_resnet.eye(128), SINGLE, config.halved))


def _cross_instance(config, prompt):
    eye = tiny_wide_resnet.eye(256)
    return CrossInstance(eye, Single(replace(eye, size_px=128), SINGLE, config.halved), 2, config)


def _wide_resnet(config, prompt):
    return WideResNetDescriber(tiny_wide_resnet.eye(256, keeps_aspect=True), config.num_features)


def _sam(config, prompt):
    model, placement = tiny_sam.sam(), Placement()
    return SamRefiner(
        sam_masks.Encoder(model, placement), sam_masks.Decoder(model, placement), config.mask_threshold, 4
    )


def _grounding_dino(config, prompt):
    small = config.model_copy(update={"shortest_px": 64, "longest_px": 107})
    with TemporaryDirectory() as folder:
        vocabulary = tiny_grounding_dino.vocabulary(Path(folder))
    return small.with_detector(tiny_grounding_dino.detector(), vocabulary, prompt)


TINY = {
    "grounding_dino": _grounding_dino,
    "sam": _sam,
    "self_similarity": _self_similarity,
    "cross_instance": _cross_instance,
    "wide_resnet": _wide_resnet,
}
