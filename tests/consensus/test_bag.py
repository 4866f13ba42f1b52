from __future__ import annotations

import hashlib
import weakref

import numpy as np
import pytest

from saa.consensus import bag


@pytest.fixture
def images() -> list[np.ndarray]:
    """Twelve different pictures, (6, 9)."""
    return list(np.random.default_rng(0).integers(0, 256, (12, 6, 9, 3), np.uint8))


def digests(found: bag.Bag) -> list[str]:
    return [member.digest for member in found.members]


def assert_same(found: bag.Bag, wanted: bag.Bag) -> None:
    assert digests(found) == digests(wanted)
    for one, other in zip(found.members, wanted.members, strict=True):
        assert one.size == other.size
        np.testing.assert_array_equal(one.image, other.image)


def test_a_batch_without_images_is_an_empty_bag():
    assert bag.gather([], 5, 100) == bag.Bag((), 0, 0)


def test_a_digest_is_that_of_the_size_and_the_pixels(images):
    wanted = hashlib.sha256(b"(6, 9, 3)" + images[0].tobytes()).hexdigest()
    assert bag.digest(images[0]) == wanted


def test_one_value_that_differs_is_another_digest(images):
    other = images[0].copy()
    other[5, 8, 2] ^= 1
    assert bag.digest(other) != bag.digest(images[0])


def test_the_same_bytes_at_another_size_are_another_digest(images):
    assert bag.digest(images[0].reshape(9, 6, 3)) != bag.digest(images[0])


def test_a_digest_hangs_not_on_how_pixels_lie_in_memory(images):
    wide = np.zeros((8, 20, 4), np.uint8)
    wide[1:7, 2:20:2, :3] = images[0]
    mirrored = images[0][::-1, ::-1].copy()[::-1, ::-1]
    for other in (wide[1:7, 2:20:2, :3], np.asfortranarray(images[0]), mirrored):
        assert not other.flags.c_contiguous
        assert bag.digest(other) == bag.digest(images[0])
        assert bag.gather([images[0], other], 5, 100).num_different == 1


def test_a_small_image_stays_as_it_is(images):
    for area_px in (54, 55, 10_000):
        np.testing.assert_array_equal(bag.small(images[0], area_px), images[0])


def test_pixels_of_a_small_image_are_means_of_those_they_stand_for():
    image = np.zeros((2, 4, 3), np.uint8)
    image[:, :2, 0] = [[10, 20], [30, 40]]
    image[:, 2:, 1] = 200
    assert bag.small(image, 2).tolist() == [[[25, 0, 0], [0, 200, 0]]]


@pytest.mark.parametrize(
    ("size", "area_px", "expected"),
    [
        ((100, 200), 5000, (50, 100)),
        ((300, 30), 1000, (100, 10)),
        ((1, 400), 100, (1, 100)),
        ((400, 1), 100, (100, 1)),
    ],
)
def test_an_image_is_scaled_down_to_an_area_with_its_aspect_kept(size, area_px, expected):
    found = bag.small(np.full((*size, 3), 7, np.uint8), area_px)
    assert found.shape == (*expected, 3)
    assert found.dtype == np.uint8
    assert (found == 7).all()


def test_the_smallest_digests_stay_in_their_order(images):
    found = bag.gather(images, 5, 100)
    by_digest = {bag.digest(image): image for image in images}
    assert digests(found) == sorted(by_digest)[:5]
    assert (found.num_images, found.num_different) == (12, 12)
    for member in found.members:
        np.testing.assert_array_equal(member.image, by_digest[member.digest])


@pytest.mark.parametrize("count", [12, 13, 500])
def test_a_batch_that_fits_is_kept_whole(images, count):
    assert digests(bag.gather(images, count, 100)) == sorted(map(bag.digest, images))


def test_one_image_is_kept_of_many_if_one_is_asked_for(images):
    assert digests(bag.gather(images, 1, 100)) == [min(map(bag.digest, images))]


def test_order_and_copies_change_nothing_but_the_count(images):
    usual = bag.gather(images, 5, 100)
    shuffled = [images[index] for index in np.random.default_rng(1).permutation(12)]
    for others in (images[::-1], shuffled):
        assert_same(bag.gather(others, 5, 100), usual)
    more = bag.gather([*images, *(image.copy() for image in images[::-1])], 5, 100)
    assert_same(more, usual)
    assert (more.num_images, more.num_different) == (24, 12)


def test_copies_of_one_image_are_one_member(images):
    found = bag.gather([images[0].copy() for _ in range(9)], 5, 100)
    assert digests(found) == [bag.digest(images[0])]
    assert (found.num_images, found.num_different) == (9, 1)


def test_a_copy_of_an_image_that_left_the_bag_counts_once_too(images):
    largest = max(images, key=bag.digest)
    found = bag.gather([largest, *images, largest.copy()], 2, 100)
    assert (found.num_images, found.num_different) == (14, 12)
    assert_same(found, bag.gather(images, 2, 100))


def test_an_image_is_told_by_its_own_pixels_and_kept_small():
    image = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    other = image.copy()
    other[0, 0, 0] ^= 1
    found = bag.gather([image, other], 5, 36)
    assert found.num_different == 2
    for member in found.members:
        assert member.size == (40, 90)
        assert member.image.shape == (4, 9, 3)


def test_images_of_several_sizes_share_a_bag(images):
    found = bag.gather([images[0], images[1][:4], images[2][:, :1]], 5, 100)
    assert {member.size for member in found.members} == {(6, 9), (4, 9), (6, 1)}


def test_images_are_read_one_by_one_and_let_go():
    read, alive = [], []

    def stream():
        for seed in range(20):
            image = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), np.uint8)
            read.append(weakref.ref(image))
            yield image
            del image
            alive.append(sum(one() is not None for one in read))

    assert len(bag.gather(stream(), 5, 100).members) == 5
    assert max(alive) == 1
