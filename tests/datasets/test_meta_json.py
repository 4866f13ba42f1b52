import json

import pytest

from saa.datasets import meta_json
from saa.errors import DatasetError

BROKEN = {
    "img_path": "bottle\\test\\broken\\000.png",
    "mask_path": "bottle\\ground_truth\\broken\\000_mask.png",
    "cls_name": "bottle",
    "specie_name": "broken",
    "anomaly": 1,
}
GOOD = {"img_path": "bottle/test/good/000.png", "mask_path": "", "specie_name": "good", "anomaly": 0}
TRAIN = {"img_path": "bottle/train/good/000.png", "mask_path": None, "anomaly": 0}


@pytest.fixture
def lay(draw):
    def write(meta):
        root = draw("bottle/test/good/000.png", "bottle/train/good/000.png")
        draw("bottle/test/broken/000.png", "bottle/ground_truth/broken/000_mask.png")
        text = meta if isinstance(meta, str) else json.dumps(meta)
        (root / "meta.json").write_text(text, encoding="utf-8")
        return root

    return write


def test_entries_become_samples(lay):
    root = lay({"train": {"bottle": [TRAIN]}, "test": {"bottle": [GOOD, BROKEN]}})
    broken, good = meta_json.samples(root)
    assert (broken.product, broken.name, broken.defect) == ("bottle", "test/broken/000.png", "broken")
    assert broken.image_path == root / "bottle/test/broken/000.png"
    assert broken.mask_path == root / "bottle/ground_truth/broken/000_mask.png"
    assert (good.name, good.defect, good.mask_path) == ("test/good/000.png", "good", None)
    assert [s.name for s in meta_json.samples(root, "train")] == ["train/good/000.png"]


def test_product_without_a_folder_of_its_own_keeps_the_whole_path(lay):
    (sample,) = meta_json.samples(lay({"test": {"glass": [GOOD]}}))
    assert (sample.product, sample.name) == ("glass", "bottle/test/good/000.png")


def test_entries_with_mistakes_are_all_told_by_their_place(lay):
    root = lay(
        {
            "test": {
                "bottle": [
                    BROKEN | {"img_path": "gone.png"},
                    BROKEN | {"mask_path": ""},
                    GOOD | {"img_path": "/etc/x.png"},
                    BROKEN | {"specie_name": "good"},
                ],
                "..": [GOOD],
            }
        }
    )
    with pytest.raises(DatasetError, match="got 5; mend what is listed") as caught:
        meta_json.samples(root)
    text = str(caught.value)
    assert "meta.json: test.bottle.0: expected the image " in text
    assert "meta.json: test.bottle.1: expected the mask's path below " in text
    assert "meta.json: test.bottle.2: expected the image's path below " in text
    assert "meta.json: test.bottle.3: expected a defect's specie_name for anomaly 1, got 'good'" in text
    assert "meta.json: test....0: expected a product's name, got '..'" in text


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ("{", "JSON: Invalid JSON: EOF"),
        ({"test": {"bottle": [GOOD | {"anomaly": 2}]}}, r"test\.bottle\.0\.anomaly: Input should be 0 or 1"),
        ({"test": [GOOD]}, r"test: Input should be an object"),
    ],
)
def test_file_of_another_form_is_refused(lay, meta, words):
    with pytest.raises(DatasetError, match=rf"meta\.json: expected .*, got 1 mistakes; mend them\n  {words}"):
        meta_json.samples(lay(meta))


def test_missing_split_says_what_was_expected(lay):
    with pytest.raises(
        DatasetError, match=r"expected meta\.json with images under 'train', got .*; check the path"
    ):
        meta_json.samples(lay({"test": {"bottle": [GOOD]}}), "train")
