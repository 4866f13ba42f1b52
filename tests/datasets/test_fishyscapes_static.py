import os

import numpy as np
import pytest

from saa import images
from saa.datasets import fishyscapes_static
from saa.errors import DatasetError

NAME = "0000_ulm_000001_000019"
CITY = "leftImg8bit/val/ulm/ulm_000001_000019_leftImg8bit.png"
OVERLAY = f"fs_val_v3/{NAME}_rgb.npz"
COMPOSED = f"composed/fs_val_v3/{NAME}.png"


@pytest.fixture
def root(draw):
    """A grey picture of level 90, to which the overlay adds -100 to 200."""
    found = draw(CITY)
    draw(f"fs_val_v3/{NAME}_labels.png", level=1)
    save(found)
    return found


def save(root, dtype=np.int64, **arrays):
    added = np.zeros((4, 6, 3), dtype)
    added[0, :3] = [[-100, 0, 200], [-9, 9, 1], [0, 0, 0]]
    np.savez(root / OVERLAY, **(arrays or {"rgb": added}))


def problem(root):
    with pytest.raises(DatasetError, match="expected a data set without mistakes") as caught:
        fishyscapes_static.samples(root)
    return str(caught.value)


@pytest.mark.parametrize("dtype", [np.int64, np.int16, np.float32])
def test_pictures_are_the_sum_cut_at_the_ends_of_the_scale(root, dtype):
    save(root, dtype)
    (found,) = fishyscapes_static.samples(root)
    assert (found.product, found.name, found.defect) == ("fishyscapes_static", COMPOSED, "anomaly")
    composed = images.read_rgb(found.image_path)
    assert composed[0, :3].tolist() == [[0, 90, 255], [81, 99, 91], [90, 90, 90]]
    assert (composed[1:] == 90).all()


def test_what_was_put_together_is_taken_as_it_is(root):
    fishyscapes_static.samples(root)
    before = (root / COMPOSED).stat().st_mtime_ns
    assert len(fishyscapes_static.samples(root)) == 1
    assert (root / COMPOSED).stat().st_mtime_ns == before


def test_a_newer_overlay_is_put_in_anew(root):
    fishyscapes_static.samples(root)
    save(root, rgb=np.full((4, 6, 3), 5))
    os.utime(root / COMPOSED, ns=(0, 0))
    fishyscapes_static.samples(root)
    assert (images.read_rgb(root / COMPOSED) == 95).all()


def test_the_newest_version_counts(root, draw):
    draw(f"fs_val_v1/{NAME}_labels.png", level=1)
    assert [sample.mask_path.parent.name for sample in fishyscapes_static.samples(root)] == ["fs_val_v3"]


def test_cityscapes_may_lie_a_folder_below(root):
    (root / "leftImg8bit").rename(root / "moved")
    (root / "cityscapes").mkdir()
    (root / "moved").rename(root / "cityscapes/leftImg8bit")
    assert len(fishyscapes_static.samples(root)) == 1


def test_parts_that_are_missing_are_listed(root):
    (root / OVERLAY).unlink()
    assert f"expected its overlay {NAME}_rgb.npz, got no such file" in problem(root)
    (root / CITY).unlink()
    assert "expected the picture ulm_000001_000019_leftImg8bit.png of Cityscapes val" in problem(root)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"other": np.zeros(3)}, "expected an array 'rgb', got a damaged file"),
        ({"rgb": np.zeros((4, 6))}, "expected whole numbers from -255 to 255 of shape"),
        ({"rgb": np.full((4, 6, 3), 256)}, "expected whole numbers from -255 to 255 of shape"),
        ({"rgb": np.full((4, 6, 3), np.nan)}, "expected whole numbers from -255 to 255 of shape"),
        ({"rgb": np.full((4, 6, 3), "a")}, "expected whole numbers from -255 to 255 of shape"),
        (
            {"rgb": np.zeros((5, 6, 3))},
            r"expected (4, 6, 3) like ulm_000001_000019_leftImg8bit.png, got (5, 6, 3)",
        ),
    ],
)
def test_overlays_that_do_not_fit_are_listed(root, arrays, message):
    save(root, **arrays)
    assert message in problem(root)


def test_an_overlay_that_would_run_code_is_not_opened(root):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(root / "sprung"),)

    save(root, rgb=np.array([Trap()], object))
    assert "got a damaged file" in problem(root)
    assert not (root / "sprung").exists()


@pytest.mark.parametrize("payload", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_damaged_overlays_are_listed(root, payload):
    (root / OVERLAY).write_bytes(payload)
    assert OVERLAY in problem(root)
