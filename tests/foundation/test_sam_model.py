from __future__ import annotations

import pytest
import tiny_sam
import torch
from segment_anything import sam_model_registry

from saa.errors import ModelError
from saa.foundation import sam_model
from saa.foundation.devices import Placement


def test_a_checkpoint_tells_all_sizes_and_becomes_the_model_it_was(tmp_path):
    model = tiny_sam.sam()
    tiny_sam.given(tmp_path, "sam_vit_b", model.state_dict())
    found = sam_model.load("sam_vit_b", Placement())
    encoder, wanted = found.image_encoder, model.image_encoder
    assert encoder.img_size == tiny_sam.SIDE
    assert [block.window_size for block in encoder.blocks] == [3, 0, 3]
    assert [block.attn.num_heads for block in encoder.blocks] == [2, 2, 2]
    assert encoder.blocks[0].norm1.eps == wanted.blocks[0].norm1.eps
    assert found.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(found.state_dict()[name], each) for name, each in model.state_dict().items())
    assert torch.equal(found.pixel_mean, model.pixel_mean)
    assert torch.equal(found.pixel_std, model.pixel_std)
    assert not found.training
    assert not any(parameter.requires_grad for parameter in found.parameters())


@pytest.mark.parametrize("name", ["vit_h", "vit_l", "vit_b"])
def test_the_published_sizes_are_read_from_shapes_alone(name):
    with torch.device("meta"):  # shapes without numbers
        published = sam_model_registry[name]()
    found = sam_model.blank(published.state_dict())
    own = {key: tensor.shape for key, tensor in found.state_dict().items()}
    assert own == {key: tensor.shape for key, tensor in published.state_dict().items()}
    blocks, wanted = found.image_encoder.blocks, published.image_encoder.blocks
    assert [block.window_size for block in blocks] == [block.window_size for block in wanted]
    assert {block.attn.num_heads for block in blocks} == {block.attn.num_heads for block in wanted}
    assert found.mask_decoder.transformer.num_heads == published.mask_decoder.transformer.num_heads
    assert found.prompt_encoder.input_image_size == published.prompt_encoder.input_image_size
    assert found.prompt_encoder.image_embedding_size == published.prompt_encoder.image_embedding_size


def test_mobile_sam_s_published_names_are_loaded_and_its_classifier_left_out(tmp_path):
    state = tiny_sam.mobile_state(**tiny_sam.SMALL_MOBILE)
    tiny_sam.given(tmp_path, "mobile_sam", state)
    model = sam_model.load("mobile_sam", Placement())
    own = model.state_dict()
    assert model.image_encoder.img_size == 1024
    assert not [name for name in own if "head." in name.partition("mask_decoder")[0]]
    for name, published in (
        ("stages.1.downsample.conv2.conv.weight", "layers.0.downsample.conv2.c.weight"),
        ("patch_embed.conv2.bn.running_var", "patch_embed.seq.2.bn.running_var"),
        ("stages.3.blocks.0.attn.attention_biases", "layers.3.blocks.0.attn.attention_biases"),
        ("neck.3.bias", "neck.3.bias"),
    ):
        assert torch.equal(own[f"image_encoder.{name}"], state[f"image_encoder.{published}"])


def test_a_checkpoint_of_another_model_is_refused_in_one_line(tmp_path):
    tiny_sam.given(tmp_path, "sam_vit_b", {"backbone.0.weight": torch.zeros(3)})
    with pytest.raises(
        ModelError, match="sam_vit_b: expected the weights of Segment Anything, got others"
    ) as told:
        sam_model.load("sam_vit_b", Placement())
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("lost", ["image_encoder.neck.1.bias", "mask_decoder.iou_token.weight"])
def test_a_missing_tensor_is_named(tmp_path, lost):
    state = tiny_sam.sam().state_dict()
    del state[lost]
    tiny_sam.given(tmp_path, "sam_vit_b", state)
    with pytest.raises(ModelError, match=f"1 missing: {lost}"):
        sam_model.load("sam_vit_b", Placement())


def test_a_tensor_too_many_is_named(tmp_path):
    state = tiny_sam.sam().state_dict() | {"mask_decoder.hf_token.weight": torch.zeros(1)}
    tiny_sam.given(tmp_path, "sam_vit_b", state)
    with pytest.raises(ModelError, match="1 unexpected: mask_decoder"):
        sam_model.load("sam_vit_b", Placement())


def test_a_device_that_is_not_there_is_refused_before_the_file_is_read():
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(ModelError, match=rf"device: expected one of .* on this machine, got {missing}"):
        sam_model.load("sam_vit_b", Placement(missing))
