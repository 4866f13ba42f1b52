"""What GroundingDINO is given and what its two encoders make of it: images, captions, and captions side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image as Pictures
from torch import Tensor, nn

from saa.foundation.dino_attention import HEADS
from saa.types import Image

COARSEST_PX = 64
"""Side of a cell of the coarsest level."""
_STRIDES = (8, 16, 32, COARSEST_PX)
_MEAN = (0.485, 0.456, 0.406)
_SPREAD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """One image after the backbone, four levels from fine to coarse.

    Attributes:
        levels: four (1, 256, h, w) float tensors.
        padding: four (1, h, w) bool tensors, True beyond the image.
        places: four (1, 256, h, w) float tensors, codes of where each cell lies.
    """

    levels: tuple[Tensor, ...]
    padding: tuple[Tensor, ...]
    places: tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """One caption of T word pieces after BERT.

    Attributes:
        meanings: (T, 256) float32.
        positions: (T,) int64, of each piece in its phrase.
        attends: (T, T) bool, which pieces each piece takes notice of.
    """

    meanings: Tensor
    positions: Tensor
    attends: Tensor


def seen(image: Image, shortest_px: int, longest_px: int) -> Tensor:
    """An (H, W, 3) uint8 RGB image as the detector wants it: (3, h, w) float32, standardised by channel.

    Source: the preprocessing of GroundingDINO's released code.
    """
    height, width = fitted(image.shape[0], image.shape[1], shortest_px, longest_px)
    picture = Pictures.fromarray(image).resize((width, height), Pictures.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div(255)
    mean, spread = (torch.tensor(values)[:, None, None] for values in (_MEAN, _SPREAD))
    return (pixels - mean) / spread


def fitted(height: int, width: int, shortest_px: int, longest_px: int) -> tuple[int, int]:
    """The size (h, w) in pixels that an image is resized to.

    Its shorter side becomes `shortest_px`, or less if the longer one would become more than `longest_px`. Sides keep
    their ratio, unless the shorter one would vanish: then it is one pixel, and the other `longest_px`.
    """
    low, high = min(height, width), max(height, width)
    short = shortest_px
    if high / low * short > longest_px:
        short = round(longest_px * low / high)
    short, long = (short, int(short * high / low)) if short else (1, longest_px)
    return (short, long) if height <= width else (long, short)


def num_cells(height: int, width: int) -> int:
    """Cells of all levels together, for an image of that many pixels."""
    return sum(math.ceil(height / stride) * math.ceil(width / stride) for stride in _STRIDES)


def batch(texts: Sequence[TextFeatures]) -> dict[str, Tensor]:
    """Captions side by side under the library's names, the shorter ones padded; padding takes notice of itself."""
    lengths = torch.tensor([len(text.meanings) for text in texts], device=texts[0].meanings.device)
    steps = torch.arange(int(lengths.max()), device=lengths.device)
    attends = torch.eye(len(steps), dtype=torch.bool, device=lengths.device).repeat(len(texts), 1, 1)
    for row, text in zip(attends, texts, strict=True):
        row[: len(text.attends), : len(text.attends)] = text.attends
    return {
        "encoded_text": nn.utils.rnn.pad_sequence([text.meanings for text in texts], batch_first=True),
        "text_token_mask": steps < lengths[:, None],
        "position_ids": nn.utils.rnn.pad_sequence([text.positions for text in texts], batch_first=True),
        # The library repeats a batch of masks head by head where torch wants them caption by caption, and so gives
        # captions of a batch each other's masks. It leaves masks alone that have been repeated.
        "text_self_attention_masks": attends.repeat_interleave(HEADS // 2, dim=0),
    }
