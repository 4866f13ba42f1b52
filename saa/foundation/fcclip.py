"""FC-CLIP: masks of an image, and what each means, in terms that words are compared with.

CLIP's frozen image tower sees the image once; Mask2Former's decoders find masks in what it saw; a head that was
trained on them, and CLIP itself, say what lies in each mask.

Source: FC-CLIP, arXiv 2308.02487, and its released code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from saa import weights
from saa.errors import ModelError
from saa.foundation import clip, fcclip_keys, linear, mask2former, mask2former_fast
from saa.foundation.devices import Placement
from saa.foundation.fcclip_maps import Sizes
from saa.types import Image

if TYPE_CHECKING:
    from saa.foundation.clip import ImageTower
    from saa.foundation.devices import Arithmetic

_KEPT = 1
"""Networks kept in memory: a process that inspects many products reads the checkpoints once."""
_MOST_SCALE = 100.0


@dataclass(frozen=True, eq=False)
class Seen:
    """Q masks of an image and what each means; see `class_logits`.

    Attributes:
        mask_logits: (Q, h, w) float32 at stride 4 of the padded image, on the device; above 0 is inside.
        sizes: of the image, as it was resized, and as it was padded.
        in_vectors: (Q, D) float32 at unit length, by the head that was trained on masks.
        out_vectors: (Q, D) float32 at unit length, by CLIP itself; of no meaning where a mask is not valid.
        valid: (Q,) bool, whether a mask has a cell at stride 32, without which CLIP has nothing to look at. The
            released code believes it all the same, but with ResNets (its ENSEMBLE_ON_VALID_MASK).
        void: (D,) float32 at unit length, what the trained head says of a mask that is of nothing.
        in_scale, out_scale: what cosines of these vectors with texts are multiplied by.
    """

    mask_logits: Tensor
    sizes: Sizes
    in_vectors: NDArray[np.float32]
    out_vectors: NDArray[np.float32]
    valid: NDArray[np.bool_]
    void: NDArray[np.float32]
    in_scale: float
    out_scale: float


class Network(nn.Module):
    """The decoders and the trained head, their weights not yet set.

    Args:
        sizes: of the decoders.
        embedded: D, features that image and text share.
    """

    def __init__(self, sizes: mask2former.Sizes, embedded: int) -> None:
        super().__init__()
        self.pixel_decoder = mask2former.pixel_decoder(sizes)
        self.transformer = mask2former.transformer(sizes)
        self.pooling = nn.Sequential(nn.LayerNorm(sizes.mask_width), nn.Linear(sizes.mask_width, sizes.width))
        self.class_embed = nn.ModuleList(
            nn.Linear(sizes.width, to) for to in (sizes.width, sizes.width, embedded)
        )
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.void_embedding = nn.Embedding(1, embedded)

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Masks and their meaning, from the backbone's four (1, C, h, w) float32 maps.

        Returns:
            (Q, h, w) logits at stride 4; (Q, D) vectors, not of unit length.
        """
        levels, fine = mask2former.places(self.pixel_decoder, features)
        queries, mask_logits = mask2former.queries(self.transformer, levels, fine)
        found = self.pooling(pooled(fine[0], mask_logits)) + queries
        for layer in self.class_embed[:-1]:
            found = functional.relu(layer(found))
        return mask_logits, self.class_embed[-1](found)


