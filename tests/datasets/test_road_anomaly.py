import numpy as np
import PIL.Image
import pytest

from saa import images
from saa.datasets import road_anomaly
from saa.errors import DatasetError

FRAME = ("frames/dog_1.jpg", "frames/dog_1.labels/labels_semantic.png")


def test_two_is_an_anomaly_and_255_does_not_count(draw):
    root = draw(*FRAME)
    PIL.Image.fromarray(np.uint8([[0, 2, 255, 0, 0, 0]] * 4)).save(root / FRAME[1])
    (found,) = road_anomaly.samples(root)
    assert (found.name, found.defect, found.track) == (FRAME[0], "anomaly", "anomaly")
    truth = images.read_truth(found.mask_path, found.mask_kind)
    assert truth.defective[0].tolist() == [False, True, False, False, False, False]
    assert truth.scored[0].tolist() == [True, True, False, True, True, True]


def test_a_frame_without_an_anomaly_is_good_and_keeps_its_labels(draw):
    root = draw(FRAME[0])
    draw(FRAME[1], level=255)
    (found,) = road_anomaly.samples(root)
    assert (found.defect, found.mask_path) == ("good", root / FRAME[1])


def test_other_pictures_beside_the_labels_are_passed_over(draw):
    root = draw(FRAME[0], "frames/dog_1.labels/labels_semantic_color.png")
    draw(FRAME[1], level=0)
    (root / "frame_list.json").write_text("[]")
    assert len(road_anomaly.samples(root)) == 1


def test_what_does_not_pair_is_listed(draw):
    root = draw("frames/cat_2.jpg", "frames/rug_3.jpg")
    draw("frames/cow_4.labels/labels_semantic.png", "frames/rug_3.labels/labels_semantic.png", level=0)
    draw("frames/rug_3.labels/labels_semantic.png", level=77)
    with pytest.raises(DatasetError) as caught:
        road_anomaly.samples(root)
    said = str(caught.value)
    assert "cat_2.jpg: expected its labels" in said
    assert "got other values such as 77" in said
    assert "labels_semantic.png: expected an image for this mask, got none" in said
    assert str(root / "frames/cow_4.labels") in said
