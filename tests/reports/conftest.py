from __future__ import annotations

import shutil

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from saa.evaluate import evaluate
from saa.reports import html

MARKUP = "<script>window.hacked = 1<-script>&\"'"
LETTERS = "größe 缺陷 عيب קו"
NOT_GOOD = "one.png: expected a picture, got text"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser():
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs a browser, one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def odd_run(fake_runs, tmp_path_factory):
    """An evaluated run with its page: names in other scripts and of markup, wide images and tall ones, some that
    failed, a category without labels, one with a single image and one of failures only."""
    folder = tmp_path_factory.mktemp("odd")
    run, rng = fake_runs(folder / "run", folder / "dataset"), np.random.default_rng(8)

    def add(product, name, defect, size, **more):
        mask = np.zeros(size, bool)
        mask[5:15, 8:18] = defect not in ("good", "unknown")
        anomaly_map = (rng.random(size, np.float32) * 0.5 + 0.45 * mask).astype(np.float32)
        run.add(product, name, defect, anomaly_map=anomaly_map, mask=mask if mask.any() else None, **more)

    for number in range(6):
        add("grid", f"test/{number}.png", "hole" if number % 2 else "good", (30, 44))
    for number, name in enumerate((LETTERS, MARKUP, "long" * 40)):
        add(f"wide {LETTERS}", f"{name}.png", f"a long name, {name}", (30, 90), notes="blurred" * number)
        add(f"wide {LETTERS}", f"{number}.png", "good", (30, 90))
    add("tall", "one.png", "spot", (90, 24))
    add("unlabelled", "one.png", "unknown", (40, 40))
    run.add("grid", "test/broken.png", error=f"{MARKUP} {NOT_GOOD}")
    run.add("failed", "one.png", error=NOT_GOOD)
    evaluate(run.save())
    html.write(run.folder, run.folder / "report.html")
    return run.folder
