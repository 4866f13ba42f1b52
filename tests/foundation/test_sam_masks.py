"""SAM against segment_anything's own predictor, on the same random model."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_sam
import torch
from segment_anything import SamPredictor

from saa.foundation import sam_decoder, sam_encoder, sam_masks
from saa.foundation.devices import Placement

PLACEMENT = Placement()
SIZES = [(90, 130), (1, 1), (1, 7), (256, 100), (2000, 60)]
"""(h, w): turned, tiny, one row, enlarged not and shrunk much."""
SHARES = np.array(
    [[0, 0, 1, 1], [0.2, 0.3, 0.7, 0.6], [0.5, 0.5, 0.5, 0.5], [-0.1, 0.5, 1.2, 1], [0.9, 0, 1, 0.1]]
)
"""Boxes as shares of the image: all of it, a part, no area, beyond the image, a corner."""
ANSWERS = {"single": False, "surest": True}


@pytest.fixture(scope="module")
def model():
    return PLACEMENT.place(tiny_sam.sam())


@pytest.fixture(scope="module")
def other():
    """The model again, to leave the first to the predictor."""
    return PLACEMENT.place(tiny_sam.sam())


def picture(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


def boxes_on(image):
    height, width = image.shape[:2]
    return (SHARES * (width, height, width, height)).astype(np.float32)


def predictor(model, image):
    found = SamPredictor(model)
    found.set_image(image)
    return found


def close(found, wanted):
    """Equal to 1e-5 of the range of what is wanted."""
    wanted = torch.as_tensor(wanted)
    torch.testing.assert_close(torch.as_tensor(found), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))


@pytest.mark.parametrize("size", SIZES)
def test_an_image_becomes_the_predictor_s_features(size, model, other):
    image = picture(*size)
    wanted = predictor(other, image)
    found = sam_masks.Encoder(model, PLACEMENT)(image)
    no_mask = model.prompt_encoder.no_mask_embed.weight
    close(found.image.T.view_as(wanted.features[0]), wanted.features[0] + no_mask.T[..., None])
    assert (found.size, found.inner_size) == (wanted.original_size, wanted.input_size)
    assert found.image.dtype == found.places.dtype == torch.float32


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("size", SIZES)
def test_boxes_become_the_predictor_s_logits_and_masks(size, answer, model, other):
    image = picture(*size)
    encoding = sam_masks.Encoder(model, PLACEMENT)(image)
    decoder = sam_masks.Decoder(model, PLACEMENT, answer)
    logits = decoder.logits(encoding, boxes_on(image))
    masks = np.zeros((len(SHARES), *size), np.bool_)
    decoder.masks_into(masks, logits, encoding, 0.0)
    asked = predictor(other, image)
    for box, logit, mask in zip(boxes_on(image), logits, masks, strict=True):
        wanted, quality, small = asked.predict(box=box, multimask_output=ANSWERS[answer], return_logits=True)
        taken = quality.argmax()
        close(logit, small[taken])
        clear = np.abs(wanted[taken]) > 1e-5 * np.abs(wanted).max()
        np.testing.assert_array_equal(mask[clear], wanted[taken][clear] > 0)
        assert clear.mean() > 0.99


def test_logits_of_an_image_of_the_model_s_own_size_are_enlarged_to_the_bit(model):
    """There the library's second scaling changes nothing."""
    image = picture(96, 128)
    encoding = sam_masks.Encoder(model, PLACEMENT)(image)
    decoder = sam_masks.Decoder(model, PLACEMENT)
    logits = decoder.logits(encoding, boxes_on(image))
    masks = np.zeros((len(SHARES), 96, 128), np.bool_)
    decoder.masks_into(masks, logits, encoding, 0.1)
    wanted = model.postprocess_masks(logits[:, None], encoding.inner_size, encoding.size)[:, 0]
    np.testing.assert_array_equal(masks, (wanted > 0.1).numpy())
    assert masks.any()
    assert not masks.all()


def test_masks_show_what_box_was_asked_for(model):
    """The random model is no constant, or the tests above would prove little."""
    image = picture(90, 130)
    encoding = sam_masks.Encoder(model, PLACEMENT)(image)
    logits = sam_masks.Decoder(model, PLACEMENT).logits(encoding, boxes_on(image))
    spread = float((logits.amax((1, 2)) - logits.amin((1, 2))).min())
    assert float((logits[0] - logits[1]).abs().max()) > 0.1 * spread
    assert bool((logits > 0).any())
    assert bool((logits < 0).any())


def test_the_surest_of_three_masks_is_chosen_box_by_box(model):
    decoder, tokens = model.mask_decoder, torch.randn(40, 7, 32)
    with torch.inference_mode():
        surest = decoder.iou_prediction_head(tokens[:, 0])[:, 1:].argmax(1) + 1
        found = sam_decoder._filters(decoder, tokens, "surest")
        for row, mask in enumerate(surest):
            wanted = decoder.output_hypernetworks_mlps[mask](tokens[row, 1 + mask])
            torch.testing.assert_close(found[row], wanted)
    assert len(surest.unique()) == 3


