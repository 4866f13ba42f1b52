from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
import tiny_sam
import torch
from pydantic import ValidationError

from saa.errors import ModelError
from saa.foundation import sam_masks
from saa.foundation.devices import Placement
from saa.prompts import ProductPrompt
from saa.refiners.sam import Config, SamRefiner
from saa.types import Frame, Proposals

PROMPT = ProductPrompt.model_validate({"object": {"phrase": "tile"}})


@pytest.fixture(scope="module")
def model():
    return Placement().place(tiny_sam.sam())


@dataclass(frozen=True, eq=False)
class Watched(sam_masks.Decoder):
    """A decoder that notes how many boxes it is given at a time."""

    numbers: list[int] = field(default_factory=list)

    def logits(self, encoding, boxes):
        self.numbers.append(len(boxes))
        return super().logits(encoding, boxes)


def refiner(model, boxes_at_once=4) -> SamRefiner:
    decoder = Watched(model, Placement())
    return SamRefiner(sam_masks.Encoder(model, Placement()), decoder, 0.0, boxes_at_once)


def frame(height=90, width=130) -> Frame:
    return Frame(np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8))


def proposals(count, height=90, width=130) -> Proposals:
    rng = np.random.default_rng(5)
    corners = np.sort(rng.random((count, 2, 2)), axis=1) * (width, height)
    phrases = tuple(f"phrase {number}" for number in range(count))
    return Proposals(corners.reshape(-1, 4).astype(np.float32), rng.random(count, np.float32), phrases)


def test_no_box_asks_nothing_of_the_model(model):
    asked = frame()
    found = refiner(model).refine(asked, Proposals.none())
    assert len(found) == 0
    assert found.size == (90, 130)
    assert not asked.encodings


def test_the_image_is_encoded_once_however_often_boxes_are_refined(model):
    asked, stage = frame(), refiner(model)
    stage.refine(asked, proposals(2))
    (encoding,) = asked.encodings.values()
    stage.refine(asked.marked(np.zeros((90, 130), np.float32)), proposals(3))
    assert list(asked.encodings.values()) == [encoding]


def test_boxes_are_decoded_some_at_a_time_with_the_same_masks(model):
    some, all_at_once = refiner(model, 3), refiner(model, 100)
    found, wanted = some.refine(frame(), proposals(8)), all_at_once.refine(frame(), proposals(8))
    assert some.decoder.numbers == [3, 3, 2]
    assert all_at_once.decoder.numbers == [8]
    assert np.mean(found.masks != wanted.masks) < 1e-4
    assert 0 < wanted.masks.mean() < 1


def test_scores_and_phrases_stay_those_of_the_detector(model):
    wanted = proposals(5)
    found = refiner(model).refine(frame(), wanted)
    np.testing.assert_array_equal(found.scores, wanted.scores)
    assert found.phrases == wanted.phrases


def test_a_box_without_area_is_asked_for_like_any_other(model):
    point = Proposals(np.array([[20, 30, 20, 30]], np.float32), np.ones(1, np.float32), ("spot",))
    assert refiner(model).refine(frame(), point).masks.shape == (1, 90, 130)


@pytest.mark.parametrize("size", [(1, 1), (10_000, 300), (300, 10_000)])
def test_tiny_and_long_images_get_masks_of_their_size(size, model):
    found = refiner(model).refine(frame(*size), proposals(2, *size))
    assert found.masks.shape == (2, *size)


def test_the_threshold_is_what_logits_inside_exceed(model):
    masks = [
        SamRefiner(sam_masks.Encoder(model, Placement()), sam_masks.Decoder(model, Placement()), threshold, 4)
        .refine(frame(), proposals(3))
        .masks
        for threshold in (-32.0, -0.5, 0.0, 32.0)
    ]
    assert masks[0].all()
    assert not masks[3].any()
    assert (masks[1] >= masks[2]).all()
    assert masks[1].sum() > masks[2].sum()


def test_a_checkpoint_is_built_and_used_by_its_name(tmp_path, model):
    tiny_sam.given(tmp_path, "sam_vit_h", model.state_dict())
    built = Config(boxes_at_once=2).build(PROMPT)
    found = built.refine(frame(), proposals(3))
    wanted = refiner(model, 2).refine(frame(), proposals(3))
    np.testing.assert_array_equal(found.masks, wanted.masks)


def test_settings_reach_the_stage(tmp_path, model):
    tiny_sam.given(tmp_path, "sam_vit_l", model.state_dict())
    settings = {"checkpoint": "sam_vit_l", "colours": "bgr", "answer": "surest", "mask_threshold": 1.5}
    built = Config.model_validate(settings | {"precision": "bf16", "boxes_at_once": 7}).build(PROMPT)
    assert built.encoder.colours == "bgr"
    assert built.decoder.answer == "surest"
    assert built.encoder.placement == built.decoder.placement == Placement("cpu", "bf16")
    assert (built.mask_threshold, built.boxes_at_once) == (1.5, 7)


def test_mobile_sam_refines_too_and_brain_floats_come_close(tmp_path):
    tiny_sam.given(tmp_path, "mobile_sam", tiny_sam.mobile_state(**tiny_sam.SMALL_MOBILE))
    built = Config(checkpoint="mobile_sam").build(PROMPT)
    asked = frame()
    found = built.refine(asked, proposals(1))
    assert found.masks.shape == (1, 90, 130)
    exact = asked.encoded(built.encoder).image
    assert exact.shape == (64 * 64, 32)
    rough = Config(checkpoint="mobile_sam", precision="bf16").build(PROMPT).encoder(asked.image).image
    assert 0 < float((exact - rough).abs().max()) < 0.2 * float(exact.abs().max())


def test_without_the_checkpoint_the_error_says_in_one_line_where_to_put_it():
    with pytest.raises(ModelError, match=r"mobile_sam: expected mobile_sam\.pt in") as told:
        Config(checkpoint="mobile_sam").build(PROMPT)
    assert "\n" not in str(told.value)


def test_an_unknown_checkpoint_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match=r"checkpoint: expected one of .*sam_vit_b.*, got 'sam_vit_x'"):
        Config(checkpoint="sam_vit_x").build(PROMPT)


@pytest.mark.parametrize(
    ("field", "value"),
    [("device", "tpu"), ("precision", "fp16"), ("colours", "bgra"), ("answer", "all"), ("boxes_at_once", 0)],
)
def test_settings_outside_their_bounds_are_refused(field, value):
    with pytest.raises(ValidationError, match=field):
        Config.model_validate({field: value})


def test_settings_are_read_without_torch():
    program = "import sys, saa.refiners.sam as sam; sam.Config(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_no_gradient_is_kept(model):
    found = refiner(model)
    encoding = found.encoder(frame().image)
    assert not encoding.image.requires_grad
    assert not torch.is_grad_enabled() or encoding.image.is_inference()
