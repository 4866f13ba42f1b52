"""SAM's network, with the sizes and the weights of a checkpoint; MobileSAM's encoder is timm's.

Source: Segment Anything, arXiv 2304.02643; MobileSAM, arXiv 2306.14289.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from torch import Tensor, nn

from saa import weights
from saa.errors import ModelError
from saa.foundation import tiny_vit
from saa.foundation.devices import Placement

_STRIDE = 16
_DECODER_HEADS = 8
"""The one size that no tensor of a checkpoint tells."""


def load(name: str, placement: Placement) -> Sam:
    """A model with the weights of a checkpoint, where it is to run.

    Raises:
        ModelError: no such checkpoint or device, or the file is not one of SAM.
    """
    placement.check()
    state = weights.load(name)
    try:
        model = blank(state)
    except (LookupError, ValueError) as error:
        raise ModelError(
            f"{name}: expected the weights of Segment Anything, got others ({error}); "
            "give the stage the checkpoint that belongs to it"
        ) from error
    weights.load_strict(model, tiny_vit.renamed(state) if tiny_vit.recognises(state) else state, name)
    return placement.place(model)


def blank(state: Mapping[str, Tensor]) -> Sam:
    """A model of the sizes that a checkpoint has, not yet with its weights.

    Args:
        state: tensors by their published names: SAM's, or MobileSAM's.

    Raises:
        LookupError: a tensor is missing without which the sizes are not known.
        ValueError: one has another number of axes.
    """
    encoder: Any = tiny_vit.blank(state) if tiny_vit.recognises(state) else _vit(state)
    grid, side = (encoder.img_size // _STRIDE,) * 2, (encoder.img_size,) * 2
    width = state["prompt_encoder.no_mask_embed.weight"].shape[1]
    prompts = PromptEncoder(width, grid, side, state["prompt_encoder.mask_downscaling.3.weight"].shape[0])
    decoder = MaskDecoder(
        transformer_dim=width,
        transformer=TwoWayTransformer(
            depth=tiny_vit.count(state, "mask_decoder.transformer.layers."),
            embedding_dim=width,
            num_heads=_DECODER_HEADS,
            mlp_dim=state["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0],
        ),
        num_multimask_outputs=state["mask_decoder.mask_tokens.weight"].shape[0] - 1,
        iou_head_depth=tiny_vit.count(state, "mask_decoder.iou_prediction_head.layers."),
        iou_head_hidden_dim=state["mask_decoder.iou_prediction_head.layers.0.weight"].shape[0],
    )
    return Sam(encoder, prompts, decoder)


def _vit(state: Mapping[str, Tensor]) -> ImageEncoderViT:
    """SAM's own encoder: vit_h, vit_l, vit_b, or another one of that kind."""
    _, grid, _, width = state["image_encoder.pos_embed"].shape
    depth = tiny_vit.count(state, "image_encoder.blocks.")
    reaches = [state[f"image_encoder.blocks.{i}.attn.rel_pos_h"].shape for i in range(depth)]
    everywhere = 2 * grid - 1  # offsets between rows of the whole image; fewer inside a window
    with torch.device("meta"):  # drawing 600 million random weights takes longer than reading the real ones
        encoder = ImageEncoderViT(
            img_size=_STRIDE * grid,
            patch_size=_STRIDE,
            embed_dim=width,
            depth=depth,
            num_heads=width // reaches[0][1],
            mlp_ratio=state["image_encoder.blocks.0.mlp.lin1.weight"].shape[0] / width,
            out_chans=state["image_encoder.neck.0.weight"].shape[0],
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=(min(length for length, _ in reaches) + 1) // 2,
            global_attn_indexes=tuple(i for i, (length, _) in enumerate(reaches) if length == everywhere),
        )
    return encoder.to_empty(device="cpu")
