"""MobileSAM's encoder against a slow reading of its published form, straight from the names in its checkpoint."""

from __future__ import annotations

from functools import cache

import pytest
import tiny_sam
import torch
from torch.nn import functional

from saa.foundation import sam_model, tiny_vit
from saa.weights import registry

CLASSIFIER = ("image_encoder.norm_head.", "image_encoder.head.")


@pytest.fixture(scope="module")
def small() -> dict[str, torch.Tensor]:
    return tiny_sam.mobile_state(**tiny_sam.SMALL_MOBILE)


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    """The layout of `mobile_sam.pt`; the file itself was not at hand."""
    return tiny_sam.mobile_state(**tiny_sam.MOBILE, out=256, classes=1000, inner=2048, hidden=256)


def loaded(state):
    """The encoder with the weights of a checkpoint."""
    encoder = tiny_vit.blank(state)
    renamed = tiny_vit.renamed(without_classifier(state))
    prefix = tiny_vit.PREFIX
    own = {name[len(prefix) :]: each for name, each in renamed.items() if name.startswith(prefix)}
    encoder.load_state_dict(own, strict=True)
    return encoder.eval()


def without_classifier(state):
    return {name: tensor for name, tensor in state.items() if not name.startswith(CLASSIFIER)}


def test_every_published_tensor_has_its_place_and_shape_and_none_is_left_empty(published):
    model = sam_model.blank(published)
    renamed = tiny_vit.renamed(without_classifier(published))
    wanted = {name: tensor.shape for name, tensor in model.state_dict().items()}
    assert {name: tensor.shape for name, tensor in renamed.items()} == wanted
    assert len(renamed) == len(published) - 4


def test_the_layout_is_as_large_as_the_published_file(published):
    (file,) = registry.entry("mobile_sam").files
    tensors = sum(tensor.numel() * tensor.element_size() for tensor in published.values())
    assert 0 < file.bytes - tensors < 500 * len(published)  # what a file adds to each tensor


@pytest.mark.parametrize("classifier", CLASSIFIER)
def test_only_the_classifier_is_left_over_and_the_registry_knows(classifier):
    harmless = registry.entry("mobile_sam").harmless
    assert harmless.missing == ()
    assert f"{classifier}*" in harmless.unexpected
    assert len(harmless.unexpected) == len(CLASSIFIER)


def test_names_of_older_files_are_dropped_and_those_of_other_parts_kept(small):
    older = {"image_encoder.layers.1.blocks.0.attn.attention_bias_idxs": torch.zeros(49, 49)}
    assert tiny_vit.renamed(small | older).keys() == tiny_vit.renamed(small).keys()
    other = "mask_decoder.transformer.layers.0.norm1.weight"
    assert tiny_vit.renamed(small)[other] is small[other]


def test_a_checkpoint_of_sam_s_own_encoders_is_none_of_these():
    assert not tiny_vit.recognises(tiny_sam.sam().state_dict())


def test_the_encoder_equals_the_published_one(small):
    pixels = torch.randn(1, 3, 96, 160)
    with torch.inference_mode():
        found = loaded(small)(pixels)
        wanted = Published(small, **tiny_sam.SMALL_MOBILE).features(pixels)
    assert found.shape == (1, 32, 6, 10)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_the_encoder_of_the_published_size_equals_the_published_one(published):
    pixels = torch.randn(1, 3, 64, 48)
    with torch.inference_mode():
        found = loaded(published)(pixels)
        wanted = Published(published, **tiny_sam.MOBILE).features(pixels)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@cache
def offsets(side):
    """Which bias belongs to two places of a window: rows and columns between them, whichever is first."""
    places = [(row, column) for row in range(side) for column in range(side)]
    return torch.tensor([[abs(a - c) * side + abs(b - d) for c, d in places] for a, b in places])


