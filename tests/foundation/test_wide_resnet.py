from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
import timm
import tiny_wide_resnet
import torch

from saa import plugins
from saa.errors import ModelError
from saa.foundation import wide_resnet
from saa.foundation.devices import Placement
from saa.foundation.wide_resnet import Settings
from saa.prompts import ProductPrompt
from saa.types import Frame, Regions
from saa.weights import added


@pytest.fixture(scope="module")
def whole() -> torch.nn.Module:
    """The published network, its classifier included, with random weights."""
    return tiny_wide_resnet.shuffled(timm.create_model("wide_resnet50_2", num_classes=2))


@pytest.fixture(scope="module")
def checkpoint(whole, tmp_path_factory):
    """Its weights as torchvision published them: in half precision."""
    path = tmp_path_factory.mktemp("weights") / "wide_resnet50_2-95faca4d.pth"
    torch.save({key: value.half() for key, value in whole.state_dict().items()}, path)
    return path


@pytest.fixture
def settings(checkpoint, monkeypatch) -> Settings:
    """Settings with that checkpoint, which the user has added."""
    monkeypatch.setenv("SAA_WEIGHTS", str(checkpoint.parent))
    added.add("wide_resnet50_tv", checkpoint)
    return Settings(checkpoint="wide_resnet50_tv")


@pytest.fixture
def image() -> np.ndarray:
    """(90, 130, 3) of noise."""
    return np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8)


def test_the_levels_are_the_first_three_stages_of_the_published_network(whole, settings, image):
    stages = []
    for stage in (whole.layer1, whole.layer2, whole.layer3):
        stage.register_forward_hook(lambda module, given, found: stages.append(found))
    eye = settings.eye(96)
    with torch.inference_mode():
        halved = {key: value.half().float() for key, value in whole.state_dict().items()}
        torch.func.functional_call(whole, halved, torch.from_numpy(eye.seen(image)).permute(2, 0, 1)[None])
    levels = eye(image).levels
    assert [tuple(level.shape) for level in levels] == [(24, 24, 256), (12, 12, 512), (6, 6, 1024)]
    for level, stage in zip(levels, stages, strict=True):
        assert level.dtype == torch.float32
        assert level.is_contiguous()
        torch.testing.assert_close(level, stage[0].permute(1, 2, 0), rtol=1e-4, atol=1e-4)


def test_stages_with_the_same_file_share_a_network_and_its_work(settings, image):
    eye, again = settings.eye(64), Settings(checkpoint="wide_resnet50_tv").eye(64)
    assert again == eye
    frame = Frame(image)
    assert frame.encoded(again) is frame.encoded(eye)
    assert frame.encoded(settings.eye(32)) is not frame.encoded(eye)


def test_a_checkpoint_of_another_model_is_refused_with_what_differs(checkpoint, monkeypatch, tmp_path):
    path = tmp_path / "wide_resnet50_racm-8234f177.pth"
    state = torch.load(checkpoint)
    state["extra.weight"] = state.pop("layer3.5.conv2.weight")
    torch.save(state, path)
    added.add("wide_resnet50_racm", path)
    message = "1 missing: layer3.5.conv2.weight; 1 unexpected: extra.weight; give the stage the checkpoint"
    with pytest.raises(ModelError, match=message):
        Settings().eye(64)


@pytest.mark.parametrize("name", ["wide_resnet50_racm", "wide_resnet50_tv"])
def test_a_missing_checkpoint_is_one_line(name):
    with pytest.raises(
        ModelError, match=f"{name}: expected wide_resnet50_2.* in .*, got no such file"
    ) as caught:
        Settings(checkpoint=name).eye(64)
    assert "\n" not in str(caught.value)


def test_an_unknown_checkpoint_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match=r"expected one of .*wide_resnet50_racm.*, got 'resnet'"):
        Settings(checkpoint="resnet").eye(64)


def test_nothing_is_loaded_before_a_stage_is_built():
    used = "from saa.saliency import cross_instance, self_similarity; from saa.describers import wide_resnet"
    made = "; ".join(f"{module}.Config()" for module in ("cross_instance", "self_similarity", "wide_resnet"))
    heavy = "sorted({'torch', 'timm', 'torchvision'} & set(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; {used}; {made}; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_colours_are_standardised_as_the_network_was_trained():
    grey = np.full((64, 64, 3), (255, 0, 51), np.uint8)
    seen = tiny_wide_resnet.eye().seen(grey)
    assert seen.dtype == np.float32
    assert seen.shape == (64, 64, 3)
    np.testing.assert_allclose(
        seen[0, 0], [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225], rtol=1e-6
    )


