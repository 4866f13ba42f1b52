from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from saa.foundation import mask2former, mask2former_fast
from saa.foundation.mask2former import Sizes

WIDE = Sizes(
    (8, 16, 24, 32), width=256, mask_width=256, queries=9, encoder_layers=2,
    encoder_feedforward=48, decoder_layers=4, decoder_feedforward=40,
)  # fmt: skip
NARROW = replace(WIDE, width=32, mask_width=32)


def both(sizes, dtype=torch.float32):
    """The decoders as they are and quickened, with the same weights."""
    torch.manual_seed(0)
    plain = mask2former.pixel_decoder(sizes), mask2former.transformer(sizes)
    for part in plain:
        for name, parameter in part.named_parameters():
            if parameter.ndim == 1 or "level_embed" in name or "sampling_offsets" in name:
                torch.nn.init.normal_(parameter, mean=float("norm" in name), std=0.3)
    fast = copy.deepcopy(plain)
    mask2former_fast.quickened(*fast)
    return *(part.to(dtype).eval() for part in plain), *(part.to(dtype).eval() for part in fast)


def features(sizes, height=3, width=5, dtype=torch.float32):
    torch.manual_seed(1)
    return [
        torch.randn(1, channels, height * 8 // stride, width * 8 // stride, dtype=dtype)
        for channels, stride in zip(sizes.channels, (1, 2, 4, 8), strict=True)
    ]


@torch.no_grad()
@pytest.mark.parametrize("sizes", [WIDE, NARROW], ids=["published width", "narrow"])
@pytest.mark.parametrize("grid", [(3, 5), (1, 2), (4, 1)])
def test_places_are_those_of_the_library(sizes, grid):
    plain, _, fast, _ = both(sizes)
    levels, fine = mask2former.places(plain, features(sizes, *grid))
    found, finer = mask2former.places(fast, features(sizes, *grid))
    for expected, level in zip(levels, found, strict=True):
        torch.testing.assert_close(level, expected, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(finer, fine, atol=2e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("grid", [(3, 5), (1, 2), (4, 1)])
def test_queries_and_masks_are_those_of_the_library_in_double_precision(grid):
    _, plain, _, fast = both(NARROW, torch.float64)
    height, width = grid
    levels = [torch.randn(1, 32, height * step, width * step, dtype=torch.float64) for step in (1, 2, 4)]
    fine = torch.randn(1, 32, height * 8, width * 8, dtype=torch.float64) * 3
    for expected, found in zip(
        mask2former.queries(plain, levels, fine), mask2former.queries(fast, levels, fine), strict=True
    ):
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)


@torch.no_grad()
def test_a_query_whose_mask_is_empty_looks_everywhere():
    _, plain, _, fast = both(NARROW, torch.float64)
    for part in (plain, fast):
        last = part.decoder.mask_predictor.mask_embedder.layers[-1].layers[0]
        last.weight.zero_()
        last.bias.fill_(-1.0)
    levels = [torch.randn(1, 32, 3 * step, 4 * step, dtype=torch.float64) for step in (1, 2, 4)]
    fine = torch.rand(1, 32, 24, 32, dtype=torch.float64)
    expected, masks = mask2former.queries(plain, levels, fine)
    assert masks.max() < 0
    torch.testing.assert_close(mask2former.queries(fast, levels, fine)[0], expected, atol=1e-9, rtol=1e-9)


@torch.no_grad()
def test_the_library_s_whole_model_gives_the_same_with_quickened_decoders():
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    torch.manual_seed(0)
    swin = SwinConfig(
        image_size=64, patch_size=4, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = Mask2FormerConfig(
        backbone_config=swin, feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=48,
        encoder_layers=1, decoder_layers=4, dim_feedforward=40, num_queries=9, num_labels=5,
    )  # fmt: skip
    model = Mask2FormerForUniversalSegmentation(config).double().eval()
    pixels = torch.randn(1, 3, 64, 96, dtype=torch.float64)
    expected = model(pixel_values=pixels)
    mask2former_fast.quickened(model.model.pixel_level_module.decoder, model.model.transformer_module)
    found = model(pixel_values=pixels)
    for name in ("class_queries_logits", "masks_queries_logits", "transformer_decoder_last_hidden_state"):
        torch.testing.assert_close(found[name], expected[name], atol=1e-9, rtol=1e-9)
