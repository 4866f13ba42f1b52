from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from html_page import Page, written

from saa import records
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.reports import _pictures, html
from saa.reports._room import Room


@pytest.fixture
def page(small_run) -> Page:
    small_run.add("grid", "test/good/broken.png", error="<b>broken.png</b>: expected a picture, got text")
    evaluate(small_run.save())
    return written(small_run)


def test_nothing_is_fetched_from_anywhere(page):
    assert page.addresses
    assert all(address.startswith(("data:image/webp;base64,", "#")) for address in page.addresses)


def test_every_picture_has_an_alternative_text_and_a_size(page):
    assert len(page.images) > 8
    assert all(image["alt"] and int(image["width"]) > 0 and int(image["height"]) > 0 for image in page.images)


def test_the_head_says_engine_mode_protocol_and_counts(page):
    for words in (
        "Engine embedded",
        "Mode single image",
        "oracle: the best of each category",
        "Protocol released",
        "maps at 400 × 400",
        "13, 1 failed",
        "saa 0.1.0",
    ):
        assert words in page.text


def test_a_run_that_has_not_come_to_its_end_says_so(small_run):
    described = small_run.save() / "run.json"
    about = json.loads(described.read_text())
    about["dataset"]["images"] = 20
    described.write_text(json.dumps(about))
    assert "Images 12 of 20, 0 failed" in written(small_run).text


def test_progress_is_told_for_each_map(small_run):
    small_run.save()
    seen = []
    written(small_run, watch=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 12) for done in range(13)]


def test_long_lists_of_regions_are_cut(small_run):
    run = small_run.save()
    path = run / "regions/grid/test/hole/003.png.json"
    saved = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({"regions": saved["regions"] * 20}))
    assert "dark <spot> 0.75 and 8 more" in written(small_run).text


def test_figures_are_percentages_with_a_mean_row(page, small_run):
    figures = evaluate(small_run.folder)
    assert f"{100 * figures.categories['grid'].scores['max_f1_pixel'].value:.1f}" in page.text
    assert f"mean {100 * figures.mean['max_f1_pixel'].value:.1f}" in page.text


def test_text_from_outside_is_escaped(page, small_run):
    assert "<b>broken.png</b>: expected a picture, got text" in page.text
    assert "dark <spot> 0.75" in page.text
    assert "<b>" not in (small_run.folder / "report.html").read_text("utf-8")


def test_best_and_worst_are_named_with_their_agreement(page):
    assert "Found best" in page.text
    assert "Good, with the highest scores" in page.text
    assert re.search(r"hole, score 0\.\d+, F1 0\.\d\d", page.text)


def test_the_same_run_gives_the_same_page(page, small_run):
    before = (small_run.folder / "report.html").read_bytes()
    html.write(small_run.folder, small_run.folder / "report.html")
    assert (small_run.folder / "report.html").read_bytes() == before


def test_a_run_that_was_not_evaluated_shows_the_highest_and_lowest_scores(small_run):
    small_run.save()
    page = written(small_run)
    assert "has not been evaluated" in page.text
    assert "Highest scores" in page.text
    assert "Found best" not in page.text


def test_unlabelled_images_are_shown_without_truth(fake_run, new_map):
    for number in range(3):
        fake_run.add("nut", f"{number}.png", "unknown", anomaly_map=new_map(seed=number))
    evaluate(fake_run.save())
    page = written(fake_run)
    assert "3 unlabelled" in page.text
    assert "Truth" not in page.text


def test_a_moved_data_set_leaves_out_its_pictures_and_says_so(small_run, tmp_path):
    evaluate(small_run.save())
    shutil.move(small_run.root, tmp_path / "moved")
    assert "The image is not at" in written(small_run).text
    assert "The image is not at" not in written(small_run, root=tmp_path / "moved").text


def test_a_run_of_failures_only_has_a_page(fake_run):
    fake_run.add("nut", "0.png", error="0.png: expected a picture, got text")
    evaluate(fake_run.save())
    assert "0.png: expected a picture, got text" in written(fake_run).text


def test_constant_maps_have_a_page(fake_run):
    for number in range(2):
        fake_run.add("nut", f"{number}.png", anomaly_map=np.zeros((8, 10), np.float32))
    fake_run.save()
    assert "No regions" in written(fake_run).text


def test_long_lists_of_failures_are_cut(fake_run):
    for number in range(203):
        fake_run.add("nut", f"{number:03d}.png", error="expected a picture, got text")
    fake_run.save()
    assert "And 3 more in results.csv." in written(fake_run).text


def test_at_most_fifteen_images_of_a_category_are_shown(fake_run, new_map):
    mask = np.zeros((8, 10), bool)
    mask[2:5, 2:6] = True
    for number in range(40):
        defect = "hole" if number % 2 else "good"
        fake_run.add(
            "nut",
            f"{number:02d}.png",
            defect,
            anomaly_map=new_map(seed=number),
            mask=mask if number % 2 else None,
        )
    evaluate(fake_run.save())
    assert len(written(fake_run).images) == 15 * 4


def test_the_notice_of_a_data_set_is_quoted(small_run):
    small_run.save()
    (small_run.root / "NOTICE.txt").write_text("Drawn, not photographed.", "utf-8")
    assert "Drawn, not photographed." in written(small_run).text


def test_all_maps_of_a_category_share_one_scale(fake_run, monkeypatch):
    seen = []
    original = _pictures.pictures

    def spy(row, low, high, room):
        seen.append((low, high))
        return original(row, low, high, room)

    monkeypatch.setattr(_pictures, "pictures", spy)
    for number in range(4):
        fake_run.add("nut", f"{number}.png", anomaly_map=np.full((8, 10), number, np.float32))
    fake_run.save()
    written(fake_run)
    assert set(seen) == {(0.0, 3.0)}


def test_even_noise_takes_no_more_of_the_page_than_there_is_room(fake_run):
    rng = np.random.default_rng(0)
    for number in range(2):
        fake_run.add("nut", f"{number}.png", anomaly_map=rng.random((300, 300), np.float32))
    fake_run.save()
    row = records.read(fake_run.folder).rows[0]
    lengths = [
        max(len(each.uri) for each in _pictures.pictures(row, 0, 1, Room(1, 300, letters)))
        for letters in (10**9, 45_000, 30_000)
    ]
    assert lengths[0] > 45_000 >= lengths[1] > 30_000 >= lengths[2]


def test_missing_regions_are_an_error(small_run):
    run = small_run.save()
    shutil.rmtree(run / "regions")
    with pytest.raises(RunError, match="expected the regions of"):
        html.write(run, run / "report.html")
