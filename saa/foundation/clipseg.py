"""CLIPSeg as transformers publishes it: how well a text fits each place of an image.

The image is seen once; each concept is then a pass of the small decoder alone.

Source: CLIPSeg, arXiv 2112.10003, and transformers' CLIPSegForImageSegmentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from saa.foundation import clip, clip_texts, linear, pretrained
from saa.foundation.devices import Arithmetic, Placement
from saa.foundation.pretrained import Folder, Look
from saa.types import Image

_KEPT = 1
_TYPE = "clipseg"
_TEXTS_AT_ONCE = 128
_CONCEPTS_AT_ONCE = 16
"""Passes of the decoder in one: 20 MB each at 352 pixels."""


@dataclass(frozen=True)
class Segmenter:
    """A way to look at images for words.

    Attributes:
        network: transformers' CLIPSegForImageSegmentation, placed where `placement` says.
        look: how images are prepared.
        placement: where it runs.
        identity: sha256 of what the network is made of.
        side_px: both sides of the image as the network sees it, a multiple of its patches.
    """

    network: Any
    look: Look
    placement: Placement
    identity: str
    side_px: int

    def read(self, concepts: Sequence[str], templates: Sequence[str]) -> NDArray[np.float32]:
        """(C, D) float32: what the decoder is asked for each of C concepts; kept on disk, see `clip_texts`.

        The mean over the sentences that a concept is read in, not brought to unit length: a single sentence is what
        the network itself makes of it.

        Args:
            concepts: words, at least one.
            templates: sentences with `{}` for the concept, at least one.
        """

        def unknown(some: list[str]) -> NDArray[np.float32]:
            return self._read(some, templates)

        return clip_texts.remembered(concepts, templates, self.identity, unknown, unit=False)

    def _read(self, concepts: Sequence[str], templates: Sequence[str]) -> NDArray[np.float32]:
        ids = clip.tokens([template.format(concept) for concept in concepts for template in templates])
        parts, device = self.network.clip, self.placement.device
        with self.placement.running():
            meant = [
                parts.text_projection(parts.text_model(input_ids=some.to(device)).pooler_output)
                for some in torch.split(ids, _TEXTS_AT_ONCE)
            ]
            means = torch.cat(meant).float().view(len(concepts), len(templates), -1).mean(dim=1)
            return np.asarray(means.cpu().numpy(), np.float32)

    def see(self, image: Image, texts: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, h, w) float32 logits: how well each of C texts fits each place of an (H, W, 3) uint8 RGB image.

        Args:
            image: of any size.
            texts: see `read`.
        """
        pixels = self.look.pixels(image, (self.side_px, self.side_px))
        with self.placement.running():
            seen = self.network.clip.vision_model(
                pixel_values=pixels[None].to(self.placement.device),
                output_hidden_states=True,
                interpolate_pos_encoding=True,
            ).hidden_states
            levels = [seen[layer + 1] for layer in self.network.extract_layers]
            asked = torch.from_numpy(texts).to(self.placement.device)
            found = [self._answers(levels, some) for some in torch.split(asked, _CONCEPTS_AT_ONCE)]
        return np.concatenate(found)

    def _answers(self, levels: list[Tensor], texts: Tensor) -> NDArray[np.float32]:
        logits: Tensor = self.network.decoder(
            [level.expand(len(texts), -1, -1) for level in levels], texts
        ).logits
        return np.asarray(logits.view(len(texts), *logits.shape[-2:]).float().cpu().numpy(), np.float32)


def enlarged(maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """(K, H, W) float32 of K maps (h, w), bilinearly; `size` is (H, W). One map at a time is worked on."""
    found = np.empty((len(maps), *size), np.float32)
    for to, of in zip(found, maps, strict=True):
        small = torch.from_numpy(np.ascontiguousarray(of))[None, None]
        to[:] = functional.interpolate(small, size, mode="bilinear", align_corners=False)[0, 0].numpy()
    return found


def load(
    checkpoint: str, placement: Placement, side_px: int, *, arithmetic: Arithmetic = "fast"
) -> Segmenter:
    """A checkpoint's network, where it is to run; the same one as long as the folder stays as it is.

    Raises:
        ModelError: no such checkpoint or device, or the folder is not one of CLIPSeg.
    """
    placement.check()
    found = pretrained.folder(checkpoint)
    network = _loaded(found, placement, arithmetic)
    return Segmenter(network, found.look(), placement, found.identity, side_px)


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Folder, placement: Placement, arithmetic: Arithmetic) -> Any:  # noqa: ANN401 - the library's types are not read
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    values = folder.values(_TYPE)
    config = pretrained.configured(CLIPSegConfig, values, folder.checkpoint, "CLIPSeg")
    network = placement.place(pretrained.model(CLIPSegForImageSegmentation, config, folder.checkpoint))
    return linear.quickened(network) if arithmetic == "fast" else network
