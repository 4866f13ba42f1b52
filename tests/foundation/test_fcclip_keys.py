from __future__ import annotations

import fcclip_reference as reference
import pytest
import tiny_clip
import torch
from torch import nn

from saa.errors import ModelError
from saa.foundation import fcclip, fcclip_keys
from saa.foundation.devices import Placement
from saa.foundation.mask2former import Sizes

CPU = Placement()


def network():
    state = fcclip_keys.renamed(reference.published())
    return fcclip.Network(fcclip_keys.sizes(state), tiny_clip.EMBEDDED), state


def load(folder, state):
    return fcclip.load(*reference.record(folder, state), CPU)[0].state_dict()


def test_every_published_name_has_a_place_and_every_place_a_name():
    empty, state = network()
    assert state.keys() - empty.state_dict().keys() == {"criterion.empty_weight"}
    assert empty.state_dict().keys() <= state.keys()


def test_the_sizes_are_those_of_the_file():
    assert fcclip_keys.sizes(network()[1]) == Sizes(
        channels=tiny_clip.CHANNELS, width=32, mask_width=32, queries=12, encoder_layers=2,
        encoder_feedforward=48, decoder_layers=4, decoder_feedforward=40,
    )  # fmt: skip


def test_self_attention_is_cut_in_three_and_cross_attention_is_not():
    key = "sem_seg_head.predictor.transformer_{}_attention_layers.3.{}.in_proj_bias"
    state = fcclip_keys.renamed(
        {
            key.format("self", "self_attn"): torch.arange(6),
            key.format("cross", "multihead_attn"): torch.arange(6),
        }
    )
    assert {
        name.removeprefix("transformer.decoder.layers.3."): part.tolist() for name, part in state.items()
    } == {
        "self_attn.q_proj.bias": [0, 1],
        "self_attn.k_proj.bias": [2, 3],
        "self_attn.v_proj.bias": [4, 5],
        "cross_attn.in_proj_bias": [0, 1, 2, 3, 4, 5],
    }


def test_both_layouts_of_the_file_hold_the_same(tmp_path):
    wrapped = load(tmp_path / "wrapped", {"model": reference.published(), "iteration": 3})
    flat = load(tmp_path / "flat", reference.published())
    assert wrapped.keys() == flat.keys()
    for key, value in wrapped.items():
        torch.testing.assert_close(value, flat[key], rtol=0, atol=0)


def test_clip_in_the_file_changes_nothing(tmp_path):
    with_clip = reference.published(with_clip=True)
    assert "backbone.clip_model.visual.trunk.stem.0.weight" in with_clip
    assert (
        load(tmp_path / "with", with_clip).keys() == load(tmp_path / "without", reference.published()).keys()
    )


@pytest.mark.parametrize(
    "name",
    [
        "void_embedding.weight",
        "sem_seg_head.predictor.logit_scale",
        "sem_seg_head.pixel_decoder.adapter_1.norm.bias",
        "sem_seg_head.predictor.transformer_ffn_layers.2.linear1.weight",
    ],
)
def test_a_weight_that_is_missing_is_told(tmp_path, name):
    state = reference.published()
    del state[name]
    with pytest.raises(ModelError, match=r"^fcclip_convnext_large: expected the weights of") as told:
        load(tmp_path, state)
    assert "\n" not in str(told.value)


def test_a_weight_too_many_is_told_by_its_published_name(tmp_path):
    state = reference.published() | {"sem_seg_head.predictor.static_query.weight": torch.zeros(3)}
    with pytest.raises(ModelError, match=r"1 unexpected: sem_seg_head.predictor.static_query.weight"):
        load(tmp_path, state)


def test_a_weight_of_another_shape_is_told(tmp_path):
    state = reference.published() | {"sem_seg_head.predictor.decoder_norm.weight": torch.zeros(31)}
    with pytest.raises(
        ModelError, match=r"of another shape: transformer.decoder.layernorm.weight \(31,\) for \(32,\)"
    ):
        load(tmp_path, state)


@pytest.mark.parametrize(
    "foreign", [nn.Linear(3, 4).state_dict(), tiny_clip.model().state_dict()], ids=["linear", "clip"]
)
def test_the_weights_of_another_model_are_refused_in_one_line(tmp_path, foreign):
    with pytest.raises(
        ModelError, match=r"^fcclip_convnext_large: expected the weights of FC-CLIP, got others"
    ) as told:
        load(tmp_path, foreign)
    assert "\n" not in str(told.value)
