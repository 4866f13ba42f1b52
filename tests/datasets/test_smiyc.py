import pytest

from saa import plugins
from saa.datasets import smiyc
from saa.errors import DatasetError
from saa.types import UNKNOWN

ANOMALY, OBSTACLE = "dataset_AnomalyTrack", "dataset_ObstacleTrack"


@pytest.fixture
def root(draw):
    found = draw(
        f"{ANOMALY}/images/validation0000.jpg", f"{ANOMALY}/images/street_1.jpg",
        f"{OBSTACLE}/images/validation_1.webp", f"{OBSTACLE}/images/gravel_2.webp",
    )  # fmt: skip
    draw(
        f"{ANOMALY}/labels_masks/validation0000_labels_semantic.png",
        f"{ANOMALY}/labels_masks/validation0000_labels_semantic_color.png",
        f"{OBSTACLE}/labels_masks/validation_1_labels_semantic.png",
        level=1,
    )
    return found


def test_validation_frames_come_with_labels_and_the_rules_of_their_track(root):
    found = smiyc.samples(root)
    assert [(s.product, s.name, s.defect, s.track) for s in found] == [
        ("AnomalyTrack", "images/validation0000.jpg", "anomaly", "anomaly"),
        ("ObstacleTrack", "images/validation_1.webp", "anomaly", "obstacle"),
    ]
    assert all(sample.mask_kind == "labels" for sample in found)


def test_frames_of_the_test_split_are_unknown_even_beside_black_labels(root, draw):
    draw(f"{ANOMALY}/labels_masks/street_1_labels_semantic.png", level=0)
    found = smiyc.samples(root, "test")
    assert [(s.name, s.defect, s.mask_path) for s in found] == [
        ("images/street_1.jpg", UNKNOWN, None),
        ("images/gravel_2.webp", UNKNOWN, None),
    ]
    assert len(smiyc.samples(root)) == 2


def test_one_track_may_be_the_root(root):
    assert [s.product for s in smiyc.samples(root / OBSTACLE)] == ["ObstacleTrack"]


def test_a_validation_frame_without_labels_is_listed(root):
    (root / ANOMALY / "labels_masks/validation0000_labels_semantic.png").unlink()
    with pytest.raises(
        DatasetError, match=r"validation0000\.jpg: expected its labels validation0000_labels_sem"
    ):
        smiyc.samples(root)


def test_labels_without_a_frame_are_listed(root):
    (root / ANOMALY / "images/validation0000.jpg").unlink()
    with pytest.raises(DatasetError, match="expected an image for this mask, got none"):
        smiyc.samples(root)


def test_another_format_is_suggested(root):
    with pytest.raises(DatasetError, match=r"use --format (folder or )?smiyc"):
        plugins.load("datasets", "cityscapes").samples(root)
