from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from saa.foundation import fcclip_maps
from saa.foundation.fcclip_maps import Sizes

CASES = {
    "as it is": Sizes((90, 125), (90, 125), (96, 128)),
    "made smaller before": Sizes((199, 301), (96, 145), (96, 160)),
    "made larger before": Sizes((37, 20), (120, 65), (128, 96)),
    "taller than a tile": Sizes((150, 33), (150, 33), (160, 64)),
    "wider than a tile": Sizes((20, 600), (20, 600), (32, 608)),
}


def logits(sizes, count=5, seed=0):
    height, width = (side // 4 for side in sizes.padded)
    return torch.randn((count, height, width), generator=torch.Generator().manual_seed(seed)) * 4


def enlarged(maps, sizes):
    """In two steps and all at once, as the released code does it."""
    large = functional.interpolate(maps[None], sizes.padded, mode="bilinear", align_corners=False)
    large = large[..., : sizes.scaled[0], : sizes.scaled[1]]
    return functional.interpolate(large, sizes.image, mode="bilinear", align_corners=False)[0]


def some_weights(num_masks=5, count=3, seed=1):
    return np.random.default_rng(seed).normal(size=(num_masks, count)).astype(np.float32)


def test_no_masks_say_nothing():
    sizes = Sizes((5, 7), (5, 7), (32, 32))
    found = fcclip_maps.sums(torch.zeros(0, 8, 8), sizes, np.zeros((0, 2), np.float32))
    np.testing.assert_array_equal(found, np.zeros((2, 5, 7)))


def test_of_no_things_there_are_no_maps():
    sizes = Sizes((5, 7), (5, 7), (32, 32))
    found = fcclip_maps.sums(torch.zeros(3, 8, 8), sizes, np.zeros((3, 0), np.float32))
    assert (found.shape, found.dtype) == ((0, 5, 7), np.float32)


@pytest.mark.parametrize("sizes", CASES.values(), ids=CASES)
def test_sums_are_those_of_all_masks_at_once(sizes):
    masks, weights = logits(sizes), some_weights()
    whole = torch.einsum("qk,qhw->khw", torch.from_numpy(weights), enlarged(masks, sizes).sigmoid())
    kept = masks.clone()
    found = fcclip_maps.sums(masks, sizes, weights)
    assert (found.shape, found.dtype) == ((3, *sizes.image), np.float32)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    torch.testing.assert_close(masks, kept, rtol=0, atol=0)


@pytest.mark.parametrize("sizes", CASES.values(), ids=CASES)
@pytest.mark.parametrize("tile", [(1, 1000), (7, 11)], ids=["a row", "odd"])
def test_tiles_of_any_size_give_the_same_map(sizes, tile, monkeypatch):
    masks, weights = logits(sizes), some_weights()
    monkeypatch.setattr(fcclip_maps, "_TILE", (10_000, 10_000))
    whole = fcclip_maps.sums(masks, sizes, weights)
    monkeypatch.setattr(fcclip_maps, "_TILE", tile)
    np.testing.assert_allclose(fcclip_maps.sums(masks, sizes, weights), whole, atol=2e-6)


def test_rows_of_the_identity_give_the_masks_themselves():
    sizes = CASES["made smaller before"]
    masks = logits(sizes)
    found = fcclip_maps.sums(masks, sizes, np.eye(5, dtype=np.float32)[:, 3:])
    np.testing.assert_allclose(found, enlarged(masks[3:], sizes).sigmoid(), atol=1e-5)
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("sizes", CASES.values(), ids=CASES)
def test_squashing_first_is_what_it_says(sizes):
    masks, weights = logits(sizes), some_weights()
    small = torch.einsum("qk,qhw->khw", torch.from_numpy(weights), masks.sigmoid())
    found = fcclip_maps.sums(masks, sizes, weights, squashed_first=True)
    np.testing.assert_allclose(found, enlarged(small, sizes), atol=1e-5)


def test_what_the_padding_holds_does_not_show_beyond_its_own_edge():
    sizes = Sizes((64, 64), (64, 64), (64, 96))
    masks, weights = logits(sizes), some_weights()
    other = masks.clone()
    other[:, :, 17:] += 9  # columns 68 and on; pixel 63 lies between the middles of columns 15 and 16
    np.testing.assert_array_equal(
        fcclip_maps.sums(masks, sizes, weights), fcclip_maps.sums(other, sizes, weights)
    )


def test_a_blob_stays_where_it_is_whatever_the_sizes():
    for image in ((96, 160), (97, 155), (200, 333), (48, 80)):
        scaled = (96, round(96 * image[1] / image[0]))
        padded = (96, -(-scaled[1] // 32) * 32)
        y, x = np.mgrid[:24, : padded[1] // 4] * 4 + 2.0
        at = (0.4, 0.6)  # of the image, down and across
        far = np.hypot(y / scaled[0] - at[0], (x / scaled[1] - at[1]) * scaled[1] / scaled[0])
        blob = torch.from_numpy((20 * (0.2 - far)).astype(np.float32))[None]
        found = fcclip_maps.sums(blob, Sizes(image, scaled, padded), np.ones((1, 1), np.float32))[0]
        rows, columns = np.mgrid[: image[0], : image[1]] + 0.5
        weights = np.maximum(found - 0.5, 0)
        assert (rows * weights).sum() / weights.sum() / image[0] == pytest.approx(at[0], abs=2e-3)
        assert (columns * weights).sum() / weights.sum() / image[1] == pytest.approx(at[1], abs=2e-3)


def test_weights_are_used_in_their_order_in_memory():
    sizes = CASES["as it is"]
    weights = some_weights()
    np.testing.assert_array_equal(
        fcclip_maps.sums(logits(sizes), sizes, weights),
        fcclip_maps.sums(logits(sizes), sizes, np.asfortranarray(weights)),
    )
