import pytest

from saa.datasets import fishyscapes_laf
from saa.errors import DatasetError

ID = "04_Maurener_Weg_8_000000_000030"
PICTURE = f"{ID}_leftImg8bit.png"
PUBLISHED = f"fishyscapes_lostandfound/0000_{ID}_labels.png"
OF_SMIYC = f"dataset_FishyLAF/labels/val/{ID}_fishy-labels.png"


@pytest.mark.parametrize("labels", [PUBLISHED, OF_SMIYC])
@pytest.mark.parametrize(
    "picture",
    [
        f"laf_images/{PICTURE}",
        f"leftImg8bit/train/04_Maurener_Weg_8/{PICTURE}",
        f"dataset_LostAndFound/leftImg8bit/test/04_Maurener_Weg_8/{PICTURE}",
    ],
)
def test_labels_find_their_picture_in_every_layout(draw, labels, picture):
    root = draw(picture)
    draw(labels, level=1)
    (found,) = fishyscapes_laf.samples(root)
    assert (found.product, found.name, found.defect) == ("fishyscapes_laf", picture, "anomaly")
    assert (found.mask_path, found.mask_kind, found.track) == (root / labels, "labels", "obstacle")


def test_pictures_without_labels_are_passed_over(draw):
    root = draw(f"laf_images/{PICTURE}", "laf_images/another_leftImg8bit.png")
    draw(PUBLISHED, level=0)
    assert [sample.defect for sample in fishyscapes_laf.samples(root)] == ["good"]


def test_labels_without_a_picture_are_listed(draw):
    root = draw("laf_images/another_leftImg8bit.png")
    draw(PUBLISHED, level=0)
    with pytest.raises(DatasetError, match=f"_labels.png: expected the picture {PICTURE} of Lost and Found"):
        fishyscapes_laf.samples(root)


def test_the_hidden_split_is_not_offered(draw):
    with pytest.raises(DatasetError, match="split: expected one of validation, got 'test'"):
        fishyscapes_laf.samples(draw("laf_images/0.png"), "test")
