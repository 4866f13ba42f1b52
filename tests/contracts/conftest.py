from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from saa import config as configs
from saa.prompts import ProductPrompt
from saa.types import Frame


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


def plain(height: int, width: int, level: int) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def part() -> np.ndarray:
    """A grey part on a light ground with a dark mark on it."""
    image = plain(72, 110, 220)
    image[12:60, 20:90] = 120
    image[30:38, 40:52] = (90, 30, 30)
    return image


def surface() -> np.ndarray:
    """A coarse surface with a bright scratch."""
    grain = np.random.default_rng(5).normal(0, 12, (80, 120))
    image = np.repeat(np.clip(120 + grain, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    image[40:43, 30:95] = 235
    return image


PICTURES = {
    "1x1": noise(1, 1),
    "1x200": noise(1, 200),
    "3x2": noise(3, 2),
    "black": plain(40, 30, 0),
    "noise": noise(45, 67),
    "16:1": noise(16, 256),
    "part": part(),
    "surface": surface(),
}


@pytest.fixture(scope="module", params=PICTURES)
def image(request) -> np.ndarray:
    """One of many pictures a stage must bear: tiny, long, flat, wild, and two that show something."""
    return PICTURES[request.param].copy()


@pytest.fixture(scope="module")
def frame(image) -> Frame:
    """The picture; its encodings are shared by the tests of a module."""
    return Frame(image)


@pytest.fixture(scope="module")
def other_frame() -> Frame:
    """Something else to look at in between."""
    return Frame(surface()[::-1, ::-1].copy())


@pytest.fixture(scope="module")
def telling_frame() -> Frame:
    """A picture in which there is something to find."""
    return Frame(part())


@pytest.fixture(scope="module", params=["part", "frame"])
def prompt(request) -> ProductPrompt:
    """A product, once as a part on a ground and once as a surface."""
    return ProductPrompt.model_validate(
        {
            "object": {"phrase": "thing", "extent": request.param},
            "defects": {"captions": ["bright scratch", ["dark hole", "red stain"], "worn patch"]},
        }
    )


@pytest.fixture(scope="session")
def recipe_with() -> Callable[..., configs.Recipe]:
    """The embedded engine's recipe for a product, with another saliency."""

    def build(saliency, prompt: ProductPrompt) -> configs.Recipe:
        usual = replace(configs.load("mvtec/bottle", "embedded"), prompt=prompt)
        return replace(usual, saliency=saliency, single=usual)

    return build


@pytest.fixture(scope="session")
def fitted(recipe_with) -> Callable[..., object]:
    """The stage that a fitted saliency becomes by a product's images."""

    def build(saliency, prompt: ProductPrompt, images):
        recipe = recipe_with(saliency, prompt)
        return recipe.build(recipe.fit(images)).saliency

    return build
