from __future__ import annotations

from saa import images
from saa.evaluate import evaluate
from saa.reports import markdown


def test_the_table_has_a_row_for_each_category_and_their_mean(small_run):
    figures = evaluate(small_run.save())
    markdown.write(small_run.folder, small_run.folder / "report.md")
    lines = (small_run.folder / "report.md").read_text("utf-8").splitlines()
    assert "embedded engine, single image, protocol released (400x400), %:" in lines
    value = f"{100 * figures.categories['bottle'].scores['max_f1_pixel'].value:.1f}"
    assert any(line.startswith(f"| bottle | {value} |") for line in lines)
    assert any(line.startswith("| **mean** |") for line in lines)
    rows = [line for line in lines if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1


def test_markup_in_names_is_escaped(fake_run, new_map):
    fake_run.add("a_b*", "0.png", anomaly_map=new_map())
    fake_run.rows[-1]["product"] = "a_b*"
    evaluate(fake_run.save())
    markdown.write(fake_run.folder, fake_run.folder / "report.md")
    assert "| a\\_b\\* |" in (fake_run.folder / "report.md").read_text("utf-8")


def test_a_run_that_was_not_evaluated_says_so(small_run):
    small_run.save()
    markdown.write(small_run.folder, small_run.folder / "report.md")
    assert "Not evaluated yet" in (small_run.folder / "report.md").read_text("utf-8")


def test_each_mode_has_a_table_and_a_mean_of_its_own(fake_run, new_map):
    fake_run.add("bolt", "0.png", anomaly_map=new_map(), mode="batch (transductive), 83 images")
    fake_run.add("nut", "0.png", anomaly_map=new_map(), parts={"regions": new_map(), "dense": new_map()})
    fake_run.add("nut", "1.png", error="1.png: expected a picture, got text")
    (fake_run.folder / "parts/regions/bolt").mkdir()
    for part in ("regions", "dense"):
        images.write_map(fake_run.folder / "parts" / part / "bolt/0.png.tiff", new_map())
    evaluate(fake_run.save())
    markdown.write(fake_run.folder, fake_run.folder / "report.md")
    text = (fake_run.folder / "report.md").read_text("utf-8")
    assert "mode batch (transductive) for 1 product, single image for 1 product, 3 images, 1 failed." in text
    titles = [line for line in text.splitlines() if line.endswith("%:")]
    assert [title.split(", protocol")[0] for title in titles] == [
        "embedded engine, batch (transductive)",
        "what the maps are made of, batch (transductive)",
        "embedded engine, single image",
        "what the maps are made of, single image",
    ]
    assert "| bolt | regions |" in text
    assert text.count("| **mean** |") == 8


def test_notes_are_listed_those_of_a_whole_product_once(fake_run, new_map):
    for number in range(25):
        notes = "judged alone: too few images" + "; could not be registered" * (number < 22)
        fake_run.add("a_b", f"{number:02}.png", anomaly_map=new_map(), notes=notes)
    fake_run.save()
    markdown.write(fake_run.folder, fake_run.folder / "report.md")
    text = (fake_run.folder / "report.md").read_text("utf-8")
    assert "- a\\_b, all images: judged alone: too few images\n" in text
    assert "- a\\_b 19.png: could not be registered\n" in text
    assert "20.png" not in text
    assert "22 images with notes of their own; the first 20 are listed, all are in results.csv.\n" in text


def test_a_run_without_notes_has_no_list_of_them(small_run):
    small_run.save()
    markdown.write(small_run.folder, small_run.folder / "report.md")
    assert "with care" not in (small_run.folder / "report.md").read_text("utf-8")
