from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def run(fake_run, new_map):
    """Two products with long names, one judged in a batch of 1,200 images and one alone, with parts."""
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    for product, mode in (
        ("pipe_connector", "batch (transductive), 1200 images"),
        ("gasket", "single image"),
    ):
        for number in range(4):
            fake_run.add(
                product,
                f"{number}.png",
                "hole" if number % 2 else "good",
                anomaly_map=new_map(seed=number),
                mask=mask if number % 2 else None,
                mode=mode,
                parts={"regions": new_map(seed=7), "dense": new_map(seed=8)},
            )
    return fake_run


def test_each_mode_has_its_tables_with_whole_numbers_on_a_narrow_terminal(give, run):
    folder = run.save()
    code, out, _ = give("evaluate", folder)
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    titles = [line.split(", protocol")[0] for line in out.splitlines() if line.endswith(", %")]
    assert titles == [
        "embedded engine, batch (transductive)",
        "what the maps are made of, batch (transductive)",
        "embedded engine, single image",
        "what the maps are made of, single image",
    ]
    saved = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert f"{100 * saved['pipe_connector']['parts']['dense']['aupro']:.1f}" in out.split()
    assert "1200" in out.split()
    assert out.split().count("mean") == 1 + 3 + 1 + 3


def test_modes_within_a_product_are_told_in_one_line(give, run):
    run.rows[0]["mode"] = "single image"
    code, out, err = give("evaluate", run.save())
    assert (code, out) == (2, "")
    assert err.startswith("pipe_connector: expected one mode for all images, got batch (transductive), 1200")
    assert len(err.splitlines()) == 1
    assert give("report", run.folder)[0] == 2
