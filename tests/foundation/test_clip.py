"""Our towers against open_clip's own model, on one random checkpoint."""

from __future__ import annotations

import numpy as np
import open_clip
import pytest
import tiny_clip
import torch
from street import street
from torch import nn

from saa.errors import ModelError
from saa.foundation import clip
from saa.foundation.clip import ImageSizes, TextSizes
from saa.foundation.devices import Placement

CPU = Placement()
TEXTS = ["road", "a photo of a traffic light.", "There is a large palm tree in the scene."]


@pytest.fixture
def checkpoint(tmp_path):
    return tiny_clip.record(tmp_path / "weights")


def test_a_whole_image_means_what_open_clip_says_it_means(checkpoint):
    tower = clip.image_tower(checkpoint, CPU)
    pixels = torch.randn(1, 3, 64, 96)
    with CPU.running():
        coarse = tower.features(pixels)[-1]
        found = tower.embedded(coarse.mean(dim=(2, 3)))
        torch.testing.assert_close(found, tiny_clip.model().encode_image(pixels), atol=1e-5, rtol=1e-5)


def test_features_are_those_of_the_stages(checkpoint):
    tower = clip.image_tower(checkpoint, CPU, "exact")
    pixels = torch.randn(1, 3, 64, 96)
    with CPU.running():
        x = tiny_clip.model().visual.trunk.stem(pixels)
        for found, stage in zip(tower.features(pixels), tiny_clip.model().visual.trunk.stages, strict=True):
            x = stage(x)
            torch.testing.assert_close(found, x, atol=1e-6, rtol=1e-6)
            assert found.is_contiguous()


def test_texts_mean_what_open_clip_says_they_mean(checkpoint):
    ids = clip.tokens(TEXTS)
    tower = clip.text_tower(checkpoint, CPU, ids.shape[1])
    with CPU.running():
        expected = tiny_clip.model().encode_text(open_clip.tokenize(TEXTS))
        torch.testing.assert_close(tower(ids), expected, atol=1e-5, rtol=1e-5)


def test_tokens_are_those_of_open_clip_up_to_the_longest_text():
    ids, whole = clip.tokens(TEXTS), open_clip.tokenize(TEXTS)
    assert ids.shape == (3, 12)
    torch.testing.assert_close(ids, whole[:, :12])
    assert not whole[:, 12:].any()


def test_a_text_without_end_is_cut():
    assert clip.tokens(["very " * 200 + "long"]).shape == (1, 77)


def test_the_published_sizes_are_those_of_open_clip():
    published = open_clip.get_model_config("convnext_large_d_320")
    text = published["text_cfg"]
    assert ImageSizes().embedded == TextSizes().embedded == published["embed_dim"]
    assert (TextSizes().width, TextSizes().layers) == (text["width"], text["layers"])
    assert (TextSizes().context, TextSizes().vocabulary) == (text["context_length"], text["vocab_size"])
    assert text["width"] // text["heads"] == 64
    with torch.device("meta"):
        assert sum(weight.numel() for weight in clip.ImageTower(ImageSizes()).parameters()) == 199_770_817


def test_the_sizes_are_those_of_the_file(checkpoint):
    tower = clip.image_tower(checkpoint, CPU)
    assert tower.sizes == ImageSizes(tiny_clip.DEPTHS, tiny_clip.CHANNELS, tiny_clip.EMBEDDED)


@pytest.mark.parametrize("side", ["image", "text"])
def test_the_weights_of_another_model_are_refused_in_one_line(tmp_path, side):
    name = tiny_clip.record(tmp_path / "other", nn.Linear(3, 4).state_dict())
    load = {"image": lambda: clip.image_tower(name, CPU), "text": lambda: clip.text_tower(name, CPU, 5)}
    with pytest.raises(
        ModelError, match=rf"^{name}: expected the weights of CLIP on ConvNeXt, got others"
    ) as told:
        load[side]()
    assert "\n" not in str(told.value)


def test_a_clip_on_another_trunk_is_refused(tmp_path):
    state = {key: value for key, value in tiny_clip.model().state_dict().items() if "conv_dw" not in key}
    with pytest.raises(ModelError, match="expected the weights of CLIP on ConvNeXt"):
        clip.image_tower(tiny_clip.record(tmp_path / "other", state), CPU)


@pytest.mark.parametrize(
    ("size", "shortest_px", "longest_px", "expected"),
    [
        ((1024, 2048), 1024, 2560, (1024, 2048)),
        ((720, 1280), 1024, 2560, (1024, 1820)),
        ((1280, 720), 1024, 2560, (1820, 1024)),
        ((500, 2000), 1024, 2560, (640, 2560)),
        ((3, 3), 64, 80, (64, 64)),
        ((1, 400), 64, 80, (1, 80)),
    ],
)
def test_an_image_is_fitted_between_two_sides(size, shortest_px, longest_px, expected):
    assert clip.fitted(size, shortest_px, longest_px) == expected


def test_pixels_are_standardised_and_padded_with_zeros():
    pixels, scaled = clip.seen(np.full((40, 50, 3), (123, 0, 255), np.uint8), 40, 100)
    assert scaled == (40, 50)
    assert (pixels.shape, pixels.dtype) == ((3, 64, 64), torch.float32)
    expected = [
        (123 - 122.7709383) / 68.5005327,
        -116.7460125 / 66.6321579,
        (255 - 104.09373615) / 70.32316305,
    ]
    np.testing.assert_allclose(pixels[:, 39, 49], expected, atol=1e-6)
    assert not pixels[:, 40:].any()
    assert not pixels[:, :, 50:].any()


def test_an_image_of_fitting_size_is_only_standardised():
    image = street(64, 96)
    pixels, scaled = clip.seen(image, 64, 96)
    assert scaled == (64, 96)
    back = pixels[0] * 68.5005327 + 122.7709383
    np.testing.assert_allclose(back, image[..., 0], atol=1e-4)
