"""The page of several runs in a real browser, at the width of a desk and of a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from saa.compared import Compared
from saa.evaluation import Category, Evaluation
from saa.ops.curves import Score
from saa.records import Records
from saa.reports import comparison

METRICS = ("max_f1_pixel", "auroc_pixel", "aupro", "ap_pixel", "max_f1_region", "max_f1_image", "auroc_image")
NAMES = ("default", "without-language", "without-property", "without-saliency", "without-confidence")


def made_up(name, shift):
    """A run of three categories, the better the larger the shift."""
    categories = {
        product: Category({metric: Score(value + shift) for metric in METRICS}, 2, label="single image")
        for product, value in {"bolt": 0.1, "nut": 0.5, "screw": 0.3}.items()
    }
    images = {product: frozenset({("0.png", "good")}) for product in categories}
    return Compared(name, Records(Path(name), {}, ()), Evaluation("released", categories, "embedded"), images)


@pytest.fixture(params=[1280, 400])
def page(request, browser, tmp_path):
    comparison.write([made_up(name, -0.02 * n) for n, name in enumerate(NAMES)], tmp_path / "page.html")
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.told = []
    opened.on("console", lambda message: opened.told.append(message.text))
    opened.on("pageerror", lambda error: opened.told.append(str(error)))
    opened.goto((tmp_path / "page.html").as_uri())
    yield opened
    opened.close()


def test_it_opens_without_complaints_and_is_no_wider_than_the_window(page):
    assert page.told == []
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    assert page.locator("figure svg").count() == len(METRICS)


def test_differences_are_sorted_as_numbers(page):
    table = page.locator("section.runs table").first
    table.locator("thead button").nth(1).click()
    assert table.locator("tbody th").all_text_contents() == ["bolt", "screw", "nut"]
    assert table.locator("tbody td").nth(2).text_content() == "−2.0"


def test_means_and_their_differences_stay_together(page):
    assert page.locator("section[aria-labelledby=means] thead button").count() == 0
