"""GroundingDINO as groundingdino-py itself puts it together and runs it, on the weights of ours."""

from __future__ import annotations

import importlib
import warnings
from types import SimpleNamespace

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
        embedded = self.embeddings(
            input_ids=input_ids, token_type_ids=token_type_ids, position_ids=position_ids
        )
        bias = (1.0 - attention_mask[:, None].float()) * torch.finfo(torch.float32).min
        return {"last_hidden_state": self.encoder(embedded, attention_mask=bias)[0]}


def stock(detector, folder, config, monkeypatch):
    """The library's model with the detector's weights.

    Args:
        detector: ours.
        folder: where `vocab.txt` lies.
        config: a file of settings that comes with the library; the detector's sizes stand above it.
        monkeypatch: BERT comes from a configuration, not from the network.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from groundingdino.models.GroundingDINO import backbone, groundingdino, transformer
        from groundingdino.models.GroundingDINO.backbone import position_encoding, swin_transformer
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
        monkeypatch.setattr(groundingdino, "get_tokenlizer", source)
        monkeypatch.setattr(groundingdino, "BertModelWarper", OldBert)
        swin = swin_transformer.SwinTransformer(
            embed_dim=sizes.channels,
            depths=sizes.depths,
            num_heads=sizes.heads,
            window_size=sizes.window,
            out_indices=(1, 2, 3),
        )
        joined = backbone.backbone.Joiner(swin, position_encoding.build_position_encoding(args))
        joined.num_channels = swin.num_features[1:]
        model = groundingdino.GroundingDINO(
            joined,
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


def answers(model, pixels, caption):
    """(Q, 256) scores in [0, 1] and (Q, 4) boxes of one image and one caption."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        found = model(pixels[None], captions=[caption])
    return found["pred_logits"][0].sigmoid(), found["pred_boxes"][0]
