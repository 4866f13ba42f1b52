from __future__ import annotations

import pytest

from saa.errors import RunError
from saa.evaluation import size_of


@pytest.mark.parametrize(
    ("protocol", "size"),
    [("released", (400, 400)), ("native", None), ("512x640", (512, 640)), ("1x16384", (1, 16384))],
)
def test_a_protocol_has_a_name_or_is_a_height_and_a_width(protocol, size):
    assert size_of(protocol) == size


@pytest.mark.parametrize(
    "protocol",
    ["", "papers", "512", "512X512", "0x5", "5x0", "16385x1", "99999x99999", "-5x5", "٣x٣", "5x5 "],
)
def test_anything_else_is_one_line_with_an_example(protocol):
    with pytest.raises(RunError, match="protocol: expected released, native or height") as caught:
        size_of(protocol)
    assert str(caught.value).endswith(f"got '{protocol}'; write for example 512x512")
    assert len(str(caught.value).splitlines()) == 1