@dataclass(frozen=True)
class Segmenter:
    """A way to look at images; `frame.encoded(segmenter.see)` is what it sees of a frame, worked out once.

    On ConvNeXt-L, an image of 1024 × 2048 pixels and its maps of 19 classes took 36 s of one core and 2.9 GB at the
    peak, the libraries' modules one after the other 81 s and 7.7 GB (an EPYC, random weights, November 2026).

    Attributes:
        network: placed where `placement` says.
        tower: likewise.
        placement: where both run; only the tower's trunk in bf16 if that is asked for, as the decoders need more.
        shortest_px, longest_px: the image's sides as the network sees them. Default: FC-CLIP's on street scenes.
    """

    network: Network
    tower: ImageTower
    placement: Placement
    shortest_px: int = 1024
    longest_px: int = 2560

    def see(self, image: Image) -> Seen:
        """What the network finds in an (H, W, 3) uint8 RGB image."""
        pixels, scaled = clip.seen(image, self.shortest_px, self.longest_px)
        with self.placement.running():
            features = self.tower.features(pixels[None].to(self.placement.device))
        with Placement(self.placement.device).running():
            mask_logits, vectors = self.network(features)
            out_vectors, valid = self._by_clip(features[-1], mask_logits)
            return Seen(
                mask_logits,
                Sizes((image.shape[0], image.shape[1]), scaled, (pixels.shape[1], pixels.shape[2])),
                _array(functional.normalize(vectors, dim=-1)),
                _array(out_vectors),
                np.asarray(valid.cpu().numpy(), np.bool_),
                _array(functional.normalize(self.network.void_embedding.weight[0], dim=-1)),
                _scale(self.network.logit_scale),
                _scale(self.tower.logit_scale),
            )

    def _by_clip(self, coarse: Tensor, mask_logits: Tensor) -> tuple[Tensor, Tensor]:
        """(Q, D) at unit length and (Q,) bool: what CLIP makes of each mask, and whether it saw any of it."""
        small = functional.interpolate(
            mask_logits[None], coarse.shape[2:], mode="bilinear", align_corners=False
        )
        valid = (small[0] > 0).flatten(1).any(dim=1)
        unit = functional.normalize(self.tower.embedded(pooled(coarse[0], small[0])), dim=-1)
        return unit, valid


def pooled(features: Tensor, mask_logits: Tensor) -> Tensor:
    """(Q, C) means of (C, h, w) features inside (Q, h, w) masks, where logits are above 0; 0 for empty masks."""
    masks = (mask_logits > 0).to(features.dtype).flatten(1)
    return (masks @ features.flatten(1).T) / (masks.sum(dim=1, keepdim=True) + 1e-8)


def class_logits(
    vectors: NDArray[np.float32], texts: NDArray[np.float32], scale: float
) -> NDArray[np.float32]:
    """(Q, N) float32: how well each text describes each mask.

    Args:
        vectors: (Q, D) at unit length, see `Seen`.
        texts: (N, D) at unit length; `Seen.void` may be one.
        scale: see `Seen`.
    """
    return np.asarray(np.float32(scale) * (vectors @ texts.T), np.float32)


def load(
    checkpoint: str, clip_checkpoint: str, placement: Placement, arithmetic: Arithmetic = "fast"
) -> tuple[Network, ImageTower]:
    """The decoders and the tower they were trained on, where they are to run; the same ones as long as all stays.

    Raises:
        ModelError: no such checkpoint or device, a file is not one of FC-CLIP or of CLIP, or they do not belong
            together.
    """
    placement.check()
    files = tuple(
        (name, weights.path(name), weights.checksum(name)) for name in (checkpoint, clip_checkpoint)
    )
    return _loaded(files, placement, arithmetic)


@lru_cache(maxsize=_KEPT)
def _loaded(
    files: tuple[tuple[str, Path, str], ...], placement: Placement, arithmetic: Arithmetic
) -> tuple[Network, ImageTower]:
    (checkpoint, *_), (clip_checkpoint, *_) = files
    network, sizes = _network(checkpoint)
    tower = clip.image_tower(clip_checkpoint, placement, arithmetic)
    embedded = network.void_embedding.embedding_dim
    if (sizes.channels, embedded) != (tower.sizes.channels, tower.sizes.embedded):
        raise ModelError(
            f"{clip_checkpoint}: expected the CLIP that {checkpoint} was trained on, with {sizes.channels} "
            f"features and {embedded} of texts, got {tower.sizes.channels} and {tower.sizes.embedded}; "
            "give both checkpoints of a pair"
        )
    if arithmetic == "fast":
        mask2former_fast.quickened(network.pixel_decoder, network.transformer)
        linear.quickened(network)
    return placement.place(network), tower


def _network(checkpoint: str) -> tuple[Network, mask2former.Sizes]:
    state = fcclip_keys.renamed(weights.load(checkpoint))
    try:
        sizes = fcclip_keys.sizes(state)
        embedded = state["void_embedding.weight"].shape[1]
    except (LookupError, ValueError) as error:
        raise ModelError(
            f"{checkpoint}: expected the weights of FC-CLIP, got others ({error}); "
            "give the backend the checkpoint that belongs to it"
        ) from error
    with torch.device("meta"):
        empty = Network(sizes, embedded)
    network = empty.to_empty(device="cpu")
    weights.load_strict(network, state, checkpoint)
    return network, sizes


def _scale(logarithm: Tensor) -> float:
    return min(float(logarithm.exp()), _MOST_SCALE)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.asarray(tensor.cpu().numpy(), np.float32)
