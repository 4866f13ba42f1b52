"""A run's results as others read them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from saa import images, plugins
from saa.answers import IMAGE_COLUMNS, REGION_COLUMNS, Answers
from saa.errors import RunError
from saa.runs import ledger, results, rle
from saa.runs.folder import RunFolder, write_text
from saa.runs.outcome import Artefact, Outcome
from saa.types import Regions, Sample

RING = np.zeros((6, 9), np.bool_)
RING[1:5, 2:7] = True
RING[2:4, 3:6] = False
DOT = np.zeros((6, 9), np.bool_)
DOT[0, 8] = True


def outcome(folder, product, name, masks, scores, phrases):
    found = Regions(np.array(masks, np.bool_).reshape(-1, 6, 9), np.float32(scores), phrases)
    path = folder.regions_path(product, name)
    write_text(path, json.dumps({"regions": rle.describe(found)}))
    artefacts = (Artefact("regions", path.relative_to(folder.root).as_posix(), path.stat().st_size),)
    score, size = float(max(scores, default=0)), (6, 9)
    return Outcome(product, name, "", 0.5, "ab", "1:2", score, *size, len(masks), artefacts=artefacts)


@pytest.fixture
def run(tmp_path):
    """A run of four images of 6 by 9: two regions, none, one with the same phrase elsewhere, and a failure."""
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    named = [("bolt", "a.png"), ("bolt", "b, ü.png"), ("nut", "a.png"), ("nut", "bad.png")]
    samples = [Sample(*each, "good", tmp_path / "data" / "/".join(each)) for each in named]
    about = {
        "format": 1,
        "versions": {"saa": "1"},
        "engine": "scripted",
        "created": "2026-01-01",
        "dataset": {"root": (tmp_path / "data").as_posix()},
    }
    write_text(folder.manifest, json.dumps(about))
    with ledger.opened(folder.ledger) as rows:
        rows.enrol(samples, lambda path: path.relative_to(tmp_path / "data").as_posix() if path else "")
        rows.adopt(ledger.Basis("bolt", "single image"))
        rows.adopt(ledger.Basis("nut", "single image"))
        rows.record(outcome(folder, *named[0], [RING, DOT], [0.9, 0.25], ("scratch", "hole")))
        rows.record(outcome(folder, *named[1], [], [], ()))
        rows.record(outcome(folder, *named[2], [DOT], [1.5], ("hole",)))
        rows.record(Outcome(*named[3], "expected a picture", 0.1, error_class="ImageError"))
        results.write(folder.results, rows)
    return folder.root


def write(kind, run, out, **choice):
    plugins.load("exports", kind).write(Answers(run, **choice), out)
    return out


def test_a_table_of_images_has_every_column_with_its_type(run, tmp_path):
    lines = write("jsonl", run, tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [tuple(row) for row in rows] == [tuple(IMAGE_COLUMNS)] * 4
    first, failed = rows[0], rows[3]
    assert first["score"] == 0.9
    assert (first["height"], first["width"], first["num_regions"], first["attempts"]) == (6, 9, 2, 1)
    assert first["image_path"] == "bolt/a.png"
    assert (run / first["regions_path"]).is_file()
    assert (failed["score"], failed["height"], failed["map_path"]) == (None, None, None)
    assert (failed["error"], failed["error_class"]) == ("expected a picture", "ImageError")


def test_the_tables_say_the_same(run, tmp_path):
    for choice in ({}, {"by_region": True}, {"by_region": True, "min_score": 0.5}):
        lines = write("jsonl", run, tmp_path / "out.jsonl", **choice).read_text("utf-8").splitlines()
        wanted = [json.loads(line) for line in lines]
        assert pq.read_table(write("parquet", run, tmp_path / "out.parquet", **choice)).to_pylist() == wanted
        with write("csv", run, tmp_path / "out.csv", **choice).open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        assert found == [
            {key: "" if value is None else str(value) for key, value in row.items()} for row in wanted
        ]


def test_a_table_of_regions_has_a_row_each(run, tmp_path):
    table = pq.read_table(write("parquet", run, tmp_path / "out.parquet", by_region=True))
    assert table.column_names == list(REGION_COLUMNS)
    assert [str(kind) for kind in table.schema.types] == ["string"] * 3 + ["int64", "string", "double"] + [
        "int64"
    ] * 5
    rows = table.to_pylist()
    assert [(row["product"], row["rank"], row["phrase"], row["area_px"]) for row in rows] == [
        ("bolt", 1, "scratch", 14),
        ("bolt", 2, "hole", 1),
        ("nut", 1, "hole", 1),
    ]
    assert [rows[0][edge] for edge in ("left", "top", "right", "bottom")] == [2, 1, 7, 5]


def test_what_scores_low_is_left_out_and_failures_stay(run, tmp_path):
    lines = write("jsonl", run, tmp_path / "out.jsonl", min_score=1.0).read_text("utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["a.png", "bad.png"]
    regions = pq.read_table(write("parquet", run, tmp_path / "o.parquet", by_region=True, min_score=0.9))
    assert regions["phrase"].to_pylist() == ["hole"]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools
def test_coco_is_read_by_pycocotools_with_the_right_masks(run, tmp_path, capsys):
    from pycocotools.coco import COCO

    coco = COCO(write("coco", run, tmp_path / "out.json"))
    capsys.readouterr()  # it says that it is loading
    assert [image["file_name"] for image in coco.dataset["images"]] == [
        "bolt/a.png",
        "bolt/b, ü.png",
        "nut/a.png",
    ]
    names = {each["id"]: each["name"] for each in coco.dataset["categories"]}
    assert sorted(names.values()) == ["hole", "scratch"]
    found = [(each["image_id"], names[each["category_id"]]) for each in coco.dataset["annotations"]]
    assert found == [(1, "scratch"), (1, "hole"), (3, "hole")]
    for annotation, mask in zip(coco.dataset["annotations"], [RING, DOT, DOT], strict=True):
        np.testing.assert_array_equal(coco.annToMask(annotation), mask)
        assert annotation["area"] == mask.sum()
    assert coco.dataset["annotations"][0]["bbox"] == [2, 1, 5, 4]


def test_coco_without_any_region_is_read_too(run, tmp_path, capsys):
    from pycocotools.coco import COCO

    coco = COCO(write("coco", run, tmp_path / "out.json", min_score=9.0))
    capsys.readouterr()
    assert (len(coco.imgs), coco.dataset["annotations"], coco.dataset["categories"]) == (3, [], [])


@pytest.mark.parametrize("kind", plugins.kinds("exports"))
def test_a_damaged_run_leaves_no_half_file(run, tmp_path, kind):
    RunFolder(run).regions_path("nut", "a.png").write_text("{")
    (tmp_path / "out").mkdir()
    with pytest.raises(
        RunError, match=r"a\.png\.json: expected the regions of a\.png, got .*; give the `saa run`"
    ):
        write(kind, run, tmp_path / "out/file", by_region=True)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_number_that_is_none_is_named(run, tmp_path):
    path = RunFolder(run).results
    path.write_text(path.read_text("utf-8").replace(",6,9,2,", ",six,9,2,"), "utf-8")
    with pytest.raises(RunError, match=r"bolt/a\.png: height: expected a number, got 'six'"):
        write("csv", run, tmp_path / "out.csv")


def test_a_table_of_an_older_version_has_nothing_for_what_it_lacks(run):
    path = RunFolder(run).results
    lines = [line.split(",") for line in path.read_text("utf-8").replace(", ü", "").splitlines()]
    lacking = IMAGE_COLUMNS.keys() - {"map_path", "regions_path"} - set(lines[0][: lines[0].index("mode")])
    path.write_text("".join(f"{','.join(line[: lines[0].index('mode')])}\n" for line in lines), "utf-8")
    for row in Answers(run).rows():
        assert row["status"] in ("ok", "failed")
        assert [row[column] for column in sorted(lacking)] == [None] * len(lacking)


def test_maps_are_found_where_the_table_says(run, tmp_path):
    images.write_map(run / "maps/bolt/a.png.tiff", np.zeros((6, 9), np.float32))
    (row, *_) = Answers(run).rows()
    assert (run / row["map_path"]).is_file()
