from __future__ import annotations

import json
import re

import pytest

from saa import compared
from saa.evaluate import evaluate
from saa.reports import comparison


@pytest.fixture
def runs(small_run, tmp_path):
    """The same run twice, under a name with markup, the second with another figure."""
    evaluate(small_run.save())
    other = tmp_path / "<b>a|b"
    other.mkdir()
    for name in ("run.json", "results.csv", "metrics.json"):
        (other / name).write_bytes((small_run.folder / name).read_bytes())
    figures = json.loads((other / "metrics.json").read_text("utf-8"))
    figures["grid"]["max_f1_pixel"] = 1.0
    (other / "metrics.json").write_text(json.dumps(figures), "utf-8")
    return compared.read({"run": small_run.folder, "<b>a|b": other})


@pytest.fixture
def page(runs, tmp_path):
    comparison.write(runs, tmp_path / "page.html")
    return (tmp_path / "page.html").read_text("utf-8")


def test_the_page_has_every_metric_by_category_and_needs_no_network(runs, page):
    for metric in ("max-F1 px", "AUROC px", "AUPRO", "AP px", "max-F1 img"):
        assert f"{metric}, single image, protocol released (400x400), %" in page
    assert len(re.findall(r'scope="row">(?:<bdi>)?grid<', page)) == len(runs[0].evaluation.metrics)
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", page)


def test_names_are_escaped_on_the_page(page):
    assert "<b>a" not in page
    assert "&lt;b&gt;a|b" in page


def test_drawings_say_in_words_what_they_show(runs, page):
    assert page.count('role="img"') == len(runs[0].evaluation.metrics)
    grid, bottle = (
        runs[0].evaluation.categories[name].scores["max_f1_pixel"].value for name in ("grid", "bottle")
    )
    means = f"run {50 * (grid + bottle):.1f} %, &lt;b&gt;a|b {50 * (1 + bottle):.1f} %"
    assert f'aria-label="max-F1 px, single image: {means}"' in page


def test_as_markdown_all_rows_of_a_table_have_as_many_cells(runs, tmp_path):
    comparison.write(runs, tmp_path / "page.MD")
    text = (tmp_path / "page.MD").read_text("utf-8")
    assert text.startswith("# Comparison of runs\n\nruns:\n")
    assert "\\<b>a\\|b" in text
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
