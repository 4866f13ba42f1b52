"""Stages on published networks as the contracts see them: tiny, with random weights, without a file.

A stage whose settings name a checkpoint has a line in `TINY`; all others are built as they are.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

# What needs torch is imported by the stage that is asked for, as it is in the package.


def build(config, prompt):
    """What `config.build(prompt)` makes."""
    if not hasattr(config, "checkpoint"):
        return config.build(prompt)
    return TINY[config.kind](config, prompt)


def _single(halved):
    """The published shares of places and of neighbours, at half the size."""
    import tiny_wide_resnet

    from saa.foundation.single import Single, SingleSettings

    settings = SingleSettings(size_px=128, num_neighbours=100)
    return Single(tiny_wide_resnet.eye(settings.size_px), settings, halved)


def _self_similarity(config, prompt):
    from saa.saliency.self_similarity import SelfSimilarity

    return SelfSimilarity(_single(config.halved))


def _cross_instance(config, prompt):
    from saa.saliency.cross_instance import CrossInstance

    single = _single(config.halved)
    return CrossInstance(replace(single.eye, size_px=256), single, 2, config)


def _wide_resnet(config, prompt):
    import tiny_wide_resnet

    from saa.describers.wide_resnet import WideResNetDescriber

    return WideResNetDescriber(tiny_wide_resnet.eye(256, keeps_aspect=True), config.num_features)


def _sam(config, prompt):
    import tiny_sam

    from saa.foundation import sam_masks
    from saa.foundation.devices import Placement
    from saa.refiners.sam import SamRefiner

    model, placement = tiny_sam.sam(), Placement()
    return SamRefiner(
        sam_masks.Encoder(model, placement), sam_masks.Decoder(model, placement), config.mask_threshold, 4
    )


def _grounding_dino(config, prompt):
    import tiny_grounding_dino

    small = config.model_copy(update={"shortest_px": 64, "longest_px": 107})
    with TemporaryDirectory() as folder:
        vocabulary = tiny_grounding_dino.vocabulary(Path(folder))
    return small.with_detector(tiny_grounding_dino.detector(), vocabulary, prompt)


def _clipseg(config, prompt):
    import tiny_transformers

    from saa.foundation.clipseg import Segmenter
    from saa.foundation.devices import Placement
    from saa.foundation.pretrained import Look
    from saa.grounders.clipseg import ClipSegGrounder

    segmenter = Segmenter(tiny_transformers.clipseg(), Look(), Placement(), "0" * 64, 64)
    return ClipSegGrounder(segmenter, config.templates)


def _winclip(config, prompt):
    import numpy as np
    import tiny_vit_clip

    from saa.foundation.clip_vit import Sizes, Viewer
    from saa.foundation.devices import Placement
    from saa.grounders.winclip import WinClipGrounder

    network = tiny_vit_clip.model().visual
    sizes = Sizes.of(network.state_dict())
    meant = np.random.default_rng(0).normal(size=(2, sizes.embedded)).astype(np.float32)
    unit = meant / np.linalg.norm(meant, axis=1, keepdims=True)
    return WinClipGrounder(Viewer(network, sizes, Placement(), config.scales), unit, config.temperature)


TINY = {
    "grounding_dino": _grounding_dino,
    "sam": _sam,
    "self_similarity": _self_similarity,
    "cross_instance": _cross_instance,
    "wide_resnet": _wide_resnet,
    "clipseg": _clipseg,
    "winclip": _winclip,
}