class Published:
    """MobileSAM's encoder as its publication computes it: stages, merging at their ends, windows one by one."""

    def __init__(self, state, widths, depths, heads, windows):
        self.state, self.depths, self.heads, self.windows = state, depths, heads, windows

    def features(self, x):
        x = functional.gelu(self.convolved(x, "patch_embed.seq.0", stride=2))
        x = self.convolved(x, "patch_embed.seq.2", stride=2)
        for stage, depth in enumerate(self.depths):
            for block in range(depth):
                name = f"layers.{stage}.blocks.{block}"
                x = self.attentive(x, name, stage) if stage else self.bottleneck(x, name)
            if stage + 1 < len(self.depths):
                # MobileSAM keeps the grid before the last stage: 16 pixels a place, as in SAM.
                x = self.merged(x, f"layers.{stage}.downsample", 2 if stage + 2 < len(self.depths) else 1)
        x = self.normed(functional.conv2d(x, self.at("neck.0.weight")), "neck.1", eps=1e-6)
        return self.normed(functional.conv2d(x, self.at("neck.2.weight"), padding=1), "neck.3", eps=1e-6)

    def at(self, name):
        return self.state[f"image_encoder.{name}"]

    def convolved(self, x, name, stride=1, groups=1):
        weight = self.at(f"{name}.c.weight")
        x = functional.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups)
        statistics = [
            self.at(f"{name}.bn.{part}") for part in ("running_mean", "running_var", "weight", "bias")
        ]
        return functional.batch_norm(x, *statistics)

    def bottleneck(self, x, name):
        inner = functional.gelu(self.convolved(x, f"{name}.conv1"))
        inner = functional.gelu(self.convolved(inner, f"{name}.conv2", groups=inner.shape[1]))
        return functional.gelu(x + self.convolved(inner, f"{name}.conv3"))

    def merged(self, x, name, stride):
        x = functional.gelu(self.convolved(x, f"{name}.conv1"))
        x = functional.gelu(self.convolved(x, f"{name}.conv2", stride=stride, groups=x.shape[1]))
        return self.convolved(x, f"{name}.conv3")

    def attentive(self, x, name, stage):
        x = x + self.windowed(x, f"{name}.attn", self.windows[stage], self.heads[stage])
        x = self.convolved(x, f"{name}.local_conv", groups=x.shape[1])
        inner = self.linear(self.normed(x, f"{name}.mlp.norm"), f"{name}.mlp.fc1")
        return x + self.linear(functional.gelu(inner), f"{name}.mlp.fc2")

    def windowed(self, x, name, side, heads):
        *_, height, width = x.shape
        padded = functional.pad(x, (0, -width % side, 0, -height % side))
        found = torch.zeros_like(padded)
        for top in range(0, padded.shape[2], side):
            for left in range(0, padded.shape[3], side):
                here = (..., slice(top, top + side), slice(left, left + side))
                found[here] = self.attention(padded[here], name, side, heads)
        return found[..., :height, :width]

    def attention(self, x, name, side, heads):
        """Inside one window, (1, C, side, side)."""
        mixed = self.linear(self.normed(x, f"{name}.norm"), f"{name}.qkv")
        q, k, v = mixed.view(heads, 3, -1, side * side).unbind(1)
        biases = self.at(f"{name}.attention_biases")[:, offsets(side)]
        scores = q.transpose(1, 2) @ k * q.shape[1] ** -0.5 + biases
        return self.linear((v @ scores.softmax(-1).transpose(1, 2)).reshape(x.shape), f"{name}.proj")

    def linear(self, x, name):
        return functional.conv2d(x, self.at(f"{name}.weight")[..., None, None], self.at(f"{name}.bias"))

    def normed(self, x, name, eps=1e-5):
        last = x.permute(0, 2, 3, 1)
        normed = functional.layer_norm(
            last, last.shape[-1:], self.at(f"{name}.weight"), self.at(f"{name}.bias"), eps
        )
        return normed.permute(0, 3, 1, 2)
