from __future__ import annotations

import base64
import io
import re

import numpy as np
import PIL.Image
import pytest

from saa import metrics_file
from saa.evaluate import evaluate
from saa.reports import html, markdown


@pytest.fixture
def page(fake_run):
    """The report of four scenes with negative maps, a hot corner of which does not count."""
    rng = np.random.default_rng(6)
    for number in range(4):
        mask = np.zeros((40, 60), bool)
        mask[15:25, 20:35] = True
        ignored = np.zeros((40, 60), bool)
        ignored[:20, :15] = True
        anomaly_map = (rng.normal(-1, 0.1, (40, 60)) + 0.5 * mask + 0.5 * ignored).astype(np.float32)
        fake_run.add(
            "lanes", f"{number}.png", "anomaly",
            anomaly_map=anomaly_map, mask=mask, ignored=ignored, track="obstacle", score=0.3 + number,
        )  # fmt: skip
    run = fake_run.save()
    evaluate(run)
    html.write(run, run / "report.html")
    return (run / "report.html").read_text("utf-8")


def pictures(page, title):
    found = re.findall(rf'src="data:image/webp;base64,([^"]+)"[^>]*><figcaption>{title}', page)
    return [np.array(PIL.Image.open(io.BytesIO(base64.b64decode(each))).convert("RGB")) for each in found]


def test_what_does_not_count_is_grey_in_the_truth(page):
    truths = pictures(page, "Truth, grey does not count")
    assert len(truths) == 4
    height, width = truths[0].shape[:2]
    for each in truths:
        corner = each[: height // 2 - 6, : width // 4 - 6].astype(int)
        assert np.abs(corner - 128).max() < 12
    assert "what does not count is grey" in page


def test_negative_maps_have_colours_of_their_own_range(page):
    maps = pictures(page, "Map")
    assert all(np.ptp(each.reshape(-1, 3), axis=0).max() > 150 for each in maps)
    low, high = (float(each) for each in re.findall(r"[≤≥] (-[\d.]+)", page))
    assert -1.5 < low < high < 0
    assert re.search(r"threshold -0\.\d+", page)


def test_the_page_and_the_table_say_the_rules_of_the_track(page, fake_run):
    markdown.write(fake_run.folder, fake_run.folder / "report.md")
    text = (fake_run.folder / "report.md").read_text("utf-8")
    for said in (page, text):
        assert "by the rules of the obstacle track: predicted ones of at least 50 px" in said
    assert "FPR95 ↓" in text
    value = metrics_file.read(fake_run.folder).categories["lanes"].scores["component_siou"].value
    assert f"| {100 * value:.1f} |" in text


def test_agreement_is_that_of_the_pixels_that_count(page):
    """False alarms where nothing counts would halve it."""
    f1 = [float(each) for each in re.findall(r", F1 (\d\.\d\d)", page)]
    assert len(f1) == 4
    assert min(f1) > 0.9


def test_a_picture_of_what_does_not_count_that_is_gone_leaves_out_its_image(page, fake_run):
    (fake_run.root / "lanes/ignore/2.png").unlink()
    html.write(fake_run.folder, fake_run.folder / "report.html")
    text = (fake_run.folder / "report.html").read_text("utf-8")
    assert len(pictures(text, "Truth, grey does not count")) == 3