@pytest.mark.parametrize("room", [1, 64 * 64, 3 * 64 * 64, 10**9])
def test_features_and_masks_are_the_same_however_little_room_there_is(room, model, monkeypatch):
    image = picture(90, 130)
    roomy = sam_masks.Encoder(model, PLACEMENT)(image)
    wanted = sam_masks.Decoder(model, PLACEMENT).logits(roomy, boxes_on(image))
    monkeypatch.setitem(sam_masks._ROOM, "cpu", room)
    found = sam_masks.Encoder(model, PLACEMENT)(image)
    decoder = sam_masks.Decoder(model, PLACEMENT)
    close(found.image, roomy.image)
    close(decoder.logits(found, boxes_on(image)), wanted)
    masks = np.zeros((len(SHARES), 90, 130), np.bool_)
    decoder.masks_into(masks, wanted, found, 0.0)
    monkeypatch.undo()
    again = np.zeros_like(masks)
    decoder.masks_into(again, wanted, found, 0.0)
    np.testing.assert_array_equal(masks, again)


def test_several_images_are_encoded_as_each_alone(model):
    pixels = torch.randn(2, 3, 128, 128)
    with torch.inference_mode():
        both = sam_encoder.features(model.image_encoder, pixels, 5000)
        close(both, model.image_encoder(pixels))


def test_a_side_too_short_for_a_pixel_keeps_one(model):
    encoding = sam_masks.Encoder(model, PLACEMENT)(picture(1000, 2))
    assert encoding.inner_size == (128, 1)
    masks = np.zeros((1, 1000, 2), np.bool_)
    decoder = sam_masks.Decoder(model, PLACEMENT)
    logits = decoder.logits(encoding, np.array([[0, 0, 2, 1000]], np.float32))
    decoder.masks_into(masks, logits, encoding, -32.0)
    assert masks.all()


def test_colours_can_be_handed_over_the_other_way_round(model):
    image = picture(40, 60)
    found = sam_masks.Encoder(model, PLACEMENT, "bgr")(image)
    wanted = sam_masks.Encoder(model, PLACEMENT)(image[..., ::-1].copy())
    assert torch.equal(found.image, wanted.image)
    assert not torch.equal(found.image, sam_masks.Encoder(model, PLACEMENT)(image).image)


def test_an_image_that_may_not_be_written_to_is_only_read(model):
    image = picture(40, 60)
    image.flags.writeable = False
    sam_masks.Encoder(model, PLACEMENT)(image)


def test_brain_floats_come_close_and_keep_the_corners_of_boxes(model):
    image, placement = picture(90, 130), Placement("cpu", "bf16")
    exact = sam_masks.Encoder(model, PLACEMENT)(image)
    wanted = sam_masks.Decoder(model, PLACEMENT).logits(exact, boxes_on(image))
    rough = sam_masks.Encoder(model, placement)(image)
    found = sam_masks.Decoder(model, placement).logits(rough, boxes_on(image))
    assert rough.image.dtype == found.dtype == torch.float32
    assert torch.equal(rough.places, exact.places)
    assert 0 < float((found - wanted).abs().max()) < 0.1 * float(wanted.abs().max())


def test_nothing_is_remembered_between_images(model):
    image = picture(90, 130)
    once = sam_masks.Encoder(model, PLACEMENT)(image)
    sam_masks.Encoder(model, PLACEMENT)(picture(70, 50))
    assert torch.equal(sam_masks.Encoder(model, PLACEMENT)(image).image, once.image)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_an_accelerator_gives_the_same_masks(precision, model):
    image, placement = picture(90, 130), Placement("cuda", precision)
    encoding = sam_masks.Encoder(model, PLACEMENT)(image)
    wanted = sam_masks.Decoder(model, PLACEMENT).logits(encoding, boxes_on(image))
    moved = placement.place(tiny_sam.sam())
    there = sam_masks.Encoder(moved, placement)(image)
    decoder = sam_masks.Decoder(moved, placement)
    found = decoder.logits(there, boxes_on(image))
    tolerance = {"fp32": 1e-4, "bf16": 0.1}[precision] * float(wanted.abs().max())
    torch.testing.assert_close(found.cpu(), wanted, rtol=0, atol=tolerance)
    masks = np.zeros((len(SHARES), 90, 130), np.bool_)
    decoder.masks_into(masks, found, there, 0.0)
    assert masks.any()


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("size", SIZES)
def test_exact_arithmetic_gives_the_predictor_s_own_bits_for_as_many_boxes(size, answer, model, other):
    image = picture(*size)
    asked, boxes = predictor(other, image), boxes_on(image)[:4]
    scaled = asked.transform.apply_boxes_torch(torch.from_numpy(boxes), size)
    masks, quality, small = asked.predict_torch(None, None, boxes=scaled, multimask_output=ANSWERS[answer])
    encoding = sam_masks.Encoder(model, PLACEMENT, arithmetic="exact")(image)
    decoder = sam_masks.Decoder(model, PLACEMENT, answer, "exact")
    taken = torch.arange(4), quality.argmax(1)
    logits, found = decoder.logits(encoding, boxes), np.zeros((4, *size), np.bool_)
    decoder.masks_into(found, logits, encoding, 0.0)
    torch.testing.assert_close(logits, small[taken], rtol=0, atol=0)
    np.testing.assert_array_equal(found, masks[taken])


def test_exact_arithmetic_gives_a_box_alone_the_bits_that_it_has_four_times_over(model):
    encoding = sam_masks.Encoder(model, PLACEMENT, arithmetic="exact")(picture(90, 130))
    decoder, boxes = sam_masks.Decoder(model, PLACEMENT, arithmetic="exact"), boxes_on(picture(90, 130))
    alone, often = (decoder.logits(encoding, boxes[rows]) for rows in ([1], [1, 1, 1, 1]))
    torch.testing.assert_close(alone, often[:1], rtol=0, atol=0)
