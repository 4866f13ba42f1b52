from __future__ import annotations

import cv2
import numpy as np
import pytest


def place(plane) -> tuple[int, int]:
    """Row and column of the highest place, in pixels of an image twice the size."""
    row, column = np.unravel_index(plane.argmax(), plane.shape)
    return 2 * int(row), 2 * int(column)


@pytest.mark.parametrize("extent", ["part", "frame"])
def test_a_dark_spot_on_stripes_is_the_most_unlike_place(striped, encode, extent):
    image = striped()
    cv2.circle(image, (112, 44), 6, (40, 40, 40), -1)
    found = encode(image, extent).unlikeness
    row, column = place(found)
    assert abs(row - 44) <= 8
    assert abs(column - 112) <= 8
    assert found.max() > 3 * np.percentile(found, 95)


def test_a_break_in_the_stripes_of_the_same_shade_is_found(striped, encode):
    image = striped()
    image[60:84, 40:64] = image[60:84, 40:64].transpose(1, 0, 2)
    row, column = place(encode(image).unlikeness)
    assert 56 <= row <= 88
    assert 36 <= column <= 68


def test_a_coloured_spot_of_the_same_lightness_is_found(striped, encode):
    image = striped()
    image[40:52, 100:112] = np.clip(image[40:52, 100:112] + np.array([45, -22, 0]), 0, 255)
    row, column = place(encode(image).unlikeness)
    assert 36 <= row <= 56
    assert 96 <= column <= 116


def test_a_weak_texture_is_found_among_strong_colours(encode):
    rng = np.random.default_rng(0)
    blotches = cv2.GaussianBlur(rng.normal(0, 1, (120, 160, 3)), (0, 0), 8)
    plain = 128 + 30 * blotches / blotches.std() + rng.normal(0, 1.5, (120, 160, 1))
    marked = plain.copy()
    marked[40:56, 100:116] += 10 * np.where(np.indices((16, 16)).sum(0)[..., None] % 4 < 2, 1, -1)
    before, after = (
        encode(np.clip(image, 0, 255).astype(np.uint8), "part").unlikeness[20:28, 50:58].mean()
        for image in (plain, marked)
    )
    assert after > before + 0.2


def test_the_middle_of_a_large_tinted_area_is_found_not_only_its_edge(striped, encode):
    image = striped()
    image[30:70, 80:120] = np.clip(image[30:70, 80:120] + np.array([40, -20, 0]), 0, 255)
    found = encode(image, "part").unlikeness
    assert found[22:28, 47:53].mean() > 5 * np.percentile(found[40:], 90)


@pytest.mark.parametrize("small_marks", [False, True])
@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_plain_image_is_like_itself_everywhere(encode, level, small_marks):
    found = encode(np.full((60, 90, 3), level, np.uint8), small_marks=small_marks).unlikeness
    assert found.shape == (30, 45)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.zeros((30, 45)), atol=0.05)


def test_unlikeness_is_finite_and_never_negative(striped, encode):
    for image in (striped(), np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)):
        for extent in ("part", "frame"):
            found = encode(image, extent).unlikeness
            assert np.isfinite(found).all()
            assert found.min() >= 0


def test_the_edge_of_the_picture_is_not_what_stands_out(striped, encode):
    found = encode(striped(seed=2)).unlikeness
    inner, outer = found[8:-8, 8:-8], np.concatenate([found[:2].ravel(), found[-2:].ravel()])
    assert outer.mean() <= 2 * inner.mean()


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turning_the_picture_turns_the_map(striped, encode, turn):
    image = striped(120, 120)
    cv2.circle(image, (84, 36), 6, (40, 40, 40), -1)
    upright = encode(image).unlikeness
    back = np.rot90(encode(np.ascontiguousarray(np.rot90(image, turn))).unlikeness, -turn)
    assert np.corrcoef(upright.ravel(), back.ravel())[0, 1] > 0.9
    assert max(np.abs(np.subtract(place(upright), place(back)))) <= 8


@pytest.mark.parametrize("axis", [0, 1])
def test_mirroring_the_picture_mirrors_the_map(striped, encode, axis):
    image = striped()
    cv2.circle(image, (112, 44), 6, (40, 40, 40), -1)
    upright = encode(image).unlikeness
    back = np.flip(encode(np.ascontiguousarray(np.flip(image, axis))).unlikeness, axis)
    assert np.corrcoef(upright.ravel(), back.ravel())[0, 1] > 0.9


def test_more_light_changes_little(striped, encode):
    image = striped()
    cv2.circle(image, (112, 44), 6, (60, 60, 60), -1)
    dim = np.clip(image * 0.8, 0, 255).astype(np.uint8)
    bright, dark = encode(image).unlikeness, encode(dim).unlikeness
    assert np.corrcoef(bright.ravel(), dark.ravel())[0, 1] > 0.9


def test_looking_for_small_marks_lifts_a_speck_above_a_large_blotch(encode):
    grain = np.random.default_rng(0).normal(0, 2, (160, 200, 1))
    image = np.clip(130 + np.repeat(grain, 3, axis=2), 0, 255)
    blotch = cv2.circle(np.zeros(image.shape[:2], np.float32), (60, 80), 34, 1, -1)
    image = np.clip(image - 40 * cv2.GaussianBlur(blotch, (0, 0), 4)[..., None], 0, 255).astype(np.uint8)
    cv2.circle(image, (160, 80), 3, (60, 60, 60), -1)

    def speck_against_blotch(*, small_marks: bool) -> float:
        found = encode(image, small_marks=small_marks).unlikeness
        return float(found[36:44, 76:84].max() / found[30:50, 20:40].mean())

    assert speck_against_blotch(small_marks=True) > 1.5 * speck_against_blotch(small_marks=False)


def test_of_several_objects_the_odd_one_stands_out(encode):
    image = np.full((140, 200, 3), 225, np.uint8)
    for x in (35, 100, 165):
        for y in (38, 102):
            cv2.circle(image, (x, y), 20, (110, 90, 80), -1)
    cv2.circle(image, (100, 102), 20, (70, 90, 130), -1)
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    found = encode(image, "part", 6).unlikeness_on_object
    means = [
        found[y // 2 - 5 : y // 2 + 5, x // 2 - 5 : x // 2 + 5].mean()
        for x in (35, 100, 165)
        for y in (38, 102)
    ]
    assert int(np.argmax(means)) == 3
    assert means[3] > 2 * np.median(means)
