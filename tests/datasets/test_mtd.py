import pytest

from saa.datasets import mtd
from saa.errors import DatasetError


def test_defects_are_named_by_their_folders(draw):
    root = draw(
        "MT_Blowhole/Imgs/a.jpg", "MT_Blowhole/Imgs/a.png", "MT_Uneven/Imgs/b.jpg", "MT_Uneven/Imgs/b.png"
    )
    found = mtd.samples(root)
    assert [(s.product, s.name, s.defect) for s in found] == [
        ("mtd", "MT_Blowhole/Imgs/a.jpg", "blowhole"),
        ("mtd", "MT_Uneven/Imgs/b.jpg", "uneven"),
    ]
    assert found[0].mask_path == root / "MT_Blowhole/Imgs/a.png"


def test_free_tiles_and_empty_masks_are_good(draw):
    root = draw("MT_Free/Imgs/a.jpg", "MT_Free/Imgs/nomask.jpg", "MT_Crack/Imgs/b.jpg")
    draw("MT_Free/Imgs/a.png", "MT_Crack/Imgs/b.png", level=0)
    assert [(s.defect, s.mask_path) for s in mtd.samples(root)] == [("good", None)] * 3


def test_image_and_mask_need_each_other(draw):
    root = draw("MT_Crack/Imgs/a.jpg", "MT_Crack/Imgs/b.png", "MT_Free/Imgs/c.png")
    with pytest.raises(DatasetError, match="got 3; mend what is listed") as caught:
        mtd.samples(root)
    assert "a.jpg: expected its mask a.png, got no such file" in str(caught.value)
    assert "MT_Crack/Imgs/b.png: expected an image for this mask" in str(caught.value)
    assert "MT_Free/Imgs/c.png: expected an image for this mask" in str(caught.value)


def test_mvtec_layout_is_told_by_its_name(draw):
    root = draw("magnetic_tile/test/crack/a.jpg", "magnetic_tile/ground_truth/crack/a_mask.png")
    with pytest.raises(DatasetError, match=r"expected folders MT_.*, got magnetic_tile/; use --format mvtec"):
        mtd.samples(root)
