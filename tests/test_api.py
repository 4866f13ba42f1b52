"""The Python API as the README tells it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import saa
from saa.types import Inspection

BOTTLE = """\
object: {phrase: bottle}
defects:
  captions: [dark scratch, [red stain, white spot]]
"""
LEATHER = """\
object: {phrase: leather}
defects:
  captions: [cut, red stain, worn patch]
"""


@pytest.fixture
def inspector(tmp_path):
    """The inspector of a prompt file with this text."""

    def build(text: str = BOTTLE):
        path = tmp_path / "product.yaml"
        path.write_text(text, encoding="utf-8")
        return saa.load(path, "embedded").build()

    return build


def drawn(seed: int, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """A dark block on a light ground, with a red spot on it; where both lie depends on the seed."""
    rng = np.random.default_rng(seed)
    image = np.full((*size, 3), 220, np.uint8)
    top, left = rng.integers(8, 20, 2)
    image[top : top + 64, left : left + 84] = 110
    centre = (int(left + rng.integers(20, 60)), int(top + rng.integers(15, 45)))
    cv2.circle(image, centre, 5, (190, 40, 40), -1)
    return np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def same(one: Inspection, other: Inspection) -> bool:
    return (
        np.array_equal(one.anomaly_map, other.anomaly_map)
        and np.array_equal(one.saliency, other.saliency)
        and np.array_equal(one.regions.masks, other.regions.masks)
        and np.array_equal(one.regions.scores, other.regions.scores)
        and one.regions.phrases == other.regions.phrases
        and one.score == other.score
    )


@pytest.mark.parametrize("text", [BOTTLE, LEATHER])
def test_a_prompt_file_inspects_an_image(inspector, text):
    image = drawn(0)
    inspection = inspector(text).inspect(image)
    assert inspection.anomaly_map.shape == (96, 128)
    assert inspection.anomaly_map.dtype == np.float32
    assert np.isfinite(inspection.anomaly_map).all()
    assert inspection.saliency.shape == (96, 128)
    assert inspection.regions.size == (96, 128)
    assert len(inspection.regions.phrases) == len(inspection.regions.scores) == len(inspection.regions)


def test_a_red_spot_is_the_highest_place_and_is_called_a_red_stain(inspector):
    image = drawn(1)
    inspection = inspector().inspect(image)
    row, column = np.unravel_index(inspection.anomaly_map.argmax(), (96, 128))
    red = np.argwhere((image[..., 0].astype(int) - image[..., 1]) > 80)
    assert np.abs(red - (row, column)).max(axis=1).min() <= 4
    holding = [i for i, mask in enumerate(inspection.regions.masks) if mask[tuple(red[len(red) // 2])]]
    assert "red stain" in [inspection.regions.phrases[i] for i in holding]


def test_a_marked_part_scores_above_a_clean_one(inspector):
    built = inspector()
    clean = drawn(2)
    red = (clean[..., 0].astype(int) - clean[..., 1]) > 30
    clean[cv2.dilate(red.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 110
    assert built.inspect(drawn(2)).score > 1.3 * built.inspect(clean).score


@pytest.mark.parametrize("size", [(1, 1), (1, 150), (40, 3), (256, 16), (97, 131)])
def test_the_map_has_the_size_of_the_image(inspector, size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    inspection = inspector().inspect(image)
    assert inspection.anomaly_map.shape == inspection.saliency.shape == inspection.regions.size == size
    assert np.isfinite(inspection.anomaly_map).all()
    assert np.isfinite(inspection.score)


def test_the_same_image_gives_the_same_answer_and_is_left_alone(inspector):
    built, image = inspector(), drawn(3)
    once = built.inspect(image)
    built.inspect(drawn(4))
    np.testing.assert_array_equal(image, drawn(3))
    assert same(built.inspect(image), once)
    assert same(inspector().inspect(drawn(3)), once)


def test_how_an_image_lies_in_memory_does_not_matter(inspector):
    built, image = inspector(), drawn(3)
    wide = np.zeros((100, 140, 3), np.uint8)
    wide[2:98, 6:134] = image
    once = built.inspect(image)
    assert same(built.inspect(wide[2:98, 6:134]), once)
    assert same(built.inspect(np.asfortranarray(image)), once)
    assert same(built.inspect(np.ascontiguousarray(image[..., ::-1])[..., ::-1]), once)
    image.flags.writeable = False
    assert same(built.inspect(image), once)


def test_words_change_the_answer(inspector):
    image = drawn(5)
    red = inspector("object: {phrase: bottle}\ndefects: {captions: [red stain], class_agnostic: false}\n")
    green = inspector("object: {phrase: bottle}\ndefects: {captions: [green stain], class_agnostic: false}\n")
    spot = (image[..., 0].astype(int) - image[..., 1]) > 80
    right, wrong = red.inspect(image).anomaly_map, green.inspect(image).anomaly_map
    assert right[spot].mean() > 1.5 * wrong[spot].mean()


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((8, 9), np.uint8),
        np.zeros((8, 9, 4), np.uint8),
        np.zeros((8, 9, 3), np.float32),
        np.zeros((8, 9, 3), np.uint16),
        np.zeros((2, 8, 9, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_image_is_refused(inspector, wrong):
    with pytest.raises(ValueError, match=r"image: expected shape \(any, any, 3\) and dtype uint8, got \("):
        inspector().inspect(wrong)


def test_an_image_without_pixels_is_refused(inspector):
    with pytest.raises(ValueError, match=r"image: expected at least one pixel, got \(0, 9, 3\)"):
        inspector().inspect(np.zeros((0, 9, 3), np.uint8))


def test_threads_that_share_an_inspector_give_the_answers_of_one_alone(inspector):
    built, images = inspector(), [drawn(seed) for seed in range(4)]
    alone = [built.inspect(image) for image in images]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(built.inspect, images))
    assert all(same(one, other) for one, other in zip(together, alone, strict=True))


@pytest.mark.parametrize("turn", ["quarter", "mirror", "upside down"])
def test_a_turned_image_gives_nearly_the_turned_map(inspector, turn):
    there, back = {
        "quarter": (lambda array: np.rot90(array), lambda array: np.rot90(array, -1)),
        "mirror": (lambda array: array[:, ::-1], lambda array: array[:, ::-1]),
        "upside down": (lambda array: array[::-1], lambda array: array[::-1]),
    }[turn]
    built, image = inspector(), drawn(6, (128, 128))
    upright = built.inspect(image).anomaly_map
    turned = back(built.inspect(np.ascontiguousarray(there(image))).anomaly_map)
    assert np.corrcoef(upright.ravel(), turned.ravel())[0, 1] > 0.9
    places = [np.array(np.unravel_index(found.argmax(), found.shape)) for found in (upright, turned)]
    assert np.abs(places[0] - places[1]).max() <= 6


def test_the_embedded_engine_and_its_recipes_need_no_torch():
    program = (
        "import sys, numpy, saa, saa.config\n"
        "image = numpy.random.default_rng(0).integers(0, 256, (30, 40, 3), numpy.uint8)\n"
        "saa.load('mvtec/bottle', 'embedded').build().inspect(image)\n"
        "heavy = {'torch', 'torchvision', 'transformers', 'timm'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
