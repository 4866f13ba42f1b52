from __future__ import annotations

import numpy as np
import pytest

from saa.embedded.candidates import Viewer
from saa.embedded.encoding import Encoder
from saa.embedded.settings import deviations, squashed
from saa.types import Frame

VIEWER = Viewer(Encoder("frame", 1, small_marks=False, working_area_px=19_200))


@pytest.fixture
def image(striped) -> np.ndarray:
    """A striped surface, (120, 160), with a dark spot that an image by itself gives away."""
    image = striped()
    image[30:42, 50:64] = 20
    return image


@pytest.fixture
def elsewhere() -> np.ndarray:
    """A saliency that sees a square far from the spot and nothing else."""
    saliency = np.full((120, 160), 0.05, np.float32)
    saliency[80:100, 110:130] = 0.6
    return saliency


def place(mask) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of a mask at map size, in pixels of the image."""
    rows, columns = np.nonzero(mask)
    return 2 * rows.min(), 2 * rows.max() + 2, 2 * columns.min(), 2 * columns.max() + 2


def test_a_frame_without_saliency_shows_what_is_unlike_the_rest_of_the_image(image, look):
    known = look(image)
    np.testing.assert_array_equal(known.unlikeness, known.encoding.unlikeness_on_object)
    np.testing.assert_allclose(place(known.segments.masks[0]), (30, 42, 50, 64), atol=4)


def test_a_saliency_decides_what_the_pieces_are(image, elsewhere, look):
    known = look(image, saliency=elsewhere)
    np.testing.assert_allclose(place(known.segments.masks[0]), (80, 100, 110, 130), atol=2)
    assert not known.segments.masks[:, 15:21, 25:32].any()


def test_a_piece_contrasts_by_the_deviations_that_were_squashed(image, elsewhere, look):
    assert look(image, saliency=elsewhere).segments.contrasts[0] == pytest.approx(
        float(deviations(np.float32(0.6)) - deviations(np.float32(0.05))), rel=1e-3
    )


def test_a_saliency_that_sees_nothing_gives_no_piece(image, look):
    assert len(look(image, saliency=np.zeros((120, 160), np.float32)).segments.masks) == 0


def test_a_saliency_of_one_everywhere_or_somewhere_is_borne(image, look):
    saliency = np.ones((120, 160), np.float32)
    assert np.isfinite(look(image, saliency=saliency).unlikeness).all()
    saliency[:60] = 0
    known = look(image, saliency=saliency)
    assert np.isfinite(known.segments.contrasts).all()


def test_candidates_are_looked_for_once_a_frame_and_saliency(image, elsewhere):
    frame = Frame(image)
    marked = frame.marked(elsewhere)
    assert frame.viewed(VIEWER) is frame.viewed(Viewer(VIEWER.encoder))
    assert marked.viewed(VIEWER) is marked.viewed(VIEWER)
    assert marked.viewed(VIEWER) is not frame.viewed(VIEWER)
    assert marked.viewed(VIEWER).encoding is frame.viewed(VIEWER).encoding
    assert marked.viewed(VIEWER).segments is marked.viewed(VIEWER).segments


def test_deviations_undo_the_squash():
    values = np.array([0, 0.5, 4, 30, 200], np.float32)
    np.testing.assert_allclose(deviations(squashed(values)), values, rtol=1e-4)
    assert deviations(np.ones(1, np.float32))[0] == pytest.approx(3996, rel=1e-3)
