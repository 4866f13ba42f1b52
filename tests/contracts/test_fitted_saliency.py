"""What every saliency must do that compares the images of a product with each other."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_parts import like_others, marked

from saa import plugins, references
from saa.config import FittedConfig
from saa.errors import ModelError, TooFewImagesError
from saa.types import Frame, Regions

KINDS = [
    kind
    for kind in plugins.kinds("saliency")
    if isinstance(plugins.load("saliency", kind).Config(), FittedConfig)
]
PLACES = [(18, 25), (18, 70), (46, 25), (46, 70)]


@pytest.fixture(scope="module", params=KINDS)
def config(request):
    return plugins.load("saliency", request.param).Config()


@pytest.fixture(scope="module")
def recipe(config, prompt, recipe_with):
    return recipe_with(config, prompt)


@pytest.fixture(scope="module")
def images(config) -> list[np.ndarray]:
    """As many different images as it takes, the first of them with a mark."""
    return [marked(0), *(like_others(seed) for seed in range(1, config.min_images))]


@pytest.fixture(scope="module")
def reference(recipe, images):
    return recipe.fit(images)


@pytest.fixture
def saliency_of(recipe):
    """The map of an image against what some images say."""

    def run(image, reference) -> np.ndarray:
        stage = recipe.build(reference).saliency
        return stage.saliency(Frame(image), Regions.none(image.shape[:2])).map

    return run


def test_it_takes_several_images_and_says_how_many(config, recipe):
    assert 2 <= config.min_images <= 100
    assert recipe.min_images == config.min_images
    assert recipe.mode == "batch (transductive)"


def test_without_a_reference_it_says_what_to_do(recipe):
    with pytest.raises(
        ModelError, match=r"expected a reference .*, got none; .*saa fit.*saa inspect --reference"
    ):
        recipe.build()


def test_fewer_images_than_it_takes_are_refused(config, recipe, images):
    message = f"expected at least {config.min_images} different images to compare, got "
    for too_few in ([], images[:1], images[:2][: config.min_images - 1], images[:-1]):
        with pytest.raises(TooFewImagesError, match=f"{message}{len(too_few)}; "):
            recipe.fit(too_few)


def test_copies_of_an_image_count_once(config, recipe, images):
    with pytest.raises(TooFewImagesError, match="got 1; "):
        recipe.fit([images[0].copy() for _ in range(2 * config.min_images)])


def test_a_reference_tells_its_kind_its_images_and_its_recipe(config, recipe, images, reference):
    assert reference.kind == config.kind
    assert reference.num_images == len(images)
    assert set(reference.about["recipe"]) == {"engine", "features", "saliency", "object"}


def test_images_are_read_once_one_after_the_other_and_left_alone(recipe, images, reference):
    before = [image.copy() for image in images]
    read = []

    def stream():
        for number, image in enumerate(images):
            read.append(number)
            yield image

    again = recipe.fit(stream())
    assert read == list(range(len(images)))
    assert again.about == reference.about
    for name, array in reference.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    for image, copy in zip(images, before, strict=True):
        np.testing.assert_array_equal(image, copy)


def test_the_order_of_the_images_changes_no_map(recipe, images, reference, saliency_of):
    other = recipe.fit(images[::-1])
    for image in (images[0], images[-1], marked(50)):
        np.testing.assert_allclose(saliency_of(image, other), saliency_of(image, reference), atol=1e-6)


def test_copies_do_not_vouch_for_each_other(recipe, images, reference, saliency_of):
    other = recipe.fit([*images, *(images[0].copy() for _ in range(3 * len(images)))])
    np.testing.assert_allclose(saliency_of(images[0], other), saliency_of(images[0], reference), atol=1e-6)


def test_a_mark_that_the_others_do_not_have_stands_out(images, reference, saliency_of):
    for image in (images[0], marked(50)):
        found = saliency_of(image, reference)
        assert found[32:36, 43:49].mean() > np.quantile(found, 0.9)
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert 26 <= row <= 42
        assert 36 <= column <= 56


def test_an_image_like_the_others_has_less_to_show_than_a_mark(images, reference, saliency_of):
    found = saliency_of(marked(50), reference)
    assert saliency_of(like_others(51), reference).max() < found[32:36, 43:49].mean()


def test_marks_on_half_of_the_images_stand_out_on_each(recipe, saliency_of):
    bad = [marked(seed, *place) for seed, place in enumerate(PLACES)]
    num_good = max(len(bad), recipe.min_images - len(bad))
    reference = recipe.fit([*bad, *(like_others(seed) for seed in range(20, 20 + num_good))])
    for image, (top, left) in zip(bad, PLACES, strict=True):
        found = saliency_of(image, reference)
        assert found[top + 2 : top + 6, left + 3 : left + 9].mean() > np.quantile(found, 0.9)


def test_a_reference_from_a_file_gives_the_same_bits(reference, saliency_of, tmp_path):
    references.write(tmp_path / "part.ref", reference)
    again = references.read(tmp_path / "part.ref")
    np.testing.assert_array_equal(saliency_of(marked(50), again), saliency_of(marked(50), reference))


@pytest.mark.parametrize("mixed", [False, True], ids=["alone", "with others"])
@pytest.mark.parametrize("size", [(1, 1), (30, 200)])
def test_flat_images_of_another_size_are_borne(config, recipe, saliency_of, size, mixed):
    flat = [np.full((*size, 3), level, np.uint8) for level in range(config.min_images)]
    reference = recipe.fit([*flat, *(like_others(seed) for seed in range(2))] if mixed else flat)
    for image in (flat[0], marked(0)):
        found = saliency_of(image, reference)
        assert found.shape == image.shape[:2]
        assert ((found >= 0) & (found <= 1)).all()
