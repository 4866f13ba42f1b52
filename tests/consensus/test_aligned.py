from __future__ import annotations

import numpy as np
import pytest
from drawn_plates import ANYHOW, FREE_PLACES, SIZE, STILL, TURNED, lands, plate, plates

from saa.consensus import aligned, bag
from saa.consensus.aligned import Aligned, Posed, Scale, Seen
from saa.ops import registration

AS_IT_LIES = registration.turned(SIZE, 0, 0, 0)
ODD = 5
"""The number of the plate with a mark."""
MARK = (40, 44)
POSES = {"still": STILL, "turned": TURNED, "anyhow": ANYHOW}


@pytest.fixture(scope="module")
def learn(describer):
    """What images look like on a template; still ones as they lie."""

    def run(images, template=None, nearest_ratio=0.13) -> Aligned:
        template = template or aligned.as_they_lie(SIZE)
        digests = [bag.digest(image) for image in images]
        return aligned.learned(images, digests, template, describer, radius=1, nearest_ratio=nearest_ratio)[0]

    return run


@pytest.fixture(scope="module")
def judge(describer):
    """An image's map; `known_as` lets it pass for another one."""

    def run(basis: Aligned, image, known_as=None) -> np.ndarray:
        posed = basis.template.lay(image)
        return basis.deviations(known_as or bag.digest(image), posed, aligned.seen(posed.image, describer))

    return run


@pytest.fixture(scope="module", params=POSES)
def poses(request):
    return POSES[request.param]


@pytest.fixture(scope="module")
def learn_in(learn):
    """What plates in some poses look like, turned and shifted unless they all lie still."""

    def run(poses, marks) -> tuple[Aligned, list[np.ndarray]]:
        images = plates(poses, marks)
        template = None if poses is STILL else aligned.on_template(images, SIZE)
        return learn(images, template), images

    return run


@pytest.fixture(scope="module")
def one_odd(poses, learn_in):
    """Twelve plates, one of them with a mark, and what they look like."""
    return learn_in(poses, {ODD: MARK})


@pytest.fixture(scope="module")
def turned_template():
    return aligned.on_template(plates(TURNED), SIZE)


def highest(found: np.ndarray) -> tuple[float, float]:
    """The (x, y) of the highest place, in pixels of the image."""
    row, column = np.unravel_index(found.argmax(), found.shape)
    return (column + 0.5) * SIZE[1] / found.shape[1] - 0.5, (row + 0.5) * SIZE[0] / found.shape[0] - 0.5


def at(found: np.ndarray, place: tuple[float, float]) -> float:
    """The value at an (x, y) of the image."""
    row, column = int(place[1] * found.shape[0] / SIZE[0]), int(place[0] * found.shape[1] / SIZE[1])
    return float(found[row, column])


def flat(level: float) -> Seen:
    """What an image of (2, 3) cells and (4, 6) fine places looks like that is the same everywhere."""
    return Seen(np.full((2, 3, 1), level, np.float32), np.full((4, 6, 3), level, np.float32))


def known(*levels: float, template=None) -> Aligned:
    """References that are the same everywhere, named a, b and so on."""
    stack = Seen(
        np.stack([flat(level).features for level in levels]),
        np.stack([flat(level).colours for level in levels]),
    )
    return Aligned(template or aligned.as_they_lie((16, 24)), stack, tuple("abcdef"[: len(levels)]), 0, 0.13)


def test_the_scale_is_the_middle_and_the_way_from_there_to_the_highest_tenth():
    scale = Scale.of(np.arange(11, dtype=np.float32).reshape(1, 11))
    assert (scale.centre, scale.spread) == (5, 4)
    assert scale.deviations(np.array([[5, 9, 1]], np.float32)).tolist() == [[0, 1, -1]]


def test_references_that_hardly_differ_do_not_blow_up_what_does():
    scale = Scale.of(np.zeros((2, 3), np.float32))
    assert scale.spread == 0.001
    assert np.isfinite(scale.deviations(np.ones((2, 3), np.float32))).all()


def test_where_no_colour_stands_out_a_coarse_map_keeps_its_shape():
    coarse = np.array([[2, 2], [2, 2], [2, 2]], np.float32)
    found = aligned.sharpened(coarse, np.zeros((6, 4), np.float32))
    np.testing.assert_allclose(found, np.full((6, 4), 2 * 0.4**0.2), rtol=1e-5)


def test_what_is_below_the_usual_is_not_sharpened():
    fine = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    found = aligned.sharpened(np.full((3, 2), -1.5, np.float32), fine)
    np.testing.assert_allclose(found, np.full((6, 4), -1.5), rtol=1e-6)


