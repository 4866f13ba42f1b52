"""How large a GroundingDINO is, which its weights tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from saa.foundation.bert import Size

if TYPE_CHECKING:
    from torch import Tensor

_SWIN = "backbone.0.layers.{}.blocks"
_TABLE = _SWIN + ".0.attn.relative_position_bias_table"
_BERT = "bert.encoder.layer"
_WORDS = "bert.embeddings.word_embeddings.weight"
_NUM_STAGES = 4
_BERT_HEAD = 64
"""Channels of one of BERT's heads, in every published size."""


@dataclass(frozen=True)
class Architecture:
    """The sizes of a network; the default is Swin-T OGC.

    Attributes:
        channels: of the Swin backbone's first stage.
        depths: blocks of its four stages.
        heads: of its four stages.
        window: side of its windows.
        queries: boxes that are looked for.
        encoder_layers, decoder_layers, feedforward: of the transformer.
        text: of BERT.
    """

    channels: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (3, 6, 12, 24)
    window: int = 7
    queries: int = 900
    encoder_layers: int = 6
    decoder_layers: int = 6
    feedforward: int = 2048
    text: Size = field(default_factory=Size)

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> Architecture:
        """The sizes that weights were made for.

        Raises:
            LookupError: a tensor is missing without which they are not known; its name.
        """
        table = [state[_TABLE.format(stage)] for stage in range(_NUM_STAGES)]
        vocabulary, width = state[_WORDS].shape
        return cls(
            channels=state["backbone.0.patch_embed.proj.weight"].shape[0],
            depths=tuple(_count(state, _SWIN.format(stage)) for stage in range(_NUM_STAGES)),
            heads=tuple(each.shape[1] for each in table),
            window=(math.isqrt(table[0].shape[0]) + 1) // 2,  # a row an offset between two cells of a window
            queries=state["transformer.tgt_embed.weight"].shape[0],
            encoder_layers=_count(state, "transformer.encoder.layers"),
            decoder_layers=_count(state, "transformer.decoder.layers"),
            feedforward=state["transformer.encoder.layers.0.linear1.weight"].shape[0],
            text=Size(
                vocabulary=vocabulary,
                width=width,
                layers=_count(state, _BERT),
                heads=width // _BERT_HEAD,
                feedforward=state[f"{_BERT}.0.intermediate.dense.weight"].shape[0],
            ),
        )


SWIN_T = Architecture()
SWIN_B = Architecture(channels=128, depths=(2, 2, 18, 2), heads=(4, 8, 16, 32), window=12)


def _count(state: Mapping[str, Tensor], prefix: str) -> int:
    """How many numbered parts there are below a name."""
    return len({key[len(prefix) + 1 :].split(".", 1)[0] for key in state if key.startswith(f"{prefix}.")})
