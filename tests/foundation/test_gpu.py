"""The engine `foundation` on an accelerator against the same on the processor, in small.

What the two make of one picture differs by rounding. Where a number lies next to a threshold or to its rival, that
may change an answer, so a few boxes, pixels and names may differ; how many is said where it is allowed.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import tiny_foundation
import torch

from saa.types import Frame

DEVICE = "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card of NVIDIA or AMD"),
]
SIZE = (70, 90)
SEVERAL = {"object": {"phrase": "metal nut", "count": 4}}
WITHIN = {"fp32": 1e-3, "bf16": 0.05}
"""How far saliency and scores may be apart, of their range."""
DIFFERENT = {"fp32": 0.005, "bf16": 0.05}
"""Share of pixels of masks and maps that may differ more."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Builds inspectors on one set of small networks."""
    return tiny_foundation.Workshop(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(params=["released", "default"])
def profile(request):
    return request.param


@pytest.fixture(params=["fp32", "bf16"])
def precision(request):
    return request.param


@pytest.fixture
def pair(workshop, profile):
    """The same inspector on the processor, exact, and on the accelerator."""

    def make(precision, **stages):
        there = {"device": DEVICE, "precision": precision, **stages}
        return workshop.inspector(profile, **SEVERAL), workshop.inspector(profile, engine=there, **SEVERAL)

    return make


def picture():
    """Four grainy discs, one of them with a blue mark."""
    drawn = np.full((*SIZE, 3), (40, 50, 60), np.uint8)
    for x, y in ((22, 19), (67, 19), (22, 51), (67, 51)):
        cv2.circle(drawn, (x, y), 11, (180, 170, 140), -1)
    cv2.circle(drawn, (67, 49), 4, (40, 120, 190), -1)
    return np.clip(drawn + np.random.default_rng(0).normal(0, 9, drawn.shape), 0, 255).astype(np.uint8)


def differing(found, wanted, within):
    """Share of the places where two planes are further apart than a share of the second one's range."""
    return np.mean(np.abs(found - wanted) > within * max(1e-6, float(np.ptp(wanted))))


def test_the_whole_cascade_finds_the_same_in_full_precision(pair):
    here, there = (each.inspect(picture()) for each in pair("fp32"))
    assert there.regions.phrases == here.regions.phrases
    np.testing.assert_allclose(there.regions.scores, here.regions.scores, rtol=WITHIN["fp32"])
    assert np.mean(there.regions.masks != here.regions.masks) < DIFFERENT["fp32"]
    assert differing(there.saliency, here.saliency, WITHIN["fp32"]) < DIFFERENT["fp32"]
    assert differing(there.anomaly_map, here.anomaly_map, WITHIN["fp32"]) < DIFFERENT["fp32"]
    assert there.score == pytest.approx(here.score, rel=0.01)


def test_the_whole_cascade_gives_a_valid_map_in_brain_floats(pair):
    here, there = (each.inspect(picture()) for each in pair("bf16"))
    assert there.anomaly_map.shape == there.saliency.shape == SIZE
    assert there.anomaly_map.dtype == there.saliency.dtype == there.regions.scores.dtype == np.float32
    assert np.isfinite(there.anomaly_map).all()
    assert there.anomaly_map.min() >= 0
    assert len(there.regions) == len(here.regions)
    np.testing.assert_allclose(there.regions.scores, here.regions.scores, rtol=0.1)


def test_boxes_scores_and_names_of_the_detector_are_about_the_same(pair, precision):
    here, there = pair(precision)
    wanted, found = (
        each.generator.propose(Frame(picture()), each.prompt.captions()) for each in (here, there)
    )
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert len(found) == pytest.approx(len(wanted), rel=0.01 if precision == "fp32" else 0.1)
    apart = np.abs(np.sort(found.scores)[-20:] - np.sort(wanted.scores)[-20:])
    assert apart.mean() < WITHIN[precision]


def test_boxes_have_the_same_masks(pair, precision):
    here, there = pair(precision)
    proposed = here.generator.propose(Frame(picture()), here.prompt.captions())
    wanted, found = (each.refiner.refine(Frame(picture()), proposed) for each in (here, there))
    assert np.mean(found.masks != wanted.masks) < DIFFERENT[precision]


def test_objects_stand_out_by_the_same(pair, precision):
    here, there = pair(precision)
    objects = here.refiner.refine(
        Frame(picture()), here.generator.propose(Frame(picture()), [(here.prompt.object.phrase,)])
    )
    assert len(objects) > 1
    for counted in (objects, objects[np.arange(1)]):
        wanted, found = (each.saliency.saliency(Frame(picture()), counted) for each in (here, there))
        assert differing(found.map, wanted.map, WITHIN[precision]) < DIFFERENT[precision]
        assert found.notes == wanted.notes


def test_as_much_as_fills_a_card_finds_what_little_finds(pair):
    _, there = pair("fp32")
    _, filled = pair("fp32", regions={"captions_at_once": 16}, refiner={"boxes_at_once": 64})
    wanted = there.inspect(picture())
    found = filled.inspect(picture())
    assert found.regions.phrases == wanted.regions.phrases
    np.testing.assert_allclose(found.regions.scores, wanted.regions.scores, rtol=WITHIN["fp32"])
    assert differing(found.anomaly_map, wanted.anomaly_map, WITHIN["fp32"]) < DIFFERENT["fp32"]


def test_odd_pictures_are_borne(pair):
    _, there = pair("fp32")
    for size in ((1, 1), (1, 200), (2000, 30)):
        assert np.isfinite(there.inspect(np.full((*size, 3), 90, np.uint8)).anomaly_map).all()


def test_stages_on_the_processor_and_on_the_card_work_together(pair):
    here, there = pair("fp32")
    wanted = here.inspect(picture())
    for stage in ("generator", "refiner", "saliency"):
        mixed = replace(here, **{stage: getattr(there, stage)})
        assert differing(mixed.inspect(picture()).anomaly_map, wanted.anomaly_map, 1e-3) < DIFFERENT["fp32"]
