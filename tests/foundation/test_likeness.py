from __future__ import annotations

import numpy as np
import pytest
import torch

from saa.foundation import likeness
from saa.foundation.likeness import Pyramid


def pyramid(seed: int = 0, size: tuple[int, int] = (8, 12)) -> Pyramid:
    """Three levels of features at least 0, a third of them 0, as a network's are."""
    random = torch.Generator().manual_seed(seed)
    height, width = size
    sizes = [(height, width, 3), (height // 2, width // 2, 5), (height // 4, width // 4, 7)]
    return Pyramid(tuple((torch.randn(shape, generator=random) + 0.4).relu() for shape in sizes))


def plain(rows) -> Pyramid:
    """One level with a single row of cells."""
    return Pyramid((torch.tensor(rows, dtype=torch.float32)[None],))


def side_by_side(found: Pyramid) -> np.ndarray:
    """(h, w, D) unit features of the concatenation, made cell by cell."""
    height, width = found.size
    wide = np.array(
        [
            [
                np.concatenate([level[y >> down, x >> down] for down, level in enumerate(found.levels)])
                for x in range(width)
            ]
            for y in range(height)
        ],
        np.float64,
    )
    return wide / np.linalg.norm(wide, axis=-1, keepdims=True)


def slow_within(found: Pyramid, cells, count: int, *, farthest: bool = False) -> np.ndarray:
    """Each row of distances fully sorted."""
    unit = side_by_side(found).reshape(found.size[0] * found.size[1], -1)[cells]
    answer = []
    for one in unit:
        distances = sorted((1 - float(one @ other) for other in unit), reverse=farthest)
        answer.append(np.mean(distances[:count]))
    return np.array(answer)


def slow_across(found: Pyramid, masks: np.ndarray, lone: float) -> np.ndarray:
    """Object by object, place by place, against every other place."""
    unit = side_by_side(found)
    answer = np.zeros(found.size)
    for number, own in enumerate(masks):
        others = np.delete(masks, number, axis=0).any(axis=0) & ~own
        for y, x in np.argwhere(own):
            distances = [1 - float(unit[y, x] @ other) for other in unit[others]]
            answer[y, x] = max(answer[y, x], min(distances, default=lone))
    return answer


ALL = np.arange(96)


def test_levels_that_do_not_halve_are_refused():
    with pytest.raises(ValueError, match=r"levels: expected \(6, 4\) cells below, got \(5, 4\)"):
        Pyramid((torch.zeros(5, 4, 1), torch.zeros(3, 2, 1)))


def test_lengths_are_those_of_all_levels_side_by_side():
    found = Pyramid((torch.full((2, 4, 1), 2.0), torch.tensor([[[1.0, 2.0], [0.0, 4.0]]])))
    assert found.size == (2, 4)
    expected = [[3, 3, 20**0.5, 20**0.5]] * 2
    np.testing.assert_allclose(found.lengths(), expected, rtol=1e-6)


def test_distances_to_neighbours_typed_by_hand():
    right_angle, half = 1.0, 1 - 0.5**0.5
    found = plain([[2, 0], [0, 1], [3, 3]])
    cells = np.arange(3)

    def mean_distance(count, *, farthest=False):
        return likeness.within(found, cells, count, farthest=farthest).tolist()

    assert mean_distance(1) == pytest.approx([0, 0, 0], abs=1e-6)
    assert mean_distance(2) == pytest.approx([half / 2, half / 2, half / 2], abs=1e-6)
    assert mean_distance(1, farthest=True) == pytest.approx([right_angle, right_angle, half], abs=1e-6)
    assert mean_distance(3, farthest=True) == pytest.approx(
        [(right_angle + half) / 3, (right_angle + half) / 3, 2 * half / 3], abs=1e-6
    )


@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("count", [1, 2, 10, 95, 96, 400])
def test_distances_equal_those_of_a_full_sort(count, farthest):
    found = likeness.within(pyramid(), ALL, count, farthest=farthest)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, slow_within(pyramid(), ALL, count, farthest=farthest), atol=1e-6)


@pytest.mark.parametrize("farthest", [False, True])
def test_only_the_places_that_are_asked_about_are_compared(farthest):
    cells = np.array([0, 1, 13, 40, 41, 54, 95])
    found = likeness.within(pyramid(1), cells, 3, farthest=farthest)
    np.testing.assert_allclose(found, slow_within(pyramid(1), cells, 3, farthest=farthest), atol=1e-6)


@pytest.mark.parametrize("size", [(4, 4), (4, 40), (20, 8)])
def test_any_grid_is_compared(size):
    cells = np.arange(size[0] * size[1])
    found = likeness.within(pyramid(2, size), cells, 5, farthest=False)
    np.testing.assert_allclose(found, slow_within(pyramid(2, size), cells, 5), atol=1e-6)


@pytest.mark.parametrize("values", [1, 96, 97, 96 * 7, 96 * 95])
def test_chunk_borders_do_not_show(monkeypatch, values):
    masks = np.random.default_rng(0).random((3, 8, 12)) > 0.5
    one, other = likeness.within(pyramid(), ALL, 9, farthest=False), likeness.across(pyramid(), masks, 0.5)
    monkeypatch.setattr(likeness, "CHUNK_VALUES", values)
    torch.testing.assert_close(likeness.within(pyramid(), ALL, 9, farthest=False), one)
    torch.testing.assert_close(likeness.across(pyramid(), masks, 0.5), other)


def test_features_of_no_length_are_unlike_everything():
    found = plain([[0, 0], [1, 0], [1, 0]])
    assert likeness.within(found, np.arange(3), 2, farthest=False).tolist() == pytest.approx([1, 0, 0])


def test_places_that_are_all_alike_have_no_distance():
    same = Pyramid((torch.ones(4, 4, 3), torch.ones(2, 2, 5)))
    masks = np.array([np.eye(4, dtype=bool), np.eye(4, dtype=bool)[::-1]])
    for farthest in (False, True):
        assert likeness.within(same, np.arange(16), 4, farthest=farthest).abs().max() < 1e-6
    assert likeness.across(same, masks, 0.0).abs().max() < 1e-6


@pytest.mark.parametrize(("count", "cells"), [(0, 3), (1, 0)])
def test_no_neighbour_and_no_place_are_refused(count, cells):
    with pytest.raises(ValueError, match=f"at least 1 neighbour and 1 cell, got {count} and {cells}"):
        likeness.within(pyramid(), np.arange(cells), count, farthest=False)


def test_the_pyramid_is_left_alone():
    found = pyramid()
    likeness.within(found, ALL, 3, farthest=True)
    likeness.across(found, np.ones((1, 8, 12), bool), 0.0)
    for level, before in zip(found.levels, pyramid().levels, strict=True):
        torch.testing.assert_close(level, before, rtol=0, atol=0)


def test_without_objects_nothing_lies_apart():
    for masks in (np.zeros((0, 8, 12), bool), np.zeros((2, 8, 12), bool)):
        found = likeness.across(pyramid(), masks, 1.0)
        assert found.shape == (8, 12)
        assert not found.any()


def test_distances_to_other_objects_typed_by_hand():
    found = plain([[1, 0], [0, 1], [1, 1], [2, 0], [0, 0]])
    masks = np.array([[[1, 1, 0, 0, 0]], [[0, 0, 1, 0, 0]], [[0, 0, 0, 1, 0]]], bool)
    half = 1 - 0.5**0.5
    expected = [[0, half, half, 0, 0]]
    np.testing.assert_allclose(likeness.across(found, masks, 0.0), expected, atol=1e-6)


def test_a_place_of_two_objects_gets_the_greater_distance_and_vouches_for_neither():
    found = plain([[1, 0], [1, 0], [0, 1], [0, 1]])
    masks = np.array([[[1, 1, 1, 0]], [[0, 1, 0, 1]]], bool)
    # Place 1 is as place 0 of the first object, and unlike place 3 of the second.
    np.testing.assert_allclose(likeness.across(found, masks, 0.0), [[1, 1, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("lone", [0.0, 0.25, 1.0])
def test_an_object_that_covers_all_others_has_the_distance_that_was_set(lone):
    found = plain([[1, 0], [1, 0], [0, 1]])
    around = np.ones((1, 1, 3), bool)
    np.testing.assert_allclose(likeness.across(found, around, lone), [[lone] * 3])
    with_another = np.concatenate([around, [[[True, False, False]]]])
    np.testing.assert_allclose(likeness.across(found, with_another, lone), [[lone] * 3], atol=1e-6)


@pytest.mark.parametrize("num_objects", [1, 2, 3, 9, 20])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_distances_across_equal_those_of_a_slow_loop(num_objects, share):
    masks = np.random.default_rng(num_objects).random((num_objects, 8, 12)) < share
    found = likeness.across(pyramid(3), masks, 0.7)
    np.testing.assert_allclose(found, slow_across(pyramid(3), masks, 0.7), atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card of NVIDIA or AMD")
def test_a_card_finds_what_the_processor_finds():
    here = pyramid(4, (32, 48))
    there = Pyramid(tuple(level.to("cuda") for level in here.levels))
    masks = np.random.default_rng(0).random((5, 32, 48)) < 0.2
    cells = np.flatnonzero(masks[0])
    for farthest in (False, True):
        expected = likeness.within(here, cells, 50, farthest=farthest)
        found = likeness.within(there, cells, 50, farthest=farthest)
        torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=1e-5)
    found, expected = likeness.across(there, masks, 0.0), likeness.across(here, masks, 0.0)
    torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=1e-5)
