"""What the page says of modes, notes and decisions."""

from __future__ import annotations

import json
import re

import pytest
from html_page import Page, written

from saa.evaluate import evaluate


@pytest.fixture
def mixed_page(fake_run, new_map) -> Page:
    modes = {"bolt": "batch (transductive), 83 images", "nut": "single image"}
    for product, mode in modes.items():
        for number in range(3):
            own = "could not be registered; compared without a pose" if number == 1 else ""
            notes = "; ".join(each for each in ("too few images" if product == "nut" else "", own) if each)
            fake_run.add(
                product,
                f"{number}.png",
                anomaly_map=new_map(seed=number),
                mode=mode,
                notes=notes,
                parts={"regions": new_map(seed=7), "dense": new_map(seed=8)},
            )
    evaluate(fake_run.save())
    return written(fake_run)


def test_the_mode_stands_at_every_table_section_and_picture(mixed_page):
    assert "Mode batch (transductive) for 1 product, single image for 1 product" in mixed_page.text
    for title in ("embedded engine", "what the maps are made of"):
        for mode in ("batch (transductive)", "single image"):
            assert f"{title}, {mode}, protocol released (400x400), %" in mixed_page.text
    assert mixed_page.text.count("; batch (transductive), 83 images") == 3
    assert mixed_page.text.count("; single image") == 3
    assert "bolt batch (transductive), 83 images 3 images: 3 good" in mixed_page.text


def test_parts_have_rows_of_their_own(mixed_page):
    assert re.search(r"bolt map (\S+ )+bolt regions (\S+ )+bolt dense ", mixed_page.text)


def test_images_to_look_at_with_care_are_listed_and_marked(mixed_page):
    listed = mixed_page.text[mixed_page.text.index("Images to look at with care") :]
    assert "All images of nut: too few images" in listed
    assert "2 images with notes of their own." in listed
    own = "could not be registered; compared without a pose"
    assert f"bolt 1.png {own} nut 1.png {own}" in listed
    assert mixed_page.text.count(own) == 4
    assert mixed_page.text.count("too few images") == 2


def test_long_lists_of_notes_are_cut(fake_run, new_map):
    for number in range(31):
        fake_run.add("nut", f"{number:02}.png", anomaly_map=new_map(), notes="blurred" if number < 30 else "")
    fake_run.save()
    page = written(fake_run)
    assert "30 images with notes of their own; the first 20 are listed, all are in results.csv." in page.text
    assert page.text.count("nut 19.png blurred") == 1
    assert "nut 20.png blurred" not in page.text


def test_what_was_decided_stands_with_the_mode(fake_run, new_map):
    label = "batch (transductive), 83 images"
    fake_run.add("bolt", "0.png", anomaly_map=new_map(seed=1), mode=label)
    described = fake_run.save() / "run.json"
    about = json.loads(described.read_text())
    decisions = {"arrangement": "aligned, as they lie", "references": 49}
    described.write_text(json.dumps(about | {"products": {"bolt": {"decisions": decisions}}}))
    assert f"{label}: arrangement aligned, as they lie; references 49" in written(fake_run).text
