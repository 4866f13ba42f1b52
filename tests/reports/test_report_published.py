from __future__ import annotations

import numpy as np
from html_page import Page

from saa.evaluate import evaluate
from saa.reports import html


def test_published_figures_stand_beside_those_of_the_same_images(fake_run):
    rng = np.random.default_rng(6)
    for number in range(78):  # as many as the published test split of grid has
        mask = np.zeros((8, 10), bool)
        mask[2:5, 2:6] = number >= 21
        anomaly_map = (rng.random(mask.shape, np.float32) * 0.7 + 0.4 * mask).astype(np.float32)
        defect, known = ("hole", mask) if number >= 21 else ("good", None)
        fake_run.add("grid", f"test/{number}.png", defect, anomaly_map=anomaly_map, mask=known)
    run = fake_run.save()
    evaluate(run)
    html.write(run, run / "report.html")
    text = Page((run / "report.html").read_text("utf-8")).text
    beside = text[text.index("Beside published figures") :]
    assert "grid this run" in beside
    assert "grid SAA+ [4] independent" in beside
    assert "[4] github.com/" in beside
