import pytest

from saa.datasets import mvtec, road
from saa.errors import DatasetError
from saa.types import GOOD

FRAME = ("test/dog/0.jpg", "ground_truth/dog/0_mask.png", "ignore/dog/0_ignore.png")


def frame(product):
    return [f"{product}/{name}" for name in FRAME]


def test_scenes_come_with_their_masks_and_what_does_not_count(draw):
    root = draw(*frame("RoadAnomaly21"))
    (found,) = road.samples(root)
    assert (found.product, found.name, found.defect) == ("RoadAnomaly21", "test/dog/0.jpg", "dog")
    assert found.mask_path == root / "RoadAnomaly21/ground_truth/dog/0_mask.png"
    assert found.ignore_path == root / "RoadAnomaly21/ignore/dog/0_ignore.png"
    assert (found.mask_kind, found.track) == ("nonzero", "anomaly")


def test_one_set_may_be_the_root(draw):
    root = draw(*frame("RoadAnomaly21"))
    assert road.samples(root / "RoadAnomaly21") == road.samples(root)


@pytest.mark.parametrize("name", ["RoadObstacle21", "obstacles", "LostAndFound"])
def test_sets_of_obstacles_follow_the_rules_of_their_track(draw, name):
    assert [sample.track for sample in road.samples(draw(*frame(name)))] == ["obstacle"]


def test_a_set_without_a_folder_of_ignored_pixels_counts_all(draw):
    root = draw("a/test/dog/0.png", "a/ground_truth/dog/0_mask.png")
    assert [(s.ignore_path, s.track) for s in road.samples(root)] == [(None, "anomaly")]


def test_good_scenes_may_have_ignored_pixels_too(draw):
    root = draw(*frame("a"), "a/test/good/1.png", "a/ignore/good/1_ignore.png")
    found = {sample.defect: sample for sample in road.samples(root)}
    assert found[GOOD].mask_path is None
    assert found[GOOD].ignore_path == root / "a/ignore/good/1_ignore.png"


def test_what_does_not_pair_is_listed(draw):
    root = draw(*frame("a"), "a/test/dog/1.png", "a/ground_truth/dog/1_mask.png", "a/ignore/dog/2_ignore.png")
    draw("a/ignore/dog/0_ignore.png", size=(7, 4))
    with pytest.raises(DatasetError) as caught:
        road.samples(root)
    said = str(caught.value)
    assert "got 3; mend what is listed" in said
    assert "1.png: expected a picture of what does not count" in said
    assert "2_ignore.png: expected an image for this mask, got none" in said
    assert "0_ignore.png: expected 6 x 4 pixels like its image, got 7 x 4 pixels" in said


def test_a_missing_mask_is_listed(draw):
    with pytest.raises(DatasetError, match=r"0\.png: expected its mask .*0_mask\.png, got no such file"):
        road.samples(draw("a/test/dog/0.png"))


def test_it_is_suggested_where_masks_of_ignored_pixels_lie(draw):
    root = draw(*frame("a"))
    assert mvtec.samples(root)[0].ignore_path is None
    assert road.recognises(root)
    draw("b/test/dog/0.png")
    assert not road.recognises(root / "b")
