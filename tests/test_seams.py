"""What later stages rely on: values that can be exchanged, and one encoding for all that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest
from scripted_stages import Scene, regions

from saa import config
from saa.backends.cascade import Cascade, Config
from saa.embedded.encoding import Encoder
from saa.prompts import ProductPrompt
from saa.types import Frame, Image, Regions, Salience

SIZE = (4, 5)


@dataclass(frozen=True)
class FittedSaliency:
    """How far each pixel lies from the brightness that a product's images have on average."""

    level: float

    @classmethod
    def fitted(cls, images: list[Image]) -> FittedSaliency:
        return cls(float(np.mean([image.mean() for image in images])))

    def saliency(self, frame: Frame, objects: Regions) -> Salience:
        return Salience((np.abs(frame.image.mean(axis=-1) - self.level) / 255).astype(np.float32))


class CountingEncoder:
    """Counts how often it is asked to encode."""

    def __init__(self, encode: Callable[[Image], object]):
        self.encode = encode
        self.calls = 0

    def __call__(self, image: Image) -> object:
        self.calls += 1
        return self.encode(image)


@pytest.fixture
def inspector() -> Cascade:
    scene = Scene(
        regions(SIZE),
        regions(SIZE, ("crack", 0.5, (0, slice(0, 2)))),
        np.zeros(SIZE, np.float32),
        np.ones(SIZE, np.float32),
    )
    prompt = ProductPrompt.model_validate({"object": {"phrase": "part"}})
    return Config(dense_weight=1.0).build(prompt, **scene.stages())


@pytest.fixture
def image() -> Image:
    image = np.full((*SIZE, 3), 100, np.uint8)
    image[3] = 151
    return image


def test_a_saliency_fitted_beforehand_takes_the_place_of_another(inspector, image):
    fitted = FittedSaliency.fitted([np.full((2, 2, 3), 80, np.uint8), np.full((3, 1, 3), 120, np.uint8)])
    found = replace(inspector, saliency=fitted).inspect(image)
    expected = np.zeros(SIZE, np.float32)
    expected[3] = 51 / 255
    np.testing.assert_allclose(found.saliency, expected, rtol=1e-6)
    expected[0, :2] = 0.5
    np.testing.assert_allclose(found.anomaly_map, expected, rtol=1e-6)


def test_exchanging_a_stage_touches_no_other_and_not_the_inspector_itself(inspector, image):
    before = inspector.inspect(image)
    other = replace(inspector, saliency=FittedSaliency(100))
    for stage in ("prompt", "settings", "generator", "refiner", "grounder"):
        assert getattr(other, stage) is getattr(inspector, stage)
    other.inspect(image)
    np.testing.assert_array_equal(inspector.inspect(image).anomaly_map, before.anomaly_map)


def test_stages_cannot_be_set_in_place(inspector):
    with pytest.raises(FrozenInstanceError, match="saliency"):
        inspector.saliency = FittedSaliency(100)


def test_a_fitted_stage_joins_the_embedded_engine(image):
    built = config.load("mvtec/bottle", "embedded").build()
    found = replace(built, saliency=FittedSaliency(100)).inspect(image)
    np.testing.assert_allclose(found.saliency[3], np.full(5, 51 / 255), rtol=1e-6)
    np.testing.assert_array_equal(found.saliency[:3], np.zeros((3, 5)))


def test_a_frame_encodes_once_for_each_encoder(image):
    frame, mean, size = Frame(image), CountingEncoder(np.mean), CountingEncoder(np.shape)
    answers = [frame.encoded(mean), frame.encoded(size), frame.encoded(mean), frame.encoded(size)]
    assert answers[0] == answers[2] == np.mean(image)
    assert answers[1] == answers[3] == (*SIZE, 3)
    assert (mean.calls, size.calls) == (1, 1)


def test_an_encoding_of_nothing_is_kept_too(image):
    frame, nothing = Frame(image), CountingEncoder(lambda image: None)
    assert frame.encoded(nothing) is None
    assert frame.encoded(nothing) is None
    assert nothing.calls == 1


def test_a_frame_with_its_saliency_shares_what_was_encoded_and_not_what_was_viewed(image):
    frame, mean, area = Frame(image), CountingEncoder(np.mean), CountingEncoder(lambda frame: frame.saliency)
    marked = frame.marked(np.ones(SIZE, np.float32))
    assert frame.encoded(mean) == marked.encoded(mean)
    assert mean.calls == 1
    assert frame.viewed(area) is None
    assert marked.viewed(area) is marked.viewed(area) is marked.saliency
    assert frame.saliency is None
    assert area.calls == 2


def test_another_frame_of_the_same_image_shares_nothing(image):
    encoder = CountingEncoder(np.mean)
    Frame(image).encoded(encoder)
    Frame(image).encoded(encoder)
    assert encoder.calls == 2


def test_an_encoder_that_fails_may_be_asked_again(image):
    def fail(image):
        raise RuntimeError("out of memory")

    frame = Frame(image)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="out of memory"):
            frame.encoded(fail)


def test_all_stages_of_the_embedded_engine_share_one_encoding(monkeypatch):
    encode, calls = Encoder.__call__, []

    def counted(self, image):
        calls.append(self)
        return encode(self, image)

    monkeypatch.setattr(Encoder, "__call__", counted)
    built = config.load("mvtec/bottle", "embedded").build()
    built.inspect(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    assert len(calls) == 1