def test_a_coarse_map_is_drawn_to_where_colours_differ():
    fine = np.zeros((24, 32), np.float32)
    fine[10, 20] = 30
    found = aligned.sharpened(np.full((12, 16), 2, np.float32), fine)
    assert np.unravel_index(found.argmax(), found.shape) == (10, 20)
    assert found.max() <= 2 * 4**0.2 + 1e-5
    assert found[10, 5] == pytest.approx(2 * 0.4**0.2, rel=1e-3)


def test_an_image_is_compared_with_the_references_but_itself():
    basis = known(0, 1, 3)
    for digest, expected in (("b", 1.5), ("of nobody", 0.5)):
        coarse, fine = basis.disagreements(digest, flat(1))
        np.testing.assert_allclose(coarse, np.full((2, 3), expected), rtol=1e-5)
        np.testing.assert_allclose(fine, np.full((4, 6), 3**0.5 * expected), rtol=1e-5)


def test_a_copy_under_the_same_digest_does_not_vouch_either(learn, judge):
    images = plates(STILL, {ODD: MARK})
    found = judge(learn([*images, images[ODD]]), images[ODD])
    assert highest(found) == pytest.approx(MARK, abs=4)
    np.testing.assert_allclose(highest(judge(learn(images), images[ODD])), highest(found))


def test_a_place_outside_the_template_is_zero():
    basis = known(0, 1, 3)
    moved = Posed(np.zeros((16, 24, 3), np.uint8), registration.turned((16, 24), 0, -8, 4), 1.0)
    lying = Posed(moved.image, registration.turned((16, 24), 0, 0, 0), 1.0)
    np.testing.assert_allclose(basis.deviations("", lying, flat(9)) > 0, np.ones((4, 6)))
    found = basis.deviations("", moved, flat(9))
    # The image's left eight and lower four pixels are nowhere on the template.
    np.testing.assert_array_equal(found[:, :2], 0)
    np.testing.assert_array_equal(found[3], 0)
    assert (found[:3, 2:] > 0).all()


def test_an_odd_mark_on_one_of_twelve_is_the_highest_place(poses, one_odd, judge):
    basis, images = one_odd
    assert highest(judge(basis, images[ODD])) == pytest.approx(lands(MARK, *poses[ODD]), abs=4)


def test_a_new_plate_with_a_mark_elsewhere_is_told_too(poses, one_odd, judge):
    image = plate(99, *poses[2], mark=(55, 44))
    assert highest(judge(one_odd[0], image)) == pytest.approx(lands((55, 44), *poses[2]), abs=4)


def test_plates_without_a_mark_have_less_to_show(one_odd, judge):
    basis, images = one_odd
    marked = judge(basis, images[ODD]).max()
    for image in images[:3]:
        assert judge(basis, image).max() < 0.5 * marked


@pytest.mark.parametrize("poses", [STILL, TURNED], ids=["still", "turned"])
def test_marks_at_different_places_on_half_of_the_plates_are_each_the_highest(poses, learn_in, judge):
    marks = dict(enumerate([*FREE_PLACES, (30, 30)]))
    basis, images = learn_in(poses, marks)
    for number, mark in marks.items():
        found = judge(basis, images[number])
        assert highest(found) == pytest.approx(lands(mark, *poses[number]), abs=4.5)


@pytest.mark.parametrize("poses", [STILL, TURNED], ids=["still", "turned"])
def test_a_mark_at_the_same_place_of_every_plate_is_invisible_and_a_plate_without_it_is_odd(
    poses, learn_in, judge
):
    place = lands(MARK, *poses[ODD])
    basis, images = learn_in(poses, dict.fromkeys(range(12), MARK))
    clean = judge(basis, plate(99, *poses[ODD]))
    assert highest(clean) == pytest.approx(place, abs=4)
    assert at(judge(basis, images[ODD]), place) < 0.1 * clean.max()


def test_a_plate_that_was_fitted_does_not_vouch_for_itself(one_odd, judge):
    basis, images = one_odd
    found, vouched = judge(basis, images[ODD]), judge(basis, images[ODD], known_as="of nobody")
    assert found.max() > 1.5 * vouched.max()


def test_images_that_are_not_moved_lie_as_they_are():
    image = plate(0)
    posed = aligned.as_they_lie(SIZE).lay(image)
    np.testing.assert_array_equal(posed.image, image)
    np.testing.assert_array_equal(posed.matrix, AS_IT_LIES)
    assert posed.agreement == 1
    assert aligned.as_they_lie(SIZE).fits(posed)


