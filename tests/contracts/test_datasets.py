"""What every data set format must do."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from saa import plugins
from saa.errors import DatasetError
from saa.types import Sample

KINDS = plugins.kinds("datasets")

SMALLEST = {
    "cityscapes": [
        "leftImg8bit/val/ulm/ulm_1_leftImg8bit.png", "gtFine/val/ulm/ulm_1_gtFine_labelTrainIds.png",
        "leftImg8bit/val/bonn/bonn_2_leftImg8bit.png", "gtFine/val/bonn/bonn_2_gtFine_labelIds.png",
    ],
    "fishyscapes_laf": [
        "laf_images/b_leftImg8bit.png", "fishyscapes_lostandfound/0001_b_labels.png",
        "laf_images/a_leftImg8bit.png", "fishyscapes_lostandfound/0002_a_labels.png",
    ],
    "fishyscapes_static": [
        "leftImg8bit/val/ulm/ulm_1_leftImg8bit.png", "fs_val_v3/0001_ulm_1_labels.png", "fs_val_v3/0001_ulm_1_rgb.npz",
        "leftImg8bit/val/ulm/ulm_2_leftImg8bit.png", "fs_val_v3/0000_ulm_2_labels.png", "fs_val_v3/0000_ulm_2_rgb.npz",
    ],
    "folder": ["dent/b.png", "dent/b_mask.png", "dent/a.png", "ok/a.png"],
    "ksdd2": ["test/2.png", "test/2_GT.png", "test/1.png", "test/1_GT.png"],
    "meta_json": ["b/y.png", "b/x.png", "a/z.png"],
    "mtd": ["MT_Fray/Imgs/b.jpg", "MT_Fray/Imgs/b.png", "MT_Free/Imgs/a.jpg"],
    "mvtec": ["b/test/cut/0.png", "b/ground_truth/cut/0_mask.png", "a/test/good/1.png", "a/test/good/0.png"],
    "road": [
        "b/test/dog/0.png", "b/ground_truth/dog/0_mask.png", "b/ignore/dog/0_ignore.png",
        "a/test/dog/0.png", "a/ground_truth/dog/0_mask.png",
    ],
    "road_anomaly": [
        "frames/b.jpg", "frames/b.labels/labels_semantic.png", "frames/a.jpg", "frames/a.labels/labels_semantic.png",
    ],
    "smiyc": [
        "dataset_ObstacleTrack/images/validation_1.webp",
        "dataset_ObstacleTrack/labels_masks/validation_1_labels_semantic.png",
        "dataset_AnomalyTrack/images/validation0001.jpg",
        "dataset_AnomalyTrack/labels_masks/validation0001_labels_semantic.png",
        "dataset_AnomalyTrack/images/street_1.jpg",
    ],
    "visa": ["b/test/bad/0.JPG", "b/ground_truth/bad/0.png", "a/test/good/1.JPG", "a/test/good/0.JPG"],
}  # fmt: skip
"""A data set of each format, as the images it consists of. A new format adds its own. Labels are 1 everywhere."""


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def root(kind, tmp_path) -> Path:
    folder = tmp_path / "root"
    for name in SMALLEST[kind]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".npz"):
            np.savez(folder / name, rgb=np.full((3, 5, 3), -9))
            continue
        level = 1 if "label" in Path(name).name else 200
        PIL.Image.fromarray(np.full((3, 5), level, np.uint8)).save(folder / name)
    if kind == "meta_json":
        test = {}
        for name in SMALLEST[kind]:
            test.setdefault(name[0], []).append({"img_path": name, "anomaly": 0})
        (folder / "meta.json").write_text(json.dumps({"test": test}), encoding="utf-8")
    return folder


def test_there_is_a_smallest_data_set_of_each_format():
    assert set(SMALLEST) >= set(KINDS)


def test_format_describes_itself_in_a_line(kind):
    module = plugins.load("datasets", kind)
    assert 0 < len(module.DESCRIPTION) <= 110
    assert "\n" not in module.DESCRIPTION
    assert module.SPLITS[0] in ("test", "validation")
    assert all(isinstance(split, str) for split in module.SPLITS)


def test_samples_are_sorted_unique_and_there(kind, root):
    found = plugins.load("datasets", kind).samples(root)
    assert len(found) >= 2
    keys = [(sample.product, sample.name) for sample in found]
    assert keys == sorted(set(keys))
    for sample in found:
        assert isinstance(sample, Sample)
        assert sample.image_path.is_file()
        assert sample.image_path.as_posix().endswith(sample.name)
        assert sample.mask_path is None or sample.mask_path.is_file()
        assert sample.ignore_path is None or sample.ignore_path.is_file()
        assert "\\" not in sample.name
        assert ".." not in Path(sample.name).parts


def test_the_first_split_is_the_default(kind, root):
    module = plugins.load("datasets", kind)
    first = module.SPLITS[0]
    assert module.samples(root) == module.samples(root, first) == module.samples(root, split=first)


def test_format_recognises_its_own(kind, root):
    assert plugins.load("datasets", kind).recognises(root)


def test_unknown_split_lists_the_known(kind, root):
    module = plugins.load("datasets", kind)
    with pytest.raises(
        DatasetError, match=f"split: expected one of {', '.join(module.SPLITS)}, got 'odd'; choose"
    ):
        module.samples(root, "odd")


def test_missing_root_is_refused(kind, tmp_path):
    with pytest.raises(
        DatasetError, match=r"gone: expected the folder of a data set, got no such folder; check"
    ):
        plugins.load("datasets", kind).samples(tmp_path / "gone")


def test_file_as_root_is_refused(kind, tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(DatasetError, match=r"a\.png: expected the folder of a data set, got a file; check"):
        plugins.load("datasets", kind).samples(tmp_path / "a.png")


def test_empty_folder_is_refused(kind, tmp_path):
    (tmp_path / "root").mkdir()
    module = plugins.load("datasets", kind)
    assert not module.recognises(tmp_path / "root")
    with pytest.raises(DatasetError, match=r"root: expected .*, got an empty folder; check the path"):
        module.samples(tmp_path / "root")
