from __future__ import annotations

import pytest

from saa.describers import handmade
from saa.embedded.settings import LookSettings
from saa.prompts import ProductPrompt
from saa.saliency import neighbours

LOOK = LookSettings(working_area_px=10_000)


@pytest.fixture(scope="session")
def prompt() -> ProductPrompt:
    """A part on a ground."""
    return ProductPrompt.model_validate({"object": {"phrase": "plate", "extent": "part"}})


@pytest.fixture(scope="session")
def describer(prompt) -> handmade.HandmadeDescriber:
    """What places look like, without weights, on small pictures."""
    return handmade.Config(look=LOOK).build(prompt)


@pytest.fixture(scope="session")
def alone(prompt) -> neighbours.NeighbourSaliency:
    """What judges an image by itself, on small pictures."""
    return neighbours.Config(look=LOOK).build(prompt)
