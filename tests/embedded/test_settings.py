from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from saa.embedded.settings import LookSettings, squashed
from saa.prompts import ProductPrompt


def look(**sections):
    return LookSettings().encoder(ProductPrompt.model_validate({"object": {"phrase": "bottle"}} | sections))


@pytest.mark.parametrize(
    ("wanted", "extent"),
    [
        ({"phrase": "bottle"}, "part"),
        ({"phrase": "leather"}, "frame"),
        ({"phrase": "bottle", "extent": "frame"}, "frame"),
        ({"phrase": "leather", "extent": "part"}, "part"),
    ],
)
def test_the_phrase_tells_a_surface_from_a_part_unless_the_file_does(wanted, extent):
    assert look(object=wanted).extent == extent


def test_count_and_size_of_defects_come_from_the_prompt():
    assert look(object={"phrase": "bottle", "count": 4}).count == 4
    assert look(defects={"size": "small"}).small_marks
    assert not look().small_marks


def test_what_is_asked_for_does_not_change_how_an_image_is_looked_at():
    assert look() == look(defects={"captions": ["red stain"]}, reject=["cap"], confidence={"top_k": 9})


def test_the_working_area_is_a_setting_with_bounds():
    prompt = ProductPrompt.model_validate({"object": {"phrase": "bottle"}})
    assert LookSettings(working_area_px=20_000).encoder(prompt).working_area_px == 20_000
    with pytest.raises(ValidationError, match="greater than or equal to 10000"):
        LookSettings(working_area_px=9)


def test_squashing_keeps_order_and_stays_below_one():
    deviations = np.array([0, 0.1, 1, 4, 50, 1e6], np.float32)
    found = squashed(deviations)
    assert found.dtype == np.float32
    assert found[0] == 0
    assert (np.diff(found) > 0).all()
    assert found[-1] <= 1
