from __future__ import annotations

import pytest

from saa import modes


@pytest.mark.parametrize(
    ("mode", "count", "expected"),
    [
        (modes.SINGLE, 1, "single image"),
        (modes.SINGLE, 83, "single image"),
        (modes.BATCH, 83, "batch (transductive), 83 images"),
        (modes.BATCH, 1, "batch (transductive), 1 image"),
    ],
)
def test_a_label_tells_the_mode_and_how_many_images_vouch(mode, count, expected):
    assert modes.label(mode, count) == expected
    assert modes.of(expected) == mode


def test_a_stage_without_a_reference_says_how_to_get_one():
    message = str(modes.unfitted("consensus"))
    assert message.startswith(
        "saliency consensus: expected a reference made from the product's images, got none;"
    )
    assert all(command in message for command in ("`saa run`", "`saa fit`", "`saa inspect --reference`"))
