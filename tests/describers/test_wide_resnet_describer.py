from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
import tiny_wide_resnet
import torch

from saa.describers import wide_resnet
from saa.describers.wide_resnet import WideResNetDescriber
from saa.foundation.single import Single, SingleSettings
from saa.prompts import ProductPrompt
from saa.saliency import consensus
from saa.saliency.self_similarity import SelfSimilarity
from saa.types import Frame, Regions


@pytest.fixture
def describer() -> WideResNetDescriber:
    """Looks at 192 x 192 pixels with the tiny network."""
    return WideResNetDescriber(tiny_wide_resnet.eye(192, keeps_aspect=True), 32)


@pytest.fixture
def image() -> np.ndarray:
    """(90, 130, 3) of noise, in patches of 10 pixels."""
    return cv2.resize(
        np.random.default_rng(0).integers(0, 256, (9, 13, 3), np.uint8),
        (130, 90),
        interpolation=cv2.INTER_NEAREST,
    )


def part(seed: int) -> np.ndarray:
    """(96, 128, 3) a plate with a hole and a stripe, as a camera sees it once more."""
    image = np.full((96, 128, 3), (210, 205, 200), np.uint8)
    cv2.rectangle(image, (16, 14), (112, 82), (90, 100, 120), -1)
    cv2.circle(image, (40, 48), 14, (210, 205, 200), -1)
    cv2.rectangle(image, (64, 20), (76, 76), (150, 140, 60), -1)
    return grainy(image, seed)


def texture(seed: int) -> np.ndarray:
    """(96, 128, 3) pebbles that lie differently every time."""
    random = np.random.default_rng(seed)
    image = np.full((96, 128, 3), 90, np.uint8)
    for x, y, level in random.integers((0, 0, 110), (128, 96, 190), (300, 3)):
        cv2.circle(image, (int(x), int(y)), 4, (int(level),) * 3, -1)
    return grainy(image, seed)


def grainy(image: np.ndarray, seed: int) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0, 3, image.shape[:2])
    return np.clip(image + grain[..., None], 0, 255).astype(np.uint8)


def saliency_among(images, describer, **settings) -> consensus.ConsensusSaliency:
    """What a dozen images say of one, seen by the tiny network alone."""
    prompt = ProductPrompt.model_validate({"object": {"phrase": "plate"}})
    single = SingleSettings(size_px=96, num_neighbours=50)
    alone = SelfSimilarity(Single(tiny_wide_resnet.eye(96), single, halved=False))
    config = consensus.Config(**settings)
    return config.fitted(prompt, describer, alone, config.fit(prompt, describer, alone, images))


def test_an_odd_patch_on_one_of_a_dozen_parts_is_found(describer):
    images = [part(seed) for seed in range(12)]
    images[5][60:70, 88:100] = (140, 60, 60)
    stage = saliency_among(images, describer)
    assert stage.fitted.decisions["arrangement"] == "aligned, as they lie"
    odd, usual = (
        stage.saliency(Frame(image), Regions.none((96, 128))).map for image in (images[5], images[8])
    )
    row, column = np.unravel_index(odd.argmax(), odd.shape)
    assert 56 <= row <= 74
    assert 84 <= column <= 104
    assert odd[60:70, 88:100].mean() > 2 * usual.max()


def test_a_missing_part_is_found_though_all_of_it_looks_usual(describer):
    images = [part(seed) for seed in range(12)]
    images[5][20:77, 64:77] = images[5][20:77, 90:103]
    stage = saliency_among(images, describer)
    odd, usual = (
        stage.saliency(Frame(image), Regions.none((96, 128))).map for image in (images[5], images[8])
    )
    assert odd[30:66, 66:75].mean() > 2 * usual.max()


def test_an_odd_patch_on_one_of_a_dozen_textures_is_found():
    describer = WideResNetDescriber(tiny_wide_resnet.eye(256, seed=1, keeps_aspect=True), 64)
    images = [texture(seed) for seed in range(12)]
    images[5][60:72, 80:94] = (140, 60, 60)
    stage = saliency_among(images, describer)
    assert stage.fitted.decisions["arrangement"] == "free"
    odd = stage.saliency(Frame(images[5]), Regions.none((96, 128))).map
    row, column = np.unravel_index(odd.argmax(), odd.shape)
    assert 56 <= row <= 76
    assert 76 <= column <= 98


def test_there_is_a_cell_every_eight_pixels_of_what_the_network_sees(describer):
    assert describer.describe(Frame(np.zeros((100, 100, 3), np.uint8)), levelled=False).shape == (24, 24, 32)
    assert describer.describe(Frame(np.zeros((100, 400, 3), np.uint8)), levelled=False).shape == (12, 48, 32)


def test_levelled_or_not_is_all_the_same_and_looked_at_once(describer, image):
    frame = Frame(image)
    np.testing.assert_array_equal(
        describer.describe(frame, levelled=True), describer.describe(frame, levelled=False)
    )
    assert len(frame.encodings) == 1


def test_the_signs_never_change():
    signs = wide_resnet._signs(6, 4)
    assert np.sign(signs).tolist() == [
        [1, 1, 1, -1], [-1, -1, -1, -1], [-1, 1, 1, -1], [-1, 1, 1, 1], [-1, -1, 1, -1], [1, -1, 1, -1],
    ]  # fmt: skip
    np.testing.assert_allclose(np.abs(signs), 10 / 2)
    assert np.array_equal(wide_resnet._signs(1792, 64), wide_resnet._signs(1792, 64))


def test_projected_features_tell_places_apart_as_all_features_do(describer, image):
    many = WideResNetDescriber(describer.eye, 128)
    found = many.describe(Frame(image), levelled=False).reshape(-1, 128)
    pyramid = describer.eye(image)
    fine, middle, coarse = (level.permute(2, 0, 1)[None] for level in pyramid.levels)
    wide = torch.cat(
        [
            torch.nn.functional.avg_pool2d(fine, 2),
            middle,
            torch.nn.functional.interpolate(coarse, middle.shape[2:], mode="bilinear"),
        ],
        dim=1,
    )
    unit = 10 * torch.nn.functional.normalize(wide, dim=1)[0].flatten(1).T.numpy()
    chosen = np.random.default_rng(0).integers(0, len(found), (500, 2))
    ratios = [
        np.linalg.norm(found[a] - found[b]) / np.linalg.norm(unit[a] - unit[b])
        for a, b in chosen
        if np.linalg.norm(unit[a] - unit[b]) > 0.5
    ]
    assert len(ratios) > 300
    assert abs(np.mean(ratios) - 1) < 0.05
    assert np.std(ratios) < 0.1


def test_more_features_keep_distances_better(describer, image):
    exact = WideResNetDescriber(describer.eye, 128).describe(Frame(image), levelled=False).reshape(-1, 128)
    spreads = []
    for num_features in (8, 32):
        found = WideResNetDescriber(describer.eye, num_features).describe(Frame(image), levelled=False)
        rough = found.reshape(-1, num_features)
        ratios = [
            np.linalg.norm(rough[a] - rough[b]) / np.linalg.norm(exact[a] - exact[b])
            for a, b in np.random.default_rng(0).integers(0, len(rough), (500, 2))
            if np.linalg.norm(exact[a] - exact[b]) > 0.5
        ]
        spreads.append(np.std(ratios))
    assert all(more > less for more, less in pairwise(spreads))


def test_a_silent_network_gives_finite_features(describer, image):
    for parameter in describer.eye.network.parameters():
        parameter.zero_()
    assert not describer.describe(Frame(image), levelled=False).any()
