import pytest

from saa.datasets import ksdd2
from saa.errors import DatasetError


def test_empty_masks_mean_good(draw):
    root = draw(
        "test/20000.png", "test/20001.png", "test/20001_GT.png", "train/10000.png", "train/10000_GT.png"
    )
    draw("test/20000_GT.png", level=0)
    good, defective = ksdd2.samples(root)
    assert (good.product, good.name, good.defect, good.mask_path) == ("ksdd2", "test/20000.png", "good", None)
    assert (defective.name, defective.defect) == ("test/20001.png", "defect")
    assert defective.mask_path == root / "test/20001_GT.png"
    assert [s.name for s in ksdd2.samples(root, "train")] == ["train/10000.png"]


def test_image_and_mask_need_each_other(draw):
    root = draw("test/1.png", "test/2_GT.png", "test/3.png")
    (root / "test/3_GT.png").write_text("no picture")
    with pytest.raises(DatasetError, match="got 3; mend what is listed") as caught:
        ksdd2.samples(root)
    assert "1.png: expected its mask 1_GT.png, got no such file" in str(caught.value)
    assert "2_GT.png: expected an image for this mask, got none" in str(caught.value)
    assert "3_GT.png: expected a readable image" in str(caught.value)


def test_missing_split_says_what_was_expected(draw):
    root = draw("train/10000.png", "train/10000_GT.png")
    with pytest.raises(
        DatasetError, match=r"expected a folder test with images <id>.png .*, got train/; check"
    ):
        ksdd2.samples(root)