@pytest.mark.parametrize("size", [(128, 176), (32, 44), (64, 40), (1, 200), (1, 1)])
def test_an_image_of_another_size_is_stretched_to_that_of_the_template(size, turned_template):
    image = np.full((*size, 3), (90, 80, 70), np.uint8)
    for template in (aligned.as_they_lie(SIZE), turned_template):
        laid = template.lay(image).image
        assert laid.dtype == np.uint8
        np.testing.assert_array_equal(laid, np.broadcast_to(image[0, 0], (*SIZE, 3)))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 88), True),
        ((640, 880), True),
        ((66, 88), True),
        ((70, 88), False),
        ((64, 100), False),
        ((88, 64), False),
        ((1, 1), False),
    ],
)
def test_another_aspect_is_another_shape(size, expected):
    template = aligned.as_they_lie(SIZE)
    assert template.has_shape_of(np.zeros((*size, 3), np.uint8)) is expected


def test_turned_plates_are_laid_on_one_another(turned_template):
    assert turned_template.moves
    laid = [turned_template.lay(plate(50, *pose)) for pose in TURNED[:4]]
    for posed in laid:
        assert turned_template.fits(posed)
        difference = np.abs(posed.image.astype(float) - laid[0].image)[8:-8, 8:-8]
        assert difference.mean() < 5
    unlaid = np.abs(plate(50, *TURNED[1]).astype(float) - plate(50, *TURNED[0]))[8:-8, 8:-8]
    assert unlaid.mean() > 10


def test_a_plate_of_another_size_is_laid_as_well(turned_template):
    small = plate(50, *TURNED[1])
    large = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    one, other = turned_template.lay(small), turned_template.lay(large)
    np.testing.assert_allclose(other.matrix, one.matrix, atol=0.3)
    assert turned_template.fits(other)


def test_the_template_is_one_that_the_many_resemble():
    odd = plate(0, 180)
    template = aligned.on_template([odd, *(plate(seed) for seed in range(1, 6))], SIZE)
    upright = aligned.lightness(plate(1), template.picture.shape)
    upside_down = aligned.lightness(odd, template.picture.shape)
    assert np.abs(template.picture - upright).mean() < 0.2 * np.abs(template.picture - upside_down).mean()


@pytest.mark.parametrize("kind", ["plain", "noise"])
def test_an_image_that_does_not_fit_is_left_as_it_lies(turned_template, kind):
    image = np.full((*SIZE, 3), 128, np.uint8)
    if kind == "noise":
        image = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    posed = turned_template.lay(image)
    assert not turned_template.fits(posed)
    np.testing.assert_array_equal(posed.image, image)
    np.testing.assert_array_equal(posed.matrix, AS_IT_LIES)


def test_an_image_that_does_not_fit_is_compared_as_it_lies(one_odd, judge):
    basis, _ = one_odd
    image = np.full((*SIZE, 3), (30, 90, 30), np.uint8)
    found = judge(basis, image)
    assert np.isfinite(found).all()
    assert np.median(found) > 5


def test_lightness_is_told_in_equal_ratios():
    image = np.full((20, 30, 3), 85, np.uint8)
    found = aligned.lightness(image, (10, 15))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.full((10, 15), np.log(100)), rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (20, 30)])
@pytest.mark.parametrize("count", [2, 3])
def test_tiny_images_are_borne(learn, judge, size, count):
    images = list(np.random.default_rng(0).integers(0, 256, (count, *size, 3), np.uint8))
    for template in (aligned.as_they_lie(size), aligned.on_template(images, size)):
        basis = learn(images, template)
        for image in (images[0], plate(0)):
            assert np.isfinite(judge(basis, image)).all()


@pytest.mark.parametrize("poses", [TURNED], ids=["turned"])
def test_the_same_images_give_the_same_bits_wherever_they_lie_in_memory(poses, learn_in, judge):
    basis, _ = learn_in(poses[:5], {3: MARK})
    kept = [np.empty(size, np.uint8) for size in (1, 777, 4001)]
    again, images = learn_in(poses[:5], {3: MARK})
    np.testing.assert_array_equal(again.seen.features, basis.seen.features)
    np.testing.assert_array_equal(again.template.picture, basis.template.picture)
    assert (again.coarse, again.fine) == (basis.coarse, basis.fine)
    wide = np.zeros((80, 100, 4), np.uint8)
    wide[5:69, 7:95, :3] = images[3]
    found = judge(basis, images[3])
    np.testing.assert_array_equal(judge(again, images[3]), found)
    np.testing.assert_array_equal(judge(again, wide[5:69, 7:95, :3]), found)
    del kept
