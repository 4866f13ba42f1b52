import pytest

from saa.datasets import mvtec
from saa.errors import DatasetError

BROKEN = ("bottle/test/broken/000.png", "bottle/ground_truth/broken/000_mask.png")
GOOD = "bottle/test/good/000.png"


def mistakes(root) -> str:
    with pytest.raises(DatasetError, match="expected a data set without mistakes, got ") as caught:
        mvtec.samples(root)
    return str(caught.value)


def test_images_of_all_products_come_with_their_masks(draw):
    root = draw(*BROKEN, GOOD, "cable/test/cut/0 1.PNG", "cable/ground_truth/cut/0 1_mask.png")
    found = mvtec.samples(root)
    assert [(s.product, s.name, s.defect) for s in found] == [
        ("bottle", "test/broken/000.png", "broken"),
        ("bottle", "test/good/000.png", "good"),
        ("cable", "test/cut/0 1.PNG", "cut"),
    ]
    assert [s.image_path for s in found] == [root / s.product / s.name for s in found]
    assert [s.mask_path for s in found] == [
        root / "bottle/ground_truth/broken/000_mask.png",
        None,
        root / "cable/ground_truth/cut/0 1_mask.png",
    ]


def test_one_product_may_be_the_root(draw):
    root = draw(*BROKEN, GOOD)
    assert mvtec.samples(root / "bottle") == mvtec.samples(root)


def test_product_in_the_working_directory_is_named_by_its_folder(draw, monkeypatch):
    monkeypatch.chdir(draw(GOOD) / "bottle")
    assert [s.product for s in mvtec.samples(mvtec.Path())] == ["bottle"]


def test_train_is_another_split_that_needs_no_masks(draw):
    root = draw(*BROKEN, "bottle/train/good/000.png")
    assert [s.name for s in mvtec.samples(root, "train")] == ["train/good/000.png"]


def test_files_of_operating_systems_are_passed_over(draw):
    root = draw(*BROKEN, "bottle/test/broken/._000.png", "bottle/test/__MACOSX/1.png", ".trash/test/a/1.png")
    (root / "bottle/test/broken/Thumbs.db").touch()
    (root / "readme.txt").touch()
    assert [s.name for s in mvtec.samples(root)] == ["test/broken/000.png"]


def test_unreadable_images_are_listed_and_left_to_the_run(draw):
    root = draw(*BROKEN, GOOD, "bottle/ground_truth/broken/text_mask.png")
    (root / "bottle/test/broken/text.png").write_text("no picture")
    (root / "bottle/test/good/folder.png").mkdir()
    (root / "bottle/test/good/gone.png").symlink_to(root / "nowhere.png")
    (root / "bottle/test/good/empty.JPG").touch()
    assert [s.name.rpartition("/")[2] for s in mvtec.samples(root)] == [
        "000.png",
        "text.png",
        "000.png",
        "empty.JPG",
        "folder.png",
        "gone.png",
    ]


def test_all_mistakes_are_reported_at_once_with_their_paths(draw):
    root = draw(
        *BROKEN,
        "bottle/test/broken/unmasked.png",
        "bottle/ground_truth/broken/orphan_mask.png",
        "bottle/ground_truth/gone/001_mask.png",
    )
    draw("bottle/test/broken/large.png", size=(8, 8))
    draw("bottle/ground_truth/broken/large_mask.png", size=(8, 7))
    draw(
        "bottle/test/broken/twin.png",
        "bottle/test/broken/twin.bmp",
        "bottle/ground_truth/broken/twin_mask.png",
    )
    draw("bottle/test/broken/unread.png")
    (root / "bottle/ground_truth/broken/unread_mask.png").write_text("no picture")
    text = mistakes(root)
    assert "got 6; mend what is listed\n" in text
    assert "unmasked.png: expected its mask " in text
    assert "broken/unmasked_mask.png, got no such file" in text
    assert "orphan_mask.png: expected an image for this mask, got none" in text
    assert "gone/001_mask.png: expected an image for this mask, got none" in text
    assert "large_mask.png: expected 8 x 8 pixels like its image, got 8 x 7 pixels" in text
    assert "twin_mask.png: expected to be the mask of one image, got test/broken/twin.bmp and test" in text
    assert "unread_mask.png: expected a readable image, got a file that is no picture" in text


def test_second_mask_of_an_image_is_a_mistake(draw):
    root = draw(*BROKEN, "bottle/ground_truth/broken/000_mask.tif")
    assert "000_mask.tif: expected an image for this mask, got none" in mistakes(root)


def test_many_mistakes_are_cut_short(draw):
    root = draw(*(f"bottle/test/broken/{n:03}.png" for n in range(33)))
    text = mistakes(root)
    assert len(text.splitlines()) == 1 + 20 + 1
    assert text.endswith("\n  … and 13 more")


def test_images_beside_the_folders_of_defects_are_a_mistake(draw):
    root = draw(*BROKEN, "bottle/test/000.png")
    assert "bottle/test: expected images in a folder for each defect, got 1 beside them" in mistakes(root)


def test_product_without_the_split_is_a_mistake(draw):
    root = draw(*BROKEN, "cable/train/good/000.png")
    assert "cable/test: expected a folder for each defect, got none" in mistakes(root)


def test_other_layouts_are_told_by_their_name(draw):
    root = draw("candle/test/bad/000.JPG", "candle/ground_truth/bad/000.png")
    assert "; use --format visa\n" in mistakes(root)


def test_folder_above_or_below_is_told(draw):
    root = draw(*BROKEN)
    with pytest.raises(DatasetError, match=r"got broken/; use --format folder, or give .*bottle$"):
        mvtec.samples(root / "bottle" / "test")
    with pytest.raises(DatasetError, match=r"got Daten sätze/; give .*Daten sätze$"):
        mvtec.samples(root.parent)