def test_colours_in_the_order_of_the_released_code_are_those_of_a_swapped_picture(image):
    eye = tiny_wide_resnet.eye()
    swapped = replace(eye, colours="bgr")
    np.testing.assert_array_equal(swapped.seen(image), eye.seen(image[..., ::-1].copy()))
    for level, other in zip(swapped(image).levels, eye(image[..., ::-1].copy()).levels, strict=True):
        torch.testing.assert_close(level, other)


def test_linear_shrinking_is_that_of_the_released_code_and_area_sees_every_pixel():
    lines = np.zeros((256, 256, 3), np.uint8)
    lines[::4] = 255
    back = partial(np.testing.assert_allclose, rtol=0, atol=0.5)
    eye = tiny_wide_resnet.eye()
    area = eye.seen(lines)[..., 0] * 0.229 + 0.485
    back(area * 255, 64)
    linear = replace(eye, shrinking="linear").seen(lines)[..., 0] * 0.229 + 0.485
    back(linear * 255, cv2.resize(lines, (64, 64))[..., 0])
    assert not np.allclose(linear, area, atol=0.1)


@pytest.mark.parametrize("size", [(1, 1), (20, 30), (40, 300), (300, 40)])
def test_small_and_long_pictures_are_stretched_to_a_square(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found = tiny_wide_resnet.eye()(image)
    assert found.size == (16, 16)
    assert all(torch.isfinite(level).all() for level in found.levels)


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((1, 1), (128, 128)),
        ((300, 300), (128, 128)),
        ((100, 200), (96, 176)),
        ((200, 100), (176, 96)),
        ((1, 8), (48, 368)),
        ((10_000, 300), (368, 48)),
    ],
)
def test_where_the_aspect_is_kept_the_area_stays_and_eight_to_one_is_the_most(size, seen):
    eye = tiny_wide_resnet.eye(128, keeps_aspect=True)
    assert eye.seen(np.zeros((*size, 3), np.uint8)).shape == (*seen, 3)


def test_equal_pictures_give_equal_bits_and_stay_as_they_are(image):
    eye, before = tiny_wide_resnet.eye(), image.copy()
    once = eye(image)
    eye(image[::-1].copy())
    for level, again in zip(once.levels, eye(before).levels, strict=True):
        assert torch.equal(level, again)
    np.testing.assert_array_equal(image, before)


def test_brain_floats_give_nearly_the_same_in_single_precision(image):
    exact = tiny_wide_resnet.eye()
    quick = replace(exact, placement=Placement("cpu", "bf16"))
    for level, close in zip(exact(image).levels, quick(image).levels, strict=True):
        assert close.dtype == torch.float32
        torch.testing.assert_close(close, level, rtol=0.1, atol=0.1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card of NVIDIA or AMD")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_card_sees_what_the_processor_sees(image, precision):
    here, placement = tiny_wide_resnet.eye(), Placement("cuda", precision)
    there = replace(tiny_wide_resnet.eye(), placement=placement)
    placement.place(there.network)
    tolerance = 1e-3 if precision == "fp32" else 0.1
    for level, other in zip(here(image).levels, there(image).levels, strict=True):
        assert other.device.type == "cuda"
        torch.testing.assert_close(other.cpu(), level, rtol=tolerance, atol=tolerance)


KINDS = ["saliency/self_similarity", "saliency/cross_instance", "describers/wide_resnet"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_stage_is_built_from_the_file(kind, settings, image):
    small = {"single": {"size_px": 64}} if kind.endswith("cross_instance") else {}
    config = plugins.load(*kind.split("/")).Config(checkpoint="wide_resnet50_tv", size_px=64, **small)
    prompt = ProductPrompt.model_validate({"object": {"phrase": "candle", "count": 2}})
    built = config.build(prompt)
    assert built == config.build(prompt)
    masks = np.zeros((2, 90, 130), bool)
    masks[0, :40], masks[1, 50:] = True, True
    objects = Regions(masks, np.ones(2, np.float32), ("candle", "candle"))
    if kind.startswith("describers"):
        found = built.describe(Frame(image), levelled=False)
        assert found.shape[-1] == config.num_features
    else:
        found = built.saliency(Frame(image), objects).map
        assert found.shape == (90, 130)
    assert np.ptp(found) > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_keep_their_own_bounds(kind):
    config = plugins.load(*kind.split("/")).Config()
    assert type(config).model_validate(config.model_dump()) == config
    assert config.size_px % wide_resnet.STEP_PX == 0
