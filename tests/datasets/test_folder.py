import pytest

from saa.datasets import folder
from saa.errors import DatasetError


def found(root) -> dict[str, tuple[str, str | None]]:
    """Defect and mask, as paths below root, by name."""
    return {
        s.name: (s.defect, s.mask_path and s.mask_path.relative_to(root).as_posix())
        for s in folder.samples(root)
    }


def test_first_folder_on_the_way_names_the_defect(draw):
    root = draw("new.png", "OK/1.JPG", "dent/2.png", "dent/camera 1/3.tif", "normal/4.png", "good/5.webp")
    assert found(root) == {
        "OK/1.JPG": ("good", None),
        "dent/2.png": ("dent", None),
        "dent/camera 1/3.tif": ("dent", None),
        "good/5.webp": ("good", None),
        "new.png": ("unknown", None),
        "normal/4.png": ("good", None),
    }
    assert {s.product for s in folder.samples(root)} == {"Daten sätze"}


def test_masks_lie_beside_their_images(draw):
    root = draw("a.jpg", "a_mask.png", "dent/b.png", "dent/b_mask.bmp", "good/c.png", "good/c_mask.png")
    assert found(root) == {
        "a.jpg": ("unknown", "a_mask.png"),
        "dent/b.png": ("dent", "dent/b_mask.bmp"),
        "good/c.png": ("good", None),
    }


@pytest.mark.parametrize("masks", ["ground_truth", "masks"])
def test_masks_lie_in_a_folder_of_the_same_structure(draw, masks):
    root = draw("a.jpg", "dent/b.png", "dent/c.png", "good/d.png")
    draw(f"{masks}/a.png", f"{masks}/dent/b_mask.png", f"{masks}/good/d.png")
    assert found(root) == {
        "a.jpg": ("unknown", f"{masks}/a.png"),
        "dent/b.png": ("dent", f"{masks}/dent/b_mask.png"),
        "dent/c.png": ("dent", None),
        "good/d.png": ("good", None),
    }


def test_masks_lie_in_a_folder_next_to_the_root(draw):
    root = draw("images/dent/a.jpg", "masks/dent/a.png", "masks/elsewhere/x.png")
    (sample,) = folder.samples(root / "images")
    assert (sample.product, sample.mask_path) == ("images", root / "masks/dent/a.png")


def test_masks_inside_the_root_need_their_images(draw):
    root = draw("a.png", "b_mask.png", "masks/c.png", "masks/dent/d.png")
    with pytest.raises(DatasetError, match="got 3; mend what is listed") as caught:
        folder.samples(root)
    for name in ("b_mask.png", "masks/c.png", "masks/dent/d.png"):
        assert f"{name}: expected an image for this mask, got none" in str(caught.value)


def test_two_images_may_not_share_a_mask(draw):
    root = draw("a.png", "a.jpg", "b.png", "b.jpg", "a_mask.png")
    with pytest.raises(
        DatasetError, match=r"got 1; .*\n.*a_mask\.png: expected .* one image, got a\.jpg and a\.png"
    ):
        folder.samples(root)


def test_link_that_leads_back_up_is_not_followed(draw):
    root = draw("dent/a.png")
    (root / "dent/again").symlink_to(root)
    (root / "linked").symlink_to(root / "dent")
    assert list(found(root)) == ["dent/a.png", "linked/a.png"]


def test_mvtec_layout_with_masks_is_told_by_its_name(draw):
    root = draw("test/cut/0.png", "ground_truth/cut/0_mask.png")
    with pytest.raises(DatasetError, match="use --format mvtec"):
        folder.samples(root)


def test_paths_are_those_of_the_samples_and_masks_do_not_matter(draw):
    root = draw("b/a.png", "b/a_mask.png", "a.jpg", "masks/a.png", "b.png", "ground_truth/b/a.png")
    paths = folder.image_paths(root)
    assert paths == [sample.image_path for sample in folder.samples(root)]
    draw("masks/none.png", "lost_mask.png")
    draw("masks/a.png", size=(3, 3))
    assert folder.image_paths(root) == paths


def test_a_folder_without_images_has_no_paths(draw):
    root = draw("masks/a.png")
    (root / "notes.txt").write_text("")
    with pytest.raises(DatasetError, match="expected images in the folder or its sub-folders, got none"):
        folder.image_paths(root)
    with pytest.raises(DatasetError, match="expected the folder of a data set, got no such folder"):
        folder.image_paths(root / "none")
