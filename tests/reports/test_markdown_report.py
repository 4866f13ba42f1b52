from __future__ import annotations

from saa.evaluate import evaluate
from saa.reports import markdown


def test_the_table_has_a_row_for_each_category_and_their_mean(small_run):
    figures = evaluate(small_run.save())
    markdown.write(small_run.folder, small_run.folder / "report.md")
    lines = (small_run.folder / "report.md").read_text("utf-8").splitlines()
    assert "Protocol released; percent." in lines
    value = f"{100 * figures.categories['bottle'].scores['max_f1_pixel'].value:.1f}"
    assert any(line.startswith(f"| bottle | {value} |") for line in lines)
    assert any(line.startswith("| **mean** |") for line in lines)
    rows = [line for line in lines if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1


def test_markup_in_names_is_escaped(fake_run, new_map):
    fake_run.add("a_b*", "0.png", anomaly_map=new_map())
    fake_run.rows[-1]["product"] = "a_b*"
    fake_run.folder.joinpath("maps/a_b*").rename(fake_run.folder / "maps" / "a_b%2A")
    evaluate(fake_run.save())
    markdown.write(fake_run.folder, fake_run.folder / "report.md")
    assert "| a\\_b\\* |" in (fake_run.folder / "report.md").read_text("utf-8")


def test_a_run_that_was_not_evaluated_says_so(small_run):
    small_run.save()
    markdown.write(small_run.folder, small_run.folder / "report.md")
    assert "Not evaluated yet" in (small_run.folder / "report.md").read_text("utf-8")
