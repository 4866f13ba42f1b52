"""One image and its boxes through Segment Anything, against segment_anything's predictor asked box by box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._drawn import picture
from benchmarks._measuring import Result, check_same, in_turns, times_as_fast, torch_threads
from saa.foundation.devices import Placement
from saa.refiners.sam import SamRefiner
from saa.types import Boxes, Frame, Proposals

if TYPE_CHECKING:
    from segment_anything import SamPredictor
    from segment_anything.modeling import Sam

SUMMARY = "the refiner sam against segment_anything's SamPredictor, box by box; random weights, two threads"
TOLERANCE = 1e-5
"""Share of the logits' range."""
LIBRARY = "segment_anything"
_PLACEMENT = Placement()


@dataclass(frozen=True)
class Size:
    """The encoder, by default ViT-B's; pixels of the image and of the model's input a side; and how many boxes."""

    width: int = 768
    depth: int = 12
    heads: int = 12
    everywhere: tuple[int, ...] = (2, 5, 8, 11)
    side: int = 1024
    boxes: int = 24
    rounds: int = 3
    threads: int = 2


FULL = Size()
QUICK = Size(width=192, depth=2, heads=3, everywhere=(1,), boxes=6, rounds=1)


def measure(size: Size) -> list[Result]:
    """Our speed as a multiple of the library's: all of it, the image alone, the boxes alone.

    Raises:
        RuntimeError: the logits differ by more than `TOLERANCE` of their range.
    """
    from segment_anything import SamPredictor

    from saa.foundation import sam_masks

    with torch_threads(size.threads):
        model = _PLACEMENT.place(_random(size))
        encoder, decoder = sam_masks.Encoder(model, _PLACEMENT), sam_masks.Decoder(model, _PLACEMENT)
        refiner = SamRefiner(encoder, decoder, mask_threshold=0.0, boxes_at_once=4)
        image, boxes = picture("gasket", 2, size.side), _boxes(size)
        wanted = Proposals(boxes, np.ones(len(boxes), np.float32), ("piece",) * len(boxes))
        encoded, asked = Frame(image), SamPredictor(model)
        refiner.refine(encoded, wanted[:1])
        asked.set_image(image)
        difference = _difference(decoder.logits(encoder(image), boxes).numpy(), _one_by_one(asked, boxes))
        check_same("masks", difference, TOLERANCE)
        image_ours, image_theirs, boxes_ours, boxes_theirs = in_turns(
            size.rounds,
            lambda: encoder(image),
            lambda: SamPredictor(model).set_image(image),
            lambda: refiner.refine(encoded, wanted),
            lambda: _one_by_one(asked, boxes),
        )
    name, count = f"ViT {size.width} × {size.depth}, {size.side} × {size.side}", f"{size.boxes} boxes"
    ours, theirs = _summed(image_ours, boxes_ours), _summed(image_theirs, boxes_theirs)
    return [
        times_as_fast(f"{name}, {count}, same to {difference:.0e}", ours, theirs, LIBRARY),
        times_as_fast(f"{name}: the image", image_ours, image_theirs, LIBRARY),
        times_as_fast(f"{name}: {count}", boxes_ours, boxes_theirs, LIBRARY),
    ]


def _summed(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _one_by_one(predictor: SamPredictor, boxes: Boxes) -> Sequence[np.ndarray]:
    """The logits of each box, asked for alone; the masks at full size are made too, and dropped."""
    return [predictor.predict(box=box, multimask_output=False)[2][0] for box in boxes]


def _difference(ours: np.ndarray, theirs: Sequence[np.ndarray]) -> float:
    return float(np.abs(ours - np.stack(theirs)).max() / np.ptp(np.stack(theirs)))


def _boxes(size: Size) -> Boxes:
    """Of all sizes and places."""
    corners = np.random.default_rng(0).uniform(0, size.side, (size.boxes, 2, 2))
    return np.sort(corners, axis=1).reshape(-1, 4).astype(np.float32)


def _random(size: Size) -> Sam:
    """SAM with random weights; only the encoder's size changes."""
    import torch
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    torch.manual_seed(0)
    encoder = ImageEncoderViT(
        img_size=size.side,
        embed_dim=size.width,
        depth=size.depth,
        num_heads=size.heads,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        out_chans=256,
        use_rel_pos=True,
        window_size=14,
        global_attn_indexes=size.everywhere,
    )
    for name, parameter in encoder.named_parameters():
        if "pos" in name:
            torch.nn.init.normal_(parameter, std=0.02)  # they start at zero, where a mistake would not show
    grid = size.side // 16
    prompts = PromptEncoder(256, (grid, grid), (size.side, size.side), 16)
    decoder = MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048))
    return Sam(encoder, prompts, decoder)
