from __future__ import annotations

from pathlib import Path

import pytest

from saa import published, published_file
from saa.evaluation import Category, Evaluation
from saa.modes import BATCH, SINGLE
from saa.ops.curves import Score
from saa.records import Records

IMAGES = published_file.read().images


def run(data_set, categories, without=(), split="test"):
    """The records of a run, as far as they matter here."""
    recipes = {name: {"without": list(without)} for name in categories}
    about = {"dataset": {"format": data_set, "split": split}, "recipes": recipes}
    return Records(Path("run"), about, ())


def category(num_images, value=0.5, label=SINGLE, **more):
    scores = {name: Score(value) for name in ("max_f1_pixel", "auroc_pixel", "ap_image")}
    return Category(scores, num_images, label=label, **more)


def whole(data_set, **more):
    """All categories of a data set with all their images."""
    return {name: category(number, **more) for name, number in sorted(IMAGES[data_set].items())}


def tables(data_set, categories, protocol="released", **more):
    return published.tables(run(data_set, categories, **more), Evaluation(protocol, categories))


def notes(data_set, categories, protocol="released", **more):
    return published.notes(run(data_set, categories, **more), Evaluation(protocol, categories))


def test_a_whole_category_stands_beside_the_published_figures_of_it():
    (table,) = tables("mvtec", {"grid": category(78, 0.25)})
    assert table.title == "published figures beside these, single image, protocol released (400x400), %"
    assert table.header == ("category", "figures of", "by", "max-F1 px", "AUROC px", "images")
    assert table.rows == (
        ("grid", "this run", "", "25.0", "25.0", "78"),
        ("grid", "SAA+ [4]", "independent", "18.1", "64.0", "78"),
    )
    assert table.foot == ()


def test_a_mean_is_compared_if_all_its_categories_are_there_with_all_their_images():
    categories = whole("mvtec")
    (table,) = tables("mvtec", categories)
    assert len(table.rows) == 30
    by_method = {row[1]: row for row in table.foot}
    assert {row[0] for row in table.foot} == {"mean of 15"}
    assert by_method["this run"][3] == "50.0"
    assert by_method["SAA+ [1]"][2:4] == ("authors", "39.4")
    assert by_method["SAA+ [4]"][2:4] == ("independent", "37.7")
    assert by_method["UTAD [1]"][3] == "23.5"
    categories["zipper"] = category(150)
    (table,) = tables("mvtec", categories)
    assert table.foot == ()
    assert "zipper" not in {row[0] for row in table.rows}


@pytest.mark.parametrize(
    ("categories", "more"),
    [
        ({"grid": category(77)}, {}),
        ({"grid": category(78, num_failed=1)}, {}),
        ({"grid": category(78, num_without_mask=1)}, {}),
        ({"grid": category(78, label=f"{BATCH}, 78 images")}, {}),
        ({"grid": category(78)}, {"protocol": "native"}),
        ({"grid": category(78)}, {"protocol": "256x256"}),
        ({"grid": category(78)}, {"without": ["language"]}),
        ({"grid": category(78)}, {"split": "train"}),
        ({"fence": category(78)}, {}),
    ],
)
def test_other_images_modes_protocols_and_methods_are_never_set_beside(categories, more):
    assert tables("mvtec", categories, **more) == []


def test_a_data_set_of_ones_own_has_neither_tables_nor_notes():
    assert tables("folder", {"grid": category(78)}) == []
    assert notes("folder", {"grid": category(78)}) == []
    assert notes("mvtec", {"gearwheel": category(78)}) == []


def test_the_size_counts_and_not_the_name_of_the_protocol():
    assert len(tables("mvtec", {"grid": category(78)}, protocol="400x400")) == 1


def test_an_ablation_stands_beside_the_same_one():
    (table,) = tables("visa", whole("visa"), without=["language"])
    assert [row[1] for row in table.foot] == ["this run", "SAA+ [2]"]
    assert table.foot[1][3] == "23.3"
    assert table.rows == ()


def test_batches_stand_beside_batches_at_their_size():
    categories = whole("mvtec", label=f"{BATCH}, 83 images")
    (table,) = tables("mvtec", categories, protocol="518x518")
    assert {row[1].split(" [")[0] for row in table.foot} == {"this run", "MuSc with CLIP", "MuSc with DINOv2"}


def test_the_published_split_of_ksdd2_is_that_of_the_released_code():
    categories = {"ksdd2": category(2331)}
    (table,) = tables("ksdd2", categories, split="train")
    assert ("ksdd2", "SAA+ [1]", "authors", "59.2", "2331") in table.rows
    assert tables("ksdd2", categories) == []
    assert any("training split" in note for note in notes("ksdd2", categories, split="train"))


def test_notes_tell_the_sources_and_what_is_left_out():
    told = notes("mvtec", {"grid": category(78)})
    assert "[4] github.com/SyDuc7421/Segment-Any-Anomaly, results/baseline_full (repository)." in told
    assert any(note.startswith("Published figures of other protocols (518x518, unknown) ") for note in told)
    assert "No published mean is shown: it is over 15 categories, of which 14 are not here." in told
    assert not any("another mode" in note for note in told)


def test_notes_tell_of_other_modes_and_of_other_numbers_of_images():
    (note,) = (note for note in notes("mvtec", whole("mvtec", label=f"{BATCH}, 83 images")) if "mode" in note)
    assert note.startswith("Published figures of another mode (single image) are not shown: ")
    told = notes("mvtec", {"grid": category(20)})
    assert "grid: published figures are of 78 images, those here of 20." in told


def test_the_mean_of_a_metric_that_a_category_lacks_is_a_dash():
    categories = whole("visa")
    categories["candle"] = Category({**categories["candle"].scores, "max_f1_pixel": Score(None)}, 200)
    (table,) = tables(
        "visa", {name: Category(c.scores, c.num_images, label=SINGLE) for name, c in categories.items()}
    )
    assert table.foot[0][3] == "–"
    assert ("candle", "this run", "", "–", "50.0", "200") in [(*row[:5], row[-1]) for row in table.rows]
