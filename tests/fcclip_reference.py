"""FC-CLIP from image to semantic map, written down on torch and open_clip alone, as its released code goes about it.

    model = fcclip_reference.model()
    answer = model.answer(image, texts, groups, seen)

Source: arXiv 2308.02487 and its released code; written anew from a description, and shares no code with `saa`.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
import tiny_clip
import torch
from fcclip_decoders import Head, pooled
from PIL import Image
from torch import nn
from torch.nn import functional

from saa.weights import added

NAME = "fcclip_convnext_large"
WIDTH, QUERIES = 32, 12
ALPHA, BETA = 0.4, 0.8
_MEAN, _STD = (122.7709383, 116.7460125, 104.09373615), (68.5005327, 66.6321579, 70.32316305)


class Backbone(nn.Module):
    def __init__(self, clip_model):
        super().__init__()
        self.clip_model = clip_model

    def forward(self, pixels):
        trunk = self.clip_model.visual.trunk
        x, found = trunk.stem(pixels), []
        for stage in trunk.stages:
            x = stage(x)
            found.append(x[0])
        return found

    def head(self, pooled_features):
        visual = self.clip_model.visual
        return visual.head(visual.trunk.head(pooled_features[:, :, None, None]))


class FCCLIP(nn.Module):
    def __init__(self, clip_model):
        super().__init__()
        self.backbone = Backbone(clip_model)
        self.sem_seg_head = Head(tiny_clip.CHANNELS, WIDTH, QUERIES, tiny_clip.EMBEDDED)
        self.void_embedding = nn.Embedding(1, tiny_clip.EMBEDDED)

    @torch.no_grad()
    def answer(self, image, texts, groups, seen, size):
        """What the model makes of an image resized to `size` (h, w).

        Args:
            image: (H, W, 3) uint8 RGB.
            texts: (N, D) of unit length, one class after the other.
            groups: how many texts each of K classes has.
            seen: (K,) bool, whether it was trained on a class.
            size: (h, w).
        """
        mean, std = torch.tensor(_MEAN), torch.tensor(_STD)
        picture = np.array(Image.fromarray(image).resize(size[::-1], Image.BILINEAR))
        pixels = ((torch.from_numpy(picture).float() - mean) / std).permute(2, 0, 1)
        tall, wide = ((side + 31) // 32 * 32 for side in size)
        padded = torch.zeros(1, 3, tall, wide)
        padded[0, :, : size[0], : size[1]] = pixels

        features = self.backbone(padded)
        fine, levels = self.sem_seg_head.pixel_decoder(features)
        masks, vectors = self.sem_seg_head.predictor(levels, fine)
        void = functional.normalize(self.void_embedding.weight, dim=-1)
        classifier = torch.cat([torch.as_tensor(texts), void])
        inside = _logits(vectors, classifier, groups, self.sem_seg_head.predictor.logit_scale)
        small = functional.interpolate(masks[None], features[3].shape[1:], mode="bilinear")[0]
        by_clip = self.backbone.head(pooled(features[3], small))
        outside = _logits(by_clip, classifier, groups, self.backbone.clip_model.logit_scale)

        classes = _ensemble(inside, outside, torch.as_tensor(seen)).softmax(-1)[:, :-1]
        large = functional.interpolate(masks[None], (tall, wide), mode="bilinear")[..., : size[0], : size[1]]
        large = functional.interpolate(large, image.shape[:2], mode="bilinear")[0].sigmoid()
        semantic = torch.einsum("qc,qhw->chw", classes, large)
        valid = (small > 0).flatten(1).any(1)
        return SimpleNamespace(
            masks=masks, inside=inside, outside=outside, classes=classes, semantic=semantic, large=large, valid=valid
        )  # fmt: skip


def _logits(vectors, classifier, groups, logit_scale):
    """(Q, K + 1): the best text of each class, and void."""
    scale = logit_scale.exp().clamp(max=100)
    each = scale * functional.normalize(vectors, dim=-1) @ classifier.T
    best = [part.max(-1).values for part in each[:, :-1].split(groups, dim=1)]
    return torch.stack([*best, each[:, -1]], dim=1)


def _ensemble(inside, outside, seen):
    """(Q, K + 1) logarithms of the mixed probabilities, and of void."""
    trained, clip = inside[:, :-1].softmax(-1), outside[:, :-1].softmax(-1)
    mixed_seen = (trained ** (1 - ALPHA) * clip**ALPHA).log()
    mixed_unseen = (trained ** (1 - BETA) * clip**BETA).log()
    mixed = torch.where(seen, mixed_seen, mixed_unseen)
    void = inside.softmax(-1)[:, -1:]
    return (torch.cat([mixed.softmax(-1) * (1 - void), void], dim=1) + 1e-8).log()


@cache
def model(seed=0):
    """A model in which no layer is silent, and masks cover parts of an image; the same one for equal seeds."""
    clip_model = tiny_clip.model()  # before the seed: it may be there already, or take numbers
    torch.manual_seed(seed + 1)
    made = FCCLIP(clip_model)
    predictor = made.sem_seg_head.predictor
    with torch.no_grad():
        for name, parameter in [
            *made.sem_seg_head.named_parameters(),
            *made.void_embedding.named_parameters(),
        ]:
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            elif "sampling_offsets" in name:
                parameter.normal_(std=0.3)
        made.sem_seg_head.pixel_decoder.mask_features.weight.mul_(3)
        predictor.mask_embed.layers[-1].weight.mul_(3)
        predictor.logit_scale.fill_(2.0)
    return made.eval().requires_grad_(requires_grad=False)


def published(with_clip=False):
    """The state of the model as its file has it: without CLIP, but with the weights of the loss."""
    state = {
        key: value for key, value in model().state_dict().items() if with_clip or "clip_model" not in key
    }
    return state | {"criterion.empty_weight": torch.ones(134)}


def record(folder, state=None):
    """Let files with the model and its CLIP stand for the published ones; the names of both."""
    folder.mkdir(exist_ok=True)
    torch.save({"model": published()} if state is None else state, folder / "fcclip.pth")
    added.add(NAME, folder / "fcclip.pth")
    return NAME, tiny_clip.record(folder)
