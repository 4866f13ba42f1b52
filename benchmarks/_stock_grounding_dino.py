"""GroundingDINO as groundingdino-py itself puts it together and runs it, on the weights of ours."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import torch
from torch import nn


class OldBert(nn.Module):
    """What the library's wrapper makes of BERT where transformers is old enough for it: its formula for masks."""

    def __init__(self, bert_model):
        super().__init__()
        self.config = bert_model.config
        self.embeddings, self.encoder, self.pooler = (
            bert_model.embeddings,
            bert_model.encoder,
            bert_model.pooler,
        )

    def forward(self, input_ids, token_type_ids, position_ids, attention_mask):
        """The last layer's answer; the masks are (B, T, T)."""
        embedded = self.embeddings(
            input_ids=input_ids, token_type_ids=token_type_ids, position_ids=position_ids
        )
        bias = (1.0 - attention_mask[:, None].float()) * torch.finfo(torch.float32).min
        return {"last_hidden_state": self.encoder(embedded, attention_mask=bias)[0]}


def stock(detector, folder: Path, config: str) -> nn.Module:
    """The library's model with the detector's weights; its `tokenizer` is transformers' own.

    Args:
        detector: ours; nothing but its sizes, `architecture`, and its weights are taken.
        folder: where `vocab.txt` lies.
        config: a file of settings that comes with the library; the detector's sizes stand above it.
    """
    with _quiet():
        from groundingdino.models.GroundingDINO import groundingdino, transformer
        from transformers import BertConfig, BertModel, BertTokenizerFast

        sizes = detector.architecture
        args = SimpleNamespace(**vars(importlib.import_module(f"groundingdino.config.{config}")))
        args.num_queries, args.dim_feedforward = sizes.queries, sizes.feedforward
        args.enc_layers, args.dec_layers = sizes.encoder_layers, sizes.decoder_layers
        args.use_checkpoint = args.use_transformer_ckpt = False
        bert = BertModel(
            BertConfig(
                vocab_size=sizes.text.vocabulary,
                hidden_size=sizes.text.width,
                num_hidden_layers=sizes.text.layers,
                num_attention_heads=sizes.text.heads,
                intermediate_size=sizes.text.feedforward,
            )
        )
        tokenizer = BertTokenizerFast.from_pretrained(folder)
        source = SimpleNamespace(
            get_tokenlizer=lambda _: tokenizer, get_pretrained_language_model=lambda _: bert
        )
        with patch.multiple(groundingdino, get_tokenlizer=source, BertModelWarper=OldBert):
            model = groundingdino.GroundingDINO(
                _backbone(sizes, args),
                transformer.build_transformer(args),
                num_queries=args.num_queries,
                aux_loss=True,
                iter_update=True,
                query_dim=4,
                num_feature_levels=args.num_feature_levels,
                nheads=args.nheads,
                dec_pred_bbox_embed_share=args.dec_pred_bbox_embed_share,
                two_stage_type=args.two_stage_type,
                two_stage_bbox_embed_share=args.two_stage_bbox_embed_share,
                two_stage_class_embed_share=args.two_stage_class_embed_share,
                sub_sentence_present=args.sub_sentence_present,
            )
    model.load_state_dict(detector.state_dict(), strict=True)
    return model.eval()


def _backbone(sizes, args: SimpleNamespace) -> nn.Module:
    from groundingdino.models.GroundingDINO.backbone import backbone, position_encoding, swin_transformer

    swin = swin_transformer.SwinTransformer(
        embed_dim=sizes.channels,
        depths=sizes.depths,
        num_heads=sizes.heads,
        window_size=sizes.window,
        out_indices=(1, 2, 3),
    )
    joined = backbone.Joiner(swin, position_encoding.build_position_encoding(args))
    joined.num_channels = swin.num_features[1:]
    return joined


def answers(model: nn.Module, pixels: torch.Tensor, caption: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(Q, 256) scores in [0, 1] and (Q, 4) boxes of one image and one caption."""
    with _quiet(), torch.inference_mode():
        found = model(pixels[None], captions=[caption])
    return found["pred_logits"][0].sigmoid(), found["pred_boxes"][0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
