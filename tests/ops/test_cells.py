from __future__ import annotations

import numpy as np
import pytest

from saa.ops import cells
from saa.ops.cells import Asked, Cells

ONE = 0xBF800000
"""The key of 1.0."""


def some_cells(widths=(10, 10, 10)):
    """Good pixels; then good and defective ones; then defective ones."""
    lows = np.array([ONE, ONE + 1024, ONE + 2048])
    return Cells(lows, np.array(widths), np.array([50, 8, 4]), np.array([0, 3, 4]), np.array([0, 0.5, 0.5]))


def test_the_curve_counts_from_the_highest_cell_down():
    curve = some_cells().curve
    assert curve.thresholds[-1] == 1
    assert curve.true_positives.tolist() == [4, 7, 7]
    assert curve.false_positives.tolist() == [0, 5, 55]
    assert curve.unordered.tolist() == [True, True, False]


def test_cells_of_one_value_or_without_defects_leave_no_doubt():
    assert not some_cells(widths=(10, 0, 0)).doubts(Asked()).any()
    assert not some_cells().doubts(Asked())[:, 0].any()


def test_doubts_are_typed_by_hand():
    f1, rate, auroc, ap, aupro = some_cells().doubts(Asked(recalls=(0.9,)))[:, 1]
    assert f1 == pytest.approx(2 * 7 / (7 + 7) - 14 / 19)
    assert rate == pytest.approx(5 / 55)
    assert auroc == pytest.approx(3 * 5 / (2 * 7 * 55))
    assert ap == pytest.approx(3 / 7 * (7 / 7 - (7 / 12 + 5 / 10) / 2) / 2)
    assert aupro == pytest.approx(0.5 * 5 / 2 / (0.3 * 55))


def test_the_most_doubtful_cell_is_cut_most_and_none_that_leaves_no_doubt():
    bits = cells.finer(some_cells(), Asked())
    assert bits[0] == 0
    assert bits[1] == 10
    assert cells.finer(some_cells(), Asked(tolerance=1)).tolist() == [0, 0, 0]


def test_exact_f1_wants_rivals_cut_whatever_the_tolerance():
    assert cells.finer(some_cells(), Asked(tolerance=1, exact_f1=True)).tolist() == [0, 10, 0]


def test_no_cells_answer_everything():
    nothing = some_cells().some(np.zeros(3, bool))
    assert cells.good_enough(nothing.doubts(Asked()), Asked(exact_f1=True))


def test_finer_cells_take_the_place_of_what_was_cut():
    finer = Cells(
        np.array([ONE + 1024, ONE + 1500]),
        np.array([3, 3]),
        np.array([5, 3]),
        np.array([0, 3]),
        np.array([0, 0.5]),
    )
    found = some_cells().replaced(np.array([ONE + 1024]), finer)
    assert found.totals.tolist() == [50, 5, 3, 4]
    assert found.lows.tolist() == [ONE, ONE + 1024, ONE + 1500, ONE + 2048]
