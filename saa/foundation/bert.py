"""BERT as a text encoder, on whichever transformers library is installed.

groundingdino-py 0.4.0 wraps transformers' BERT by methods that transformers 5 has dropped. What stands here asks
for no more than the embeddings and the encoder, which all versions from 4.46 to 5 have, under the same names.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, finfo, nn


@dataclass(frozen=True)
class Size:
    """How large a BERT is; the default is bert-base-uncased."""

    vocabulary: int = 30522
    width: int = 768
    layers: int = 12
    heads: int = 12
    feedforward: int = 3072


class TextEncoder(nn.Module):
    """BERT's layers under the names that checkpoints give them, by transformers.

    Its pooler stands here because checkpoints have weights for it; nothing uses what it makes.

    Source: arXiv 1810.04805.
    """

    def __init__(self, size: Size) -> None:
        from transformers import BertConfig, BertModel

        super().__init__()
        bert = BertModel(
            BertConfig(
                vocab_size=size.vocabulary,
                hidden_size=size.width,
                num_hidden_layers=size.layers,
                num_attention_heads=size.heads,
                intermediate_size=size.feedforward,
            )
        )
        self.embeddings = bert.embeddings
        self.encoder = bert.encoder
        self.pooler = bert.pooler

    def forward(self, ids: Tensor, positions: Tensor, attends: Tensor) -> Tensor:
        """What the T word pieces of B texts mean.

        Args:
            ids: (B, T) int64.
            positions: (B, T) int64, of each piece in its phrase.
            attends: (B, T, T) bool, which pieces each piece takes notice of; at least one each.

        Returns:
            (B, T, width) float32.
        """
        kinds = ids.new_zeros(ids.shape)
        embedded: Tensor = self.embeddings(input_ids=ids, position_ids=positions, token_type_ids=kinds)
        bias = embedded.new_zeros(attends.shape).masked_fill(~attends, finfo(embedded.dtype).min)
        meant: Tensor = self.encoder(embedded, attention_mask=bias[:, None])[0]
        return meant
