from __future__ import annotations

from dataclasses import replace

import pytest

from saa import tables
from saa.evaluation import Category, Evaluation
from saa.ops.curves import Score

BATCH = "batch (transductive), 83 images"


def category(value=0.5, label="single image", **more):
    scores = {"max_f1_pixel": Score(value, 0.1), "aupro": Score(None, reason="nothing is defective")}
    return Category(scores, 7, label=label, **more)


def test_a_table_has_a_row_for_each_category_and_one_for_their_mean():
    (table,) = tables.tables(Evaluation("native", {"a": category(0.25), "b": category(0.756)}, "embedded"))
    assert table.title == "embedded engine, single image, protocol native (image size), %"
    assert table.header == ("category", "max-F1 px", "AUPRO", "images", "failed")
    assert table.rows == (("a", "25.0", "–", "7", "0"), ("b", "75.6", "–", "7", "0"))
    assert table.foot == (("mean", "50.3", "–", "14", "0"),)


def test_each_mode_has_a_table_of_its_own_that_says_on_how_many_images_it_was_fitted():
    found = {"a": category(label=BATCH), "b": category(), "c": category(label=BATCH.replace("83", "40"))}
    batch, single = tables.tables(Evaluation("released", found))
    assert "batch (transductive)" in batch.title
    assert batch.header[-1] == "fitted on"
    assert [row[-1] for row in (*batch.rows, *batch.foot)] == ["83", "40", ""]
    assert [row[0] for row in single.rows] == ["b"]
    assert "single image" in single.title
    assert "fitted on" not in single.header


def test_what_maps_are_made_of_follows_the_figures_of_its_mode():
    parts = {part: {"max_f1_pixel": Score(value)} for part, value in {"dense": 0.3, "regions": 0.2}.items()}
    found = {"a": category(label=BATCH, parts=parts), "b": category()}
    evaluation = Evaluation("released", found)
    titles = [table.title.split(",")[0] for table in tables.tables(evaluation)]
    assert titles == [" engine", "what the maps are made of", " engine"]
    table = tables.tables(evaluation)[1]
    assert "batch (transductive)" in table.title
    assert table.rows == (
        ("a", "map", "50.0", "–"),
        ("a", "regions", "20.0", "–"),
        ("a", "dense", "30.0", "–"),
    )
    assert table.foot == (
        ("mean", "map", "50.0", "–"),
        ("mean", "regions", "20.0", "–"),
        ("mean", "dense", "30.0", "–"),
    )
    assert any(note.startswith("Part dense: ") for note in tables.notes(evaluation))


def test_notes_tell_what_is_left_out_and_that_modes_are_apart():
    found = {"a": category(num_failed=2, num_unlabelled=1), "b": category(label=BATCH)}
    notes = tables.notes(Evaluation("released", found))
    assert "a: 2 images failed." in notes
    assert "a: 1 image without a label." in notes
    assert "a: – because nothing is defective." in notes
    assert "AUPRO is up to a false positive rate of 0.3, over 8-connected regions." in notes
    assert "Categories of different modes have tables of their own and no common mean." in notes
    assert not any("modes" in note for note in tables.notes(Evaluation("released", {"a": category()})))


@pytest.mark.parametrize(
    ("metric", "heading"), [("aupro", "AUPRO"), ("of_another_version", "of_another_version")]
)
def test_a_metric_that_is_not_known_any_more_keeps_its_name(metric, heading):
    assert tables.heading(metric) == heading


def test_a_run_without_categories_has_no_tables():
    assert tables.tables(Evaluation("released", {})) == []


def test_types_of_defects_have_a_table_of_their_own_where_there_are_several():
    defects = {"dent": {"max_f1_pixel": Score(0.2)}, "hole": {"max_f1_pixel": Score(0.4)}}
    found = {
        "a": category(defects=defects, num_by_defect={"dent": 3, "hole": 1}),
        "b": category(defects={"hole": defects["hole"]}, num_by_defect={"hole": 1}),
    }
    figures, types = tables.tables(Evaluation("released", found))
    assert types.title.startswith("by type of defect, each against all good images, single image, protocol ")
    assert types.header == ("category", "defect", "max-F1 px", "AUPRO", "images")
    assert types.rows == (("a", "dent", "20.0", "–", "3"), ("a", "hole", "40.0", "–", "1"))
    assert (types.foot, types.text_columns) == ((), 2)
    assert tables.brief(Evaluation("released", found)) == [
        replace(figures, header=figures.header[:-1], **rows(figures))
    ]


def rows(table):
    """Those of a table without its column of failures."""
    return {"rows": tuple(row[:-1] for row in table.rows), "foot": tuple(row[:-1] for row in table.foot)}


def test_a_terminal_has_no_column_for_what_all_categories_share():
    whole = category(label=BATCH.replace("83", "7"))
    (table,) = tables.brief(Evaluation("released", {"a": whole}))
    assert table.header[-1] == "images"
    (table,) = tables.brief(Evaluation("released", {"a": whole, "b": category(label=BATCH)}))
    assert table.header[-1] == "fitted on"
    (table,) = tables.brief(Evaluation("released", {"a": category(num_failed=1)}))
    assert table.header[-1] == "failed"


def test_some_metrics_are_for_files_only_and_some_for_no_table():
    scores = {name: Score(0.5) for name in ("max_f1_pixel", "best_iou", "max_f1_region_released")}
    evaluation = Evaluation("released", {"a": Category(scores, 7, label="single image")})
    assert tables.tables(evaluation)[0].header[1:4] == ("max-F1 px", "best IoU", "released F1r")
    assert tables.brief(evaluation)[0].header[1:-1] == ("max-F1 px",)


@pytest.mark.parametrize(
    ("protocol", "name"),
    [("released", "released (400x400)"), ("native", "native (image size)"), ("256x300", "256x300")],
)
def test_a_protocol_is_told_with_its_size(protocol, name):
    assert tables.protocol_name(protocol) == name
