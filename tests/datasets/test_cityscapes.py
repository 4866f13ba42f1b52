import pytest

from saa import images
from saa.datasets import cityscapes
from saa.errors import DatasetError

PICTURE = "leftImg8bit/val/ulm/ulm_1_leftImg8bit.png"
TRAIN_IDS = "gtFine/val/ulm/ulm_1_gtFine_labelTrainIds.png"
LABEL_IDS = "gtFine/val/ulm/ulm_1_gtFine_labelIds.png"


def test_pictures_are_good_and_void_labels_do_not_count(draw):
    root = draw(PICTURE, "gtFine/val/ulm/ulm_1_gtFine_color.png")
    draw(LABEL_IDS, level=3)
    (found,) = cityscapes.samples(root)
    assert (found.product, found.name, found.defect, found.track) == (
        "cityscapes",
        PICTURE,
        "good",
        "anomaly",
    )
    truth = images.read_truth(found.mask_path, found.mask_kind)
    assert not truth.scored.any()
    assert not truth.defective.any()


def test_train_ids_come_first(draw):
    root = draw(PICTURE)
    draw(LABEL_IDS, TRAIN_IDS, level=3)
    (found,) = cityscapes.samples(root)
    assert (found.mask_path, found.mask_kind) == (root / TRAIN_IDS, "train_ids")
    assert images.read_truth(found.mask_path, found.mask_kind).scored.all()


def test_train_is_another_split(draw):
    root = draw(PICTURE.replace("val", "train"), TRAIN_IDS.replace("val", "train"))
    assert [sample.name for sample in cityscapes.samples(root, "train")] == [PICTURE.replace("val", "train")]
    with pytest.raises(DatasetError, match="expected a folder leftImg8bit/val with a folder for each city"):
        cityscapes.samples(root)


def test_pictures_without_labels_are_listed(draw):
    with pytest.raises(
        DatasetError, match=r"expected its labels ulm_1_gtFine_labelTrainIds\.png, got no such file"
    ):
        cityscapes.samples(draw(PICTURE))
