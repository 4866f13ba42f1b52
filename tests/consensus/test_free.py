from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from saa.consensus import free


def texture(seed: int, *, level: float = 0, size=(16, 22)) -> np.ndarray:
    """(16, 22, 5) features of an image of one texture."""
    return (np.random.default_rng(seed).normal(size=(*size, 5)) + level).astype(np.float32)


def names(count: int) -> list[str]:
    return [f"{number:02}" for number in range(count)]


def bag(count: int = 6, **options) -> free.Free:
    return free.learned([texture(seed, **options) for seed in range(count)], names(count))


def with_ratio(ratio: float) -> free.Free:
    return free.Free(np.zeros((2, 1), np.float32), np.arange(2), ("a", "b"), ratio)


def slow(described: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Distances to the nearest 3 % of a bank, blurred and standardised."""
    distances = np.sort(cdist(described.reshape(-1, described.shape[-1]), bank), axis=1)
    found = distances[:, : max(1, round(0.03 * len(bank)))].mean(axis=1).reshape(described.shape[:2])
    smooth = cv2.GaussianBlur(found, (0, 0), 1, borderType=cv2.BORDER_REFLECT_101)
    return (smooth - np.median(smooth)) / (smooth.std() + 1)


def test_the_bank_holds_as_many_places_of_every_image():
    basis = bag(5)
    assert basis.bank.shape == (500, 5)
    assert basis.bank.dtype == np.float32
    assert basis.owners.dtype == np.int64
    np.testing.assert_array_equal(basis.owners, np.repeat(range(5), 100))
    assert basis.digests == ("00", "01", "02", "03", "04")
    for number in range(5):
        rows = {row.tobytes() for row in texture(number).reshape(-1, 5)}
        assert {row.tobytes() for row in basis.bank[basis.owners == number]} <= rows


@pytest.mark.parametrize(("count", "each"), [(16, 100), (17, 94), (200, 8), (2000, 1)])
def test_the_bank_is_bounded_and_every_image_has_a_place_in_it(count, each):
    grid = np.arange(300, dtype=np.float32).reshape(15, 20, 1)
    basis = free.learned([grid] * count, names(count))
    assert len(basis.bank) == count * each
    assert np.bincount(basis.owners).tolist() == [each] * count


def test_an_image_smaller_than_its_share_is_in_the_bank_whole():
    basis = free.learned([texture(0, size=(1, 3)), texture(1)], names(2))
    assert np.bincount(basis.owners).tolist() == [3, 100]


def test_deviations_equal_those_of_a_slow_comparison():
    basis, grid = bag(), texture(50)
    found = basis.deviations("of nobody", grid)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, slow(grid, basis.bank), atol=1e-4)


def test_an_image_is_not_compared_with_its_own_places():
    basis, grid = bag(), texture(2)
    others = basis.bank[basis.owners != 2]
    np.testing.assert_allclose(basis.deviations("02", grid), slow(grid, others), atol=1e-4)
    assert np.abs(basis.deviations("02", grid) - basis.deviations("of nobody", grid)).max() > 0.01


def test_a_place_that_the_bag_does_not_have_stands_out_though_its_own_image_has_many():
    grids = [texture(seed) for seed in range(6)]
    grids[3][4:8, 10:14] += 8
    basis = free.learned(grids, names(6))
    for digest in ("03", "of nobody"):
        found = basis.deviations(digest, grids[3])
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert 4 <= row < 8
        assert 10 <= column < 14
    excluded, included = (basis.deviations(digest, grids[3])[4:8, 10:14] for digest in ("03", "of nobody"))
    assert excluded.mean() > included.mean()


def test_deviations_of_a_plain_image_are_zero():
    assert not bag().deviations("of nobody", np.zeros((4, 7, 5), np.float32)).any()


def test_images_of_one_texture_are_as_near_to_each_other_as_to_themselves():
    basis = bag()
    assert basis.ratio == pytest.approx(1, abs=0.2)
    assert basis.weight == 1


def test_unrelated_images_are_far_from_each_other_and_do_not_vouch():
    basis = free.learned([texture(seed, level=10 * seed) for seed in range(6)], names(6))
    assert basis.ratio > 5
    assert basis.weight == 0


def test_one_unrelated_image_does_not_change_what_the_others_are():
    basis = free.learned([texture(seed, level=50 * (seed == 2)) for seed in range(6)], names(6))
    assert basis.ratio == pytest.approx(1, abs=0.2)


def test_images_that_are_plain_and_alike_vouch_for_each_other_and_others_do_not():
    alike = [np.full((4, 6, 2), 7, np.float32)] * 3
    unlike = [np.full((4, 6, 2), level, np.float32) for level in (1, 7, 50)]
    assert free.learned(alike, names(3)).weight == 1
    assert free.learned(unlike, names(3)).weight == 0


@pytest.mark.parametrize(
    ("ratio", "weight"), [(0, 1), (1, 1), (1.2, 1), (1.275, 0.5), (1.35, 0), (2, 0), (1e9, 0)]
)
def test_the_weight_falls_from_one_to_nothing(ratio, weight):
    assert with_ratio(ratio).weight == pytest.approx(weight)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1)])
def test_images_of_a_few_places_are_borne(size):
    basis = free.learned([texture(seed, size=size) for seed in range(2)], names(2))
    for digest in ("00", "of nobody"):
        found = basis.deviations(digest, texture(0, size=size))
        assert found.shape == size
        assert np.isfinite(found).all()


def test_the_same_images_give_the_same_bits_wherever_they_lie_in_memory():
    once, again = bag(), bag()
    np.testing.assert_array_equal(again.bank, once.bank)
    assert again.ratio == once.ratio
    wide = np.zeros((20, 30, 6), np.float32)
    wide[2:18, 4:26, 1:] = texture(2)
    for other in (wide[2:18, 4:26, 1:], np.asfortranarray(texture(2)), texture(2)):
        np.testing.assert_array_equal(again.deviations("02", other), once.deviations("02", texture(2)))
