"""What files of labels say of each pixel."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest

from saa import images, truths
from saa.errors import ImageError, RunError
from saa.records import Place, Record
from saa.runs.folder import RunFolder
from saa.types import Truth


@pytest.fixture
def saved(tmp_path):
    def save(values, name="0_labels.png"):
        PIL.Image.fromarray(np.array(values, np.uint8)).save(tmp_path / name)
        return tmp_path / name

    return save


def read(path, kind):
    truth = images.read_truth(path, kind)
    return truth.defective.tolist(), truth.scored.tolist()


def test_a_mask_counts_everywhere(saved):
    assert read(saved([[0, 255, 7]]), "nonzero") == ([[False, True, True]], [[True, True, True]])


def test_labels_mark_anomalies_and_what_does_not_count(saved):
    found = read(saved([[0, 1], [2, 255], [0, 0]]), "labels")
    assert found == (
        [[False, True], [True, False], [False, False]],
        [[True, True], [True, False], [True, True]],
    )


def test_grey_labels_may_be_saved_as_colours(saved):
    assert read(saved(np.full((1, 2, 3), 255)), "labels") == ([[False, False]], [[False, False]])


def test_labels_with_a_palette_are_its_numbers(tmp_path):
    picture = PIL.Image.fromarray(np.uint8([[0, 1, 255]])).convert("P")
    picture.putdata([0, 1, 255])
    picture.putpalette([9, 9, 9, 200, 0, 0] * 128)
    picture.save(tmp_path / "0.png")
    assert read(tmp_path / "0.png", "labels") == ([[False, True, False]], [[True, True, False]])


@pytest.mark.parametrize(
    ("kind", "values", "scored"),
    [
        ("train_ids", [[0, 18, 255]], [[True, True, False]]),
        ("label_ids", [[0, 3, 7, 33]], [[False, False, True, True]]),
        ("label_ids", [[18, 19, 29, 31]], [[False, True, False, True]]),
    ],
)
def test_classes_of_a_city_are_all_normal_but_for_void_ones(saved, kind, values, scored):
    assert read(saved(values), kind) == (np.zeros_like(values, bool).tolist(), scored)


def test_another_label_is_refused(saved):
    with pytest.raises(
        ImageError, match=r"expected labels of 0, 1, 2, 255, got other values such as 7; take the file"
    ):
        images.read_truth(saved([[0, 7]]), "labels")
    with pytest.raises(ImageError, match="expected labels of 0 to 18 or 255, got other values such as 19"):
        images.read_truth(saved([[19]]), "train_ids")


def test_colours_and_lossy_files_are_no_labels(saved):
    with pytest.raises(ImageError, match="got colours or lossy compression"):
        images.read_truth(saved([[[0, 1, 2]]]), "labels")
    with pytest.raises(ImageError, match="got colours or lossy compression"):
        images.read_truth(saved([[0, 0]], "0.jpg"), "labels")


def test_a_truth_has_no_defects_that_do_not_count():
    with pytest.raises(ValueError, match="defective: expected scored pixels only"):
        Truth(np.ones((1, 2), bool), np.zeros((1, 2), bool))
    with pytest.raises(ValueError, match=r"scored: expected shape \(1, 2\)"):
        Truth(np.ones((1, 2), bool), np.ones((2, 2), bool))


def record(tmp_path, defect="good", **known):
    paths = {key: str(path) for key, path in known.items() if key in ("mask", "ignore")}
    place = Place(RunFolder(tmp_path), tmp_path)
    return Record(
        "scenes", "0.png", defect, 1.0, "", place, "0.png", mode="", **{"mask": "", **known, **paths}
    )


def test_labels_and_a_picture_of_what_does_not_count_come_together(saved, tmp_path):
    paths = {"mask": saved([[0, 1, 1, 255]]), "ignore": saved([[9, 9, 0, 0]], "0_ignore.png")}
    truth = truths.read(record(tmp_path, "anomaly", **paths, mask_kind="labels"), (1, 4))
    assert truth.defective.tolist() == [[False, False, True, False]]
    assert truth.scored.tolist() == [[False, False, True, False]]


def test_a_good_image_without_files_is_good_everywhere(tmp_path):
    truth = truths.read(record(tmp_path), (2, 3))
    assert truth.scored.all()
    assert not truth.defective.any()


def test_a_good_image_may_have_pixels_that_do_not_count(saved, tmp_path):
    ignored = saved([[0, 255]], "0_ignore.png")
    truth = truths.read(record(tmp_path, ignore=ignored), (1, 2))
    assert truth.scored.tolist() == [[True, False]]
    with pytest.raises(
        RunError, match=r"0_ignore\.png: expected a mask of the map's size \(5, 5\), got \(1, 2\)"
    ):
        truths.read(record(tmp_path, ignore=ignored), (5, 5))
