"""CLIP's image tower on a Vision Transformer against open_clip's own, on one random checkpoint."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import tiny_clip
import tiny_vit_clip as tiny
import torch
from open_clip.transform import image_transform
from PIL import Image
from street import street
from torch.nn.functional import normalize

from saa.errors import ModelError
from saa.foundation import clip_vit
from saa.foundation.clip_vit import LOOK, Sizes
from saa.foundation.devices import Placement

CPU = Placement()
IMAGE = street(130, 75)


@pytest.fixture
def checkpoint(tmp_path):
    return tiny.record(tmp_path / "weights")


def pixels(image=IMAGE):
    """What open_clip's model is given: (1, 3, h, w), by open_clip's own preparation."""
    prepare = image_transform(tiny.SIDE_PX, is_train=False, resize_mode="squash", interpolation="bicubic")
    return prepare(Image.fromarray(image))[None]


def test_images_are_prepared_as_open_clip_does_it():
    np.testing.assert_allclose(LOOK.pixels(IMAGE, (tiny.SIDE_PX,) * 2), pixels()[0], rtol=1e-5, atol=1e-6)


def test_a_whole_image_means_what_open_clip_says_it_means(checkpoint):
    found = clip_vit.load(checkpoint, CPU, (2,))(IMAGE)
    with torch.inference_mode():
        expected = normalize(tiny.model().encode_image(pixels()), dim=-1)[0]
    assert (found.whole.shape, found.whole.dtype) == ((tiny.EMBEDDED,), np.float32)
    np.testing.assert_allclose(found.whole, expected, atol=1e-5)


@pytest.mark.parametrize("scale", [1, 2, 3, tiny.GRID])
def test_a_window_means_what_open_clip_sees_if_no_token_looks_beyond_it(checkpoint, scale):
    """Each window by itself: all patches pass open_clip's layers, but those outside are hidden from attention."""
    found = clip_vit.load(checkpoint, CPU, (scale,))(IMAGE).windows[scale]
    visual, count = tiny.model().visual, tiny.GRID - scale + 1
    assert found.shape == (count, count, tiny.EMBEDDED)
    for row in range(count):
        for column in range(count):
            hidden = torch.ones(tiny.GRID, tiny.GRID, dtype=torch.bool)
            hidden[row : row + scale, column : column + scale] = False
            mask = torch.zeros(1 + tiny.GRID**2, 1 + tiny.GRID**2)
            mask[:, 1:][:, hidden.flatten()] = -torch.inf
            with torch.inference_mode():
                tokens = visual.transformer(visual._embeds(pixels()), attn_mask=mask)
                expected = normalize(visual.ln_post(tokens)[0, 0] @ visual.proj, dim=-1)
            np.testing.assert_allclose(found[row, column], expected, atol=1e-5)


def test_brain_floats_say_nearly_the_same(checkpoint):
    exact = clip_vit.load(checkpoint, CPU, (2,))(IMAGE)
    rough = clip_vit.load(checkpoint, Placement("cpu", "bf16"), (2,))(IMAGE)
    assert rough.whole.dtype == np.float32
    np.testing.assert_allclose(rough.windows[2], exact.windows[2], atol=0.05)
    np.testing.assert_allclose(rough.whole, exact.whole, atol=0.05)


def test_the_sizes_are_those_of_the_file(checkpoint):
    found = clip_vit.load(checkpoint, CPU, (2,)).sizes
    assert found == Sizes(tiny.GRID, tiny.PATCH_PX, tiny.WIDTH, tiny.LAYERS, tiny.EMBEDDED)


def test_the_published_sizes_are_those_of_open_clip():
    published = open_clip.get_model_config("ViT-B-16-plus-240")
    image, ours = published["vision_cfg"], Sizes()
    assert (ours.side_px, ours.patch_px) == (image["image_size"], image["patch_size"])
    assert (ours.width, ours.layers) == (image["width"], image["layers"])
    assert ours.embedded == published["embed_dim"]
    with torch.device("meta"):
        theirs = open_clip.CLIP(published["embed_dim"], image, published["text_cfg"]).visual.state_dict()
    tower = clip_vit.architecture(ours).state_dict()
    assert {key: value.shape for key, value in tower.items()} == {
        key: value.shape for key, value in theirs.items()
    }


def test_the_network_is_loaded_once(checkpoint):
    first, second = (clip_vit.load(checkpoint, CPU, (2, 3)) for _ in range(2))
    assert first == second
    assert first.network is second.network


@pytest.mark.parametrize("state", [{"weight": torch.zeros(3, 4)}, tiny_clip.model().state_dict()])
def test_the_weights_of_another_model_are_refused_in_one_line(tmp_path, state):
    name = tiny.record(tmp_path / "other", state)
    with pytest.raises(
        ModelError, match=rf"^{name}: expected the weights of CLIP on a Vision Transformer, got others"
    ) as told:
        clip_vit.load(name, CPU, (2,))
    assert "\n" not in str(told.value)


def test_windows_larger_than_the_image_are_refused(checkpoint):
    with pytest.raises(ModelError, match=r"^scales: expected windows of at most 6 patches a side, .* got 7"):
        clip_vit.load(checkpoint, CPU, (2, 7))
