from __future__ import annotations

import cv2
import numpy as np
import pytest

AGNOSTIC = 0.5


@pytest.fixture
def answers(encode):
    """How well a drawn place and the rest of the picture answer a phrase, on average."""

    def run(image, mask, phrase: str) -> tuple[float, float]:
        encoding = encode(image)
        plane = encoding.answer(phrase, AGNOSTIC)
        inside = cv2.resize(mask.astype(np.uint8), plane.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        return float(plane[inside].mean()), float(plane[~inside].mean())

    return run


def line(image, colour) -> np.ndarray:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.line(mask, (30, 20), (125, 95), 1, 3)
    image[mask > 0] = colour
    return mask


def spot(image, colour, radius: int = 6) -> np.ndarray:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.circle(mask, (100, 50), radius, 1, -1)
    image[mask > 0] = colour
    return mask


def test_a_bright_line_is_a_white_scratch_and_no_black_hole(striped, answers):
    image = striped()
    mask = line(image, 250)
    scratch, elsewhere = answers(image, mask, "white scratch")
    assert scratch > 0.8
    assert scratch > 5 * elsewhere
    assert answers(image, mask, "black hole")[0] < 0.2
    assert answers(image, mask, "black scratch")[0] < 0.2


def test_a_dark_line_is_a_crack_and_no_white_crack(striped, answers):
    image = striped()
    mask = line(image, 20)
    assert answers(image, mask, "crack")[0] > 0.8
    assert answers(image, mask, "white crack")[0] < 0.2


def test_a_scratch_without_a_tone_may_be_either(striped, answers):
    dark, bright = striped(), striped()
    assert answers(dark, line(dark, 20), "scratch")[0] > 0.8
    assert answers(bright, line(bright, 250), "scratch")[0] > 0.8


@pytest.mark.parametrize("radius", [2, 4])
def test_a_dark_spot_is_a_black_hole_rather_than_a_crack_or_a_white_spot(striped, answers, radius):
    image = striped()
    mask = spot(image, 20, radius)
    hole, elsewhere = answers(image, mask, "black hole")
    assert hole > 0.8
    assert hole > 3 * elsewhere
    assert hole > 1.5 * answers(image, mask, "crack")[0]
    assert answers(image, mask, "white spot")[0] < 0.1


@pytest.mark.parametrize(
    ("colour", "name"),
    [((200, 50, 50), "red"), ((50, 70, 200), "blue"), ((60, 170, 60), "green"), ((200, 190, 40), "yellow")],
)
def test_a_patch_answers_its_own_colour_and_not_the_opposite(striped, answers, colour, name):
    image = striped()
    mask = spot(image, colour, radius=20)
    opposite = {"red": "green", "green": "red", "blue": "yellow", "yellow": "blue"}[name]
    inside, outside = answers(image, mask, name)
    assert inside > 0.8
    assert inside > 5 * outside
    assert answers(image, mask, opposite)[0] < 0.1


def test_a_wide_dark_patch_is_a_stain_but_no_red_stain(striped, answers):
    image = striped()
    mask = spot(image, 70, radius=22)
    inside, outside = answers(image, mask, "stain")
    assert inside > 0.6
    assert inside > 3 * outside
    assert answers(image, mask, "red stain")[0] < 0.1


def test_a_colour_that_fills_much_of_the_picture_is_the_products_own(striped, answers):
    image, band = striped(), np.zeros((striped().shape[0], striped().shape[1]), np.uint8)
    band[: len(band) // 2] = 1
    image[band > 0] = (50, 70, 200)
    assert answers(image, band, "blue")[0] < 0.1


def test_all_kinds_of_cues_must_be_answered(striped, encode):
    image = striped()
    spot(image, (200, 50, 50), radius=15)
    encoding = encode(image)
    both = encoding.answer("red stain", AGNOSTIC)
    assert (both <= encoding.answer("red", AGNOSTIC) + 1e-6).all()
    assert (both <= encoding.answer("stain", AGNOSTIC) + 1e-6).all()


def test_one_cue_of_a_kind_is_enough(striped, encode):
    image = striped()
    spot(image, (200, 50, 50))
    encoding = encode(image)
    either = encoding.answer("red or blue", AGNOSTIC)
    assert (either >= encoding.answer("red", AGNOSTIC) - 1e-6).all()
    assert (either >= encoding.answer("blue", AGNOSTIC) - 1e-6).all()


@pytest.mark.parametrize("agnostic", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("phrase", ["defect", "zzyzx", "damage on red leather"])
def test_a_phrase_that_asks_for_nothing_is_answered_alike_everywhere(striped, encode, phrase, agnostic):
    found = encode(striped()).answer(phrase, agnostic)
    np.testing.assert_allclose(found, np.full(found.shape, agnostic), rtol=1e-6)


@pytest.mark.parametrize(
    "phrase", ["white scratch", "dark", "red stain", "uneven", "crack", "spot", "golden"]
)
def test_answers_are_shares_on_noise_and_on_nothing(encode, phrase):
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    for image in (noise, np.full((50, 70, 3), 9, np.uint8)):
        found = encode(image).answer(phrase, AGNOSTIC)
        assert found.shape == (25, 35)
        assert found.dtype == np.float32
        assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("phrase", ["white scratch", "dark spot", "red", "stain", "uneven"])
def test_a_plain_image_answers_no_word(encode, phrase):
    assert encode(np.full((50, 70, 3), 128, np.uint8)).answer(phrase, AGNOSTIC).max() < 0.05


@pytest.mark.parametrize("phrase", ["white scratch", "dark spot", "red stain"])
def test_turning_the_picture_turns_the_answer(striped, encode, phrase):
    image = striped(120, 120)
    line(image, 250)
    spot(image, (200, 50, 50))
    found = encode(image).answer(phrase, AGNOSTIC)
    back = np.rot90(encode(np.ascontiguousarray(np.rot90(image))).answer(phrase, AGNOSTIC), -1)
    np.testing.assert_allclose(back, found, atol=0.1)


@pytest.mark.parametrize("phrase", ["scratch", "dark hole", "red stain"])
def test_answers_do_not_depend_on_where_arrays_lie_in_memory(encode, phrase):
    image = np.random.default_rng(0).integers(0, 256, (45, 67, 3), np.uint8)
    once = encode(image).answer(phrase, AGNOSTIC)
    kept = []
    for size in range(1, 4000, 200):
        kept.append(np.empty(size, np.uint8))
        np.testing.assert_array_equal(encode(image).answer(phrase, AGNOSTIC), once)
