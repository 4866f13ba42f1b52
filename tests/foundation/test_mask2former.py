"""What we rely on in transformers' decoders, which it does not promise to keep."""

from __future__ import annotations

import torch

from saa.foundation import mask2former
from saa.foundation.mask2former import Sizes

SMALL = Sizes(
    (8, 16, 24, 32), width=32, mask_width=32, queries=7, encoder_layers=2,
    encoder_feedforward=48, decoder_layers=4, decoder_feedforward=40,
)  # fmt: skip


def named(module, inner):
    return {key.removeprefix(inner) for key in module.state_dict() if key.startswith(inner)}


def decoders():
    torch.manual_seed(0)
    pixel, queries = mask2former.pixel_decoder(SMALL), mask2former.transformer(SMALL)
    for parameter in [*pixel.parameters(), *queries.parameters()]:
        torch.nn.init.normal_(parameter, std=0.3)
    return pixel.eval(), queries.eval()


def features(height=3, width=5):
    return [
        torch.randn(1, channels, height * 8 // stride, width * 8 // stride)
        for channels, stride in zip(SMALL.channels, (1, 2, 4, 8), strict=True)
    ]


def test_the_published_decoders_have_as_many_weights_as_the_published_file():
    with torch.device("meta"):
        parts = mask2former.pixel_decoder(Sizes()), mask2former.transformer(Sizes())
    assert sum(weight.numel() for part in parts for weight in part.parameters()) == 20_325_568


def test_their_parts_bear_the_names_that_checkpoints_are_given():
    pixel, queries = decoders()
    assert named(pixel, "encoder.layers.1.") == {
        f"{part}.{kind}"
        for part in (
            "self_attn.sampling_offsets", "self_attn.attention_weights", "self_attn.value_proj",
            "self_attn.output_proj", "self_attn_layer_norm", "fc1", "fc2", "final_layer_norm",
        )
        for kind in ("weight", "bias")
    }  # fmt: skip
    assert named(queries, "decoder.layers.3.") == {
        *(f"self_attn.{part}_proj.{kind}" for part in ("q", "k", "v", "out") for kind in ("weight", "bias")),
        *(f"cross_attn.{part}" for part in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")),
        *(
            f"{part}.{kind}"
            for part in ("self_attn_layer_norm", "cross_attn_layer_norm", "fc1", "fc2", "final_layer_norm")
            for kind in ("weight", "bias")
        ),
    }  # fmt: skip
    assert not named(queries, "decoder.layers.4.")
    assert not [*pixel.buffers(), *queries.buffers()]  # they would be lost where weights are set from a file


@torch.no_grad()
def test_their_outputs_have_the_order_and_the_sizes_we_rely_on():
    pixel, queries = decoders()
    levels, fine = mask2former.places(pixel, features())
    assert [tuple(level.shape) for level in levels] == [(1, 32, 3, 5), (1, 32, 6, 10), (1, 32, 12, 20)]
    assert fine.shape == (1, 32, 24, 40)
    found, masks = mask2former.queries(queries, levels, fine)
    assert (found.shape, masks.shape) == ((7, 32), (7, 24, 40))


@torch.no_grad()
def test_queries_come_normalised_and_their_masks_hang_on_them():
    pixel, queries = decoders()
    levels, fine = mask2former.places(pixel, features())
    found, masks = mask2former.queries(queries, levels, fine)
    norm = queries.decoder.layernorm
    plain = (found - norm.bias) / norm.weight
    torch.testing.assert_close(plain.mean(dim=1), torch.zeros(7), atol=1e-4, rtol=0)
    embedded = queries.decoder.mask_predictor.mask_embedder(found)
    torch.testing.assert_close(masks, torch.einsum("qc,chw->qhw", embedded, fine[0]), atol=1e-3, rtol=1e-4)
