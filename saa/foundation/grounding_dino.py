"""GroundingDINO: boxes and, for each, how well every word piece of a caption describes it.

An image passes the backbone once and a caption passes BERT once, whatever they are combined with. With exact
arithmetic, one image and one caption give what the library's own forward pass gives, to the last bit. Fast
arithmetic, and captions that share a batch, give the same but for rounding. Of the encoder's cells the 900 best
become queries, in the order of their scores: where two are as good as equal, rounding may swap them, and then all
boxes and scores shift a little, those two more. A GPU does as much to the library's own answers.

Source: GroundingDINO, arXiv 2303.05499.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saa import weights
from saa.errors import ModelError
from saa.foundation import dino_layers, linear
from saa.foundation.bert import TextEncoder
from saa.foundation.captions import SEPARATORS
from saa.foundation.devices import Placement
from saa.foundation.dino_attention import WIDTH
from saa.foundation.dino_features import COARSEST_PX, ImageFeatures, TextFeatures, batch, num_cells, seen
from saa.foundation.dino_layers import MAX_PIECES, Arithmetic
from saa.foundation.dino_sizes import Architecture
from saa.foundation.pieces import Pieces, Vocabulary
from saa.types import Image

VOCABULARY = "bert_base_uncased"
"""The name in `saa models list` of the words that all published checkpoints read."""
_KEPT = 1
"""Networks kept in memory: a process that inspects one product after the other reads the checkpoint once."""


class Detector(nn.Module):
    """GroundingDINO with the parameter names of its published checkpoints, and random weights.

    Args:
        architecture: its sizes.
        arithmetic: see `dino_layers.transformer`.
    """

    def __init__(self, architecture: Architecture, arithmetic: Arithmetic = "fast") -> None:
        super().__init__()
        self.architecture = architecture
        with dino_layers.quiet():
            parts = dino_layers.library()
            self.backbone: Any = dino_layers.backbone(
                parts,
                channels=architecture.channels,
                depths=architecture.depths,
                heads=architecture.heads,
                window=architecture.window,
            )
            self.transformer = dino_layers.transformer(
                parts,
                arithmetic,
                queries=architecture.queries,
                encoder_layers=architecture.encoder_layers,
                decoder_layers=architecture.decoder_layers,
                feedforward=architecture.feedforward,
            )
        self.bert = TextEncoder(architecture.text)
        self.feat_map = nn.Linear(architecture.text.width, WIDTH)
        self.input_proj = _projections([architecture.channels * 2**stage for stage in (1, 2, 3)])
        box = parts.MLP(WIDTH, WIDTH, 4, 3)
        layers = range(architecture.decoder_layers)
        # One box head serves all layers of the decoder; checkpoints name it once for each, and twice over.
        self.bbox_embed = self.transformer.decoder.bbox_embed = nn.ModuleList([box for _ in layers])
        self.class_embed = nn.ModuleList([parts.ContrastiveEmbed(MAX_PIECES) for _ in layers])
        self.transformer.decoder.class_embed = self.class_embed
        self.transformer.enc_out_bbox_embed = copy.deepcopy(box)
        self.transformer.enc_out_class_embed = self.class_embed[0]
        self._parts = parts
        if arithmetic == "fast":
            linear.quickened(self)
        self.eval().requires_grad_(requires_grad=False)

    def see(self, pixels: Tensor) -> ImageFeatures:
        """An image after the backbone.

        Args:
            pixels: (3, h, w) float32, as `seen` makes them, where the model is.
        """
        samples = self._padded(pixels)
        found, places = self.backbone(samples)
        levels = [project(each.tensors) for project, each in zip(self.input_proj, found, strict=False)]
        levels.append(self.input_proj[-1](found[-1].tensors))
        size = levels[-1].shape[-2:]
        coarse = nn.functional.interpolate(samples.mask[None].float(), size)[0].bool()
        last = self.backbone[1](self._parts.NestedTensor(levels[-1], coarse)).to(levels[-1].dtype)
        return ImageFeatures(tuple(levels), (*(each.mask for each in found), coarse), (*places, last))

    def read(self, pieces: Pieces, vocabulary: Vocabulary) -> TextFeatures:
        """A caption after BERT, its phrases apart; what is over 256 pieces is cut off."""
        ids = torch.tensor([pieces.ids], device=self.feat_map.weight.device)
        separators = list(vocabulary.ids(SEPARATORS))
        attends, positions = self._parts.phrase_masks({"input_ids": ids}, separators, vocabulary)
        attends, positions = attends[:, :MAX_PIECES, :MAX_PIECES], positions[:, :MAX_PIECES]
        meanings = self.feat_map(self.bert(ids[:, :MAX_PIECES], positions, attends))
        return TextFeatures(meanings[0], positions[0], attends[0])

    def forward(self, image: ImageFeatures, texts: Sequence[TextFeatures]) -> tuple[Tensor, Tensor]:
        """What C captions find in an image, in one batch.

        Returns:
            (C, Q, 256) float32, how well each word piece describes each box, in [0, 1], 0 past a caption's end;
            (C, Q, 4) float32 boxes: x and y of the middle, width, height, all as shares of the image.
        """
        text = batch(texts)
        levels, padding, places = (
            [each.expand(len(texts), *each.shape[1:]) for each in part]
            for part in (image.levels, image.padding, image.places)
        )
        found, references, *_ = self.transformer(levels, padding, None, places, None, None, text)
        answers = self.class_embed[-1](found[-1], text).float().sigmoid()
        moved = self.bbox_embed[-1](found[-1]) + self._parts.inverse_sigmoid(references[-2])
        return answers, moved.float().sigmoid()

    def _padded(self, pixels: Tensor) -> Any:  # noqa: ANN401 - the library has no types
        """An image as a batch; where there are fewer cells than queries, it is padded until there are enough."""
        height, width = pixels.shape[1:]
        tall, wide = height, width
        while num_cells(tall, wide) < self.architecture.queries:
            tall, wide = (tall + COARSEST_PX, wide) if tall <= wide else (tall, wide + COARSEST_PX)
        padding = torch.ones((1, tall, wide), dtype=torch.bool, device=pixels.device)
        padding[:, :height, :width] = False
        grown = nn.functional.pad(pixels, (0, wide - width, 0, tall - height))
        return self._parts.NestedTensor(grown[None], padding)


@dataclass(frozen=True)
class ImageEncoder:
    """A way to look at images; `frame.encoded(encoder)` is what the backbone makes of a frame, worked out once.

    Attributes:
        detector: placed where `placement` says.
        placement: where it runs.
        shortest_px, longest_px: see `seen`.
    """

    detector: Detector
    placement: Placement
    shortest_px: int
    longest_px: int

    def __call__(self, image: Image) -> ImageFeatures:
        """The features of an (H, W, 3) uint8 RGB image."""
        pixels = seen(image, self.shortest_px, self.longest_px)
        with self.placement.running():
            return self.detector.see(pixels.to(self.placement.device))


def load(checkpoint: str, placement: Placement, arithmetic: Arithmetic = "fast") -> Detector:
    """The network with the weights of a checkpoint, where it is to run; the same one as long as all stays the same.

    Raises:
        ModelError: no such checkpoint or device, or the file is not one of GroundingDINO.
    """
    placement.check()
    return _loaded(checkpoint, weights.path(checkpoint), weights.checksum(checkpoint), placement, arithmetic)


@lru_cache(maxsize=_KEPT)
def _loaded(
    checkpoint: str,
    path: Path,  # noqa: ARG001 - a key
    sha256: str,  # noqa: ARG001 - a key
    placement: Placement,
    arithmetic: Arithmetic,
) -> Detector:
    state = weights.load(checkpoint)
    try:
        architecture = Architecture.of(state)
    except (LookupError, ValueError) as error:
        raise ModelError(
            f"{checkpoint}: expected the weights of GroundingDINO, got others ({error}); "
            "give the stage the checkpoint that belongs to it"
        ) from error
    detector = Detector(architecture, arithmetic)
    weights.load_strict(detector, state, checkpoint)
    return placement.place(detector)


def words(detector: Detector) -> Vocabulary:
    """The vocabulary that a detector reads.

    Raises:
        ModelError: it is not there, or it is not the detector's.
    """
    vocabulary = Vocabulary.read(weights.path(VOCABULARY))
    wanted = detector.architecture.text.vocabulary
    if len(vocabulary) != wanted:
        raise ModelError(
            f"{VOCABULARY}: expected the {wanted:,} word pieces of the checkpoint, got {len(vocabulary):,}; "
            "give the vocabulary that the checkpoint was trained with"
        )
    return vocabulary


def _projections(channels: Sequence[int]) -> nn.ModuleList:
    """From the backbone's channels to ours; the last makes one more, coarser level of the coarsest."""
    fine = [nn.Conv2d(count, WIDTH, 1) for count in channels]
    coarse = nn.Conv2d(channels[-1], WIDTH, 3, stride=2, padding=1)
    return nn.ModuleList(nn.Sequential(conv, nn.GroupNorm(32, WIDTH)) for conv in (*fine, coarse))
