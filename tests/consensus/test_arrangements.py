from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from drawn_plates import ANYHOW, SIZE, STILL, TURNED, cloth, lands, plate, plates
from scripted_stages import ScriptedSaliency

from saa.consensus import aligned, arrangements, bag
from saa.consensus.aligned import Aligned
from saa.consensus.arrangements import Fitted, Rules
from saa.consensus.free import Free
from saa.types import Frame

MARK = (40, 44)
AS_THEY_LIE, TURNED_AND_SHIFTED, FREE = "aligned, as they lie", "aligned, turned and shifted", "free"


@pytest.fixture(scope="module")
def decide(describer, alone):
    """What images are compared with; all is left to them unless it is set."""

    def run(images, arrangement="auto", register_parts="auto", *, by_itself=alone) -> Fitted:
        members = bag.gather(images, 50, 20_000).members
        return arrangements.decide(members, Rules(arrangement, register_parts, 1, 0.2), describer, by_itself)

    return run


@pytest.fixture(scope="module")
def judge(describer):
    """An image's deviations by what was decided."""

    def run(fitted: Fitted, image) -> np.ndarray:
        if isinstance(fitted.basis, Free):
            return fitted.basis.deviations(bag.digest(image), describer.describe(Frame(image), levelled=True))
        posed = fitted.basis.template.lay(image)
        return fitted.basis.deviations(bag.digest(image), posed, aligned.seen(posed.image, describer))

    return run


@pytest.fixture(scope="module")
def still():
    return plates(STILL, {5: MARK})


@pytest.fixture(scope="module")
def turned():
    return plates(TURNED, {5: MARK})


@pytest.fixture(scope="module")
def cloths():
    return [cloth(seed, mark=MARK if seed < 2 else None) for seed in range(6)]


@pytest.fixture(scope="module")
def of_still(decide, still):
    return decide(still)


@pytest.fixture(scope="module")
def of_turned(decide, turned):
    return decide(turned)


@pytest.fixture(scope="module")
def of_cloths(decide, cloths):
    return decide(cloths)


def arrangement(fitted: Fitted) -> object:
    return fitted.decisions["arrangement"]


def faint(seed: int) -> np.ndarray:
    """A plate that shines through a cloth: neither plainly alike nor plainly not."""
    return cv2.addWeighted(plate(seed), 0.22, cloth(seed), 0.78, 0)


def test_plates_that_lie_still_are_compared_as_they_lie(of_still):
    assert isinstance(of_still.basis, Aligned)
    assert not of_still.basis.template.moves
    assert list(of_still.decisions) == ["arrangement", "references", "alignment", "window"]
    assert arrangement(of_still) == AS_THEY_LIE
    assert of_still.decisions["references"] == 12
    assert of_still.decisions["window"] == "1 cell"


def test_plates_that_lie_askew_are_turned_and_shifted(of_turned):
    assert isinstance(of_turned.basis, Aligned)
    assert of_turned.basis.template.moves
    assert arrangement(of_turned) == TURNED_AND_SHIFTED


def test_plates_that_lie_anyhow_are_turned_and_shifted(decide):
    assert arrangement(decide(plates(ANYHOW[:6]))) == TURNED_AND_SHIFTED


def test_pieces_of_cloth_are_compared_with_any_place(of_cloths):
    assert isinstance(of_cloths.basis, Free)
    assert arrangement(of_cloths) == FREE
    assert list(of_cloths.decisions) == [
        "arrangement",
        "references",
        "alignment",
        "distance to others",
        "weight of others",
    ]
    assert of_cloths.decisions["weight of others"] == 1


def test_registration_makes_plates_more_alike(decide, turned, of_turned):
    assert of_turned.decisions["alignment"] < 0.5 * decide(turned, "auto", "never").decisions["alignment"]


@pytest.mark.parametrize(
    ("register_parts", "expected"), [("never", AS_THEY_LIE), ("always", TURNED_AND_SHIFTED)]
)
def test_registration_can_be_set(decide, still, turned, register_parts, expected):
    for images in (still[:4], turned[:4]):
        assert arrangement(decide(images, "aligned", register_parts)) == expected


def test_an_arrangement_that_is_set_is_not_decided(decide, still, cloths):
    free = decide(still[:4], "free", by_itself=None)
    assert arrangement(free) == FREE
    assert "alignment" not in free.decisions
    assert arrangement(decide(cloths[:4], "aligned", "never", by_itself=None)) == AS_THEY_LIE


