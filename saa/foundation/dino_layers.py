"""The layers of GroundingDINO, by groundingdino-py, with the slow ones run our way.

Source: GroundingDINO, arXiv 2303.05499.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias

from torch import Tensor, nn
from torch.nn import functional

from saa.foundation import dino_attention, dino_fusion
from saa.foundation.dino_attention import HEADS, POINTS, WIDTH
from saa.foundation.linear import by_rows

Arithmetic: TypeAlias = Literal["fast", "exact"]

MAX_PIECES = 256
"""Word pieces of a caption that are read; the rest is cut off."""
NUM_LEVELS = 4
_TEMPERATURE = 20
_ROWS = 2048
"""Rows at a time between which a CPU keeps its buffers: 16 MB each."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of the library's old ways: as it is imported, and once as its first layers are made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def library() -> SimpleNamespace:
    """What we use of groundingdino-py."""
    from groundingdino.models.GroundingDINO import bertwarper, transformer, utils
    from groundingdino.models.GroundingDINO.backbone import backbone, position_encoding, swin_transformer
    from groundingdino.util import misc

    return SimpleNamespace(
        ContrastiveEmbed=utils.ContrastiveEmbed,
        Joiner=backbone.Joiner,
        MLP=utils.MLP,
        NestedTensor=misc.NestedTensor,
        PositionEmbeddingSineHW=position_encoding.PositionEmbeddingSineHW,
        SwinTransformer=swin_transformer.SwinTransformer,
        Transformer=transformer.Transformer,
        inverse_sigmoid=misc.inverse_sigmoid,
        phrase_masks=bertwarper.generate_masks_with_special_tokens,
    )


def backbone(
    parts: SimpleNamespace, *, channels: int, depths: Sequence[int], heads: Sequence[int], window: int
) -> nn.Module:
    """A Swin Transformer (arXiv 2103.14030) that gives its last three stages, and where their cells lie."""
    swin = parts.SwinTransformer(
        embed_dim=channels,
        depths=list(depths),
        num_heads=list(heads),
        window_size=window,
        drop_path_rate=0.0,
        out_indices=(1, 2, 3),
    )
    places = parts.PositionEmbeddingSineHW(
        WIDTH // 2, temperatureH=_TEMPERATURE, temperatureW=_TEMPERATURE, normalize=True
    )
    joined: nn.Module = parts.Joiner(swin, places)
    return joined


def transformer(
    parts: SimpleNamespace,
    arithmetic: Arithmetic,
    *,
    queries: int,
    encoder_layers: int,
    decoder_layers: int,
    feedforward: int,
) -> Any:  # noqa: ANN401 - the library has no types
    """Encoder and decoder, which let an image and a caption look at each other.

    `exact` gives what the library's own layers give, to the last bit and a quarter quicker. `fast` takes less than
    half of their time, and differs by rounding.
    """
    whole = parts.Transformer(
        d_model=WIDTH,
        nhead=HEADS,
        num_queries=queries,
        num_encoder_layers=encoder_layers,
        num_decoder_layers=decoder_layers,
        dim_feedforward=feedforward,
        return_intermediate_dec=True,
        num_feature_levels=NUM_LEVELS,
        enc_n_points=POINTS,
        dec_n_points=POINTS,
        learnable_tgt_init=True,
        two_stage_type="standard",
        embed_init_tgt=True,
        use_text_enhancer=True,
        use_fusion_layer=True,
        use_text_cross_attention=True,
        text_dropout=0.0,
        fusion_dropout=0.0,
    )
    fast = arithmetic == "fast"
    for layer in whole.encoder.layers:
        layer.self_attn.forward = partial(dino_attention.look_around, layer.self_attn, fast)
        layer.forward_ffn = partial(_feed_forward, layer, layer.norm2, fast)
    for layer in whole.decoder.layers:
        layer.cross_attn.forward = partial(dino_attention.look_around, layer.cross_attn, fast)
        # The library's own switches autocast off on GPUs, by a call that torch has deprecated.
        layer.forward_ffn = partial(_feed_forward, layer, layer.norm3, fast)
    for layer in whole.encoder.fusion_layers if fast else ():
        layer.forward = partial(dino_fusion.fused, layer)
    return whole


def _feed_forward(layer: Any, norm: nn.Module, fast: bool, found: Tensor) -> Tensor:  # noqa: ANN401
    def fed(rows: Tensor) -> Tensor:
        normed: Tensor = norm(rows + layer.linear2(functional.relu_(layer.linear1(rows))))
        return normed

    return by_rows(fed, found, _ROWS) if fast and found.device.type == "cpu" else fed(found)