def test_images_are_asked_what_they_say_by_themselves_only_in_doubt(decide, still, cloths):
    assert arrangement(decide(still, register_parts="never", by_itself=None)) == AS_THEY_LIE
    assert arrangement(decide(cloths, register_parts="never", by_itself=None)) == FREE


def test_in_doubt_the_more_concentrated_maps_win(decide):
    images = [faint(seed) for seed in range(8)]
    spot, body = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    body[:, ::2] = np.linspace(0, 0.5, SIZE[0], dtype=np.float32)[:, None]
    spot[:] = body / 100
    spot[16:24, 24:32] = 0.9
    for plane, expected in ((body, AS_THEY_LIE), (spot, FREE)):
        fitted = decide(images, register_parts="never", by_itself=ScriptedSaliency(plane))
        assert arrangement(fitted) == expected
        together, apart = fitted.decisions["concentration"], fitted.decisions["concentration alone"]
        assert (together > 1.3 * apart) == (expected == AS_THEY_LIE)


@pytest.mark.parametrize("kind", ["of_still", "of_turned", "of_cloths"])
def test_what_is_saved_and_restored_gives_the_same_bits(judge, still, request, kind):
    fitted = request.getfixturevalue(kind)
    about = json.loads(json.dumps(fitted.about()))
    again = Fitted.restored({name: array.copy() for name, array in fitted.arrays().items()}, about)
    assert again.decisions == fitted.decisions
    assert again.about() == fitted.about()
    for image in (still[5], plate(99, 4, 1, 2, mark=MARK), cloth(99)):
        np.testing.assert_array_equal(judge(again, image), judge(fitted, image))


def test_the_order_of_images_changes_no_bit(decide, judge, turned):
    once, again = decide(turned[:6]), decide([image.copy() for image in turned[5::-1]])
    assert again.about() == once.about()
    for name, array in once.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
    np.testing.assert_array_equal(judge(again, turned[5]), judge(once, turned[5]))


def test_a_mark_is_found_on_what_was_decided(judge, turned, of_turned, cloths, of_cloths):
    for fitted, image, place in (
        (of_turned, turned[5], lands(MARK, *TURNED[5])),
        (of_cloths, cloths[1], MARK),
    ):
        found = judge(fitted, image)
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert (column + 0.5) * SIZE[1] / found.shape[1] == pytest.approx(place[0], abs=6)
        assert (row + 0.5) * SIZE[0] / found.shape[0] == pytest.approx(place[1], abs=6)


def test_images_that_differ_in_one_value_are_alike_and_what_differs_from_all_stands_out(decide, judge):
    images = [plate(0) for _ in range(6)]
    for level, image in enumerate(images):
        image[0, 0, 0] = level
    fitted = decide(images)
    assert arrangement(fitted) == AS_THEY_LIE
    assert fitted.decisions["alignment"] == 0
    usual, marked = judge(fitted, images[0]), judge(fitted, plate(0, mark=MARK))
    assert np.isfinite(usual).all()
    assert np.isfinite(marked).all()
    assert marked.max() > 10 * max(usual.max(), 1)


def test_plain_images_that_differ_in_brightness_are_borne(decide, judge):
    images = [np.full((*SIZE, 3), level, np.uint8) for level in range(100, 140, 10)]
    for way in ("auto", "aligned", "free"):
        fitted = decide(images, way)
        assert np.isfinite(judge(fitted, images[0])).all()


def test_two_images_are_enough(decide, judge, still, cloths):
    for images in (still[4:6], cloths[:2]):
        fitted = decide(images)
        assert fitted.decisions["references"] == 2
        for image in images:
            assert np.isfinite(judge(fitted, image)).all()


@pytest.mark.parametrize(
    ("num_small", "num_large", "expected"), [(2, 3, (80, 110)), (3, 2, SIZE), (2, 2, SIZE)]
)
def test_images_are_laid_at_the_size_that_most_have_or_the_smaller(decide, num_small, num_large, expected):
    small = [plate(seed) for seed in range(num_small)]
    large = [cv2.resize(plate(10 + seed), (110, 80)) for seed in range(num_large)]
    fitted = decide([*large, *small], "aligned", "never")
    assert fitted.basis.template.size == expected
    assert len(fitted.basis.digests) == num_small + num_large
