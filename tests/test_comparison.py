from __future__ import annotations

from pathlib import Path

import pytest

from saa import compared, comparison
from saa.compared import Compared
from saa.errors import RunError
from saa.evaluate import evaluate
from saa.evaluation import Category, Evaluation
from saa.modes import BATCH, SINGLE
from saa.ops.curves import Score
from saa.records import Records

KINDS = ("max_f1_pixel", "aupro")


def category(f1, aupro=0.5, label=SINGLE):
    return Category({"max_f1_pixel": Score(f1), "aupro": Score(aupro)}, 2, label=label)


def run(name, categories, images=None):
    """A run whose categories have two images each, unless told otherwise."""
    images = images or {}
    names = {product: images.get(product, ("0.png", "1.png")) for product in categories}
    return Compared(
        name,
        Records(Path(name), {"dataset": {"format": "mvtec"}}, ()),
        Evaluation("released", categories, "embedded"),
        {product: frozenset((each, "good") for each in every) for product, every in names.items()},
    )


def titled(tables, start):
    return next(table for table in tables if table.title.startswith(start))


def test_the_means_of_each_run_have_the_differences_to_the_first_below():
    first = run("a", {"bolt": category(0.5), "nut": category(0.25)})
    second = run("b", {"bolt": category(0.6), "nut": category(0.20, None)})
    table = comparison.overview(next(compared.groups([first, second])))
    assert table.title == "mean of 2 categories, single image, protocol released (400x400), %"
    assert table.header == ("run", "max-F1 px", "AUPRO", "images")
    assert table.rows == (
        ("a", "37.5", "50.0", "4"),
        ("b", "40.0", "50.0", "4"),
        ("Δ b", "+2.5", "0.0", ""),
    )


def test_each_metric_is_told_by_category_with_its_differences():
    first = run("a", {"bolt": category(0.5), "nut": category(0.25)})
    second = run("b", {"bolt": category(0.6), "nut": category(None)})
    third = run("c", {"bolt": category(0.5004), "nut": category(0.1)})
    table = titled(comparison.tables([first, second, third]), "max-F1 px")
    assert table.header == ("category", "a", "b", "Δ", "c", "Δ")
    assert table.rows == (
        ("bolt", "50.0", "60.0", "+10.0", "50.0", "0.0"),
        ("nut", "25.0", "–", "–", "10.0", "−15.0"),
    )
    assert table.foot == (("mean", "50.0", "60.0", "+10.0", "50.0", "0.0"),)


def test_a_category_that_a_run_lacks_is_a_dash_and_in_no_mean():
    first = run("a", {"bolt": category(0.5), "nut": category(0.1)})
    second = run("b", {"bolt": category(0.7), "screw": category(0.9)})
    table = titled(comparison.tables([first, second]), "max-F1 px")
    assert table.rows == (
        ("bolt", "50.0", "70.0", "+20.0"),
        ("nut", "10.0", "–", "–"),
        ("screw", "–", "90.0", "–"),
    )
    assert table.foot == (("mean", "50.0", "70.0", "+20.0"),)
    told = comparison.notes([first, second])
    assert "nut: not in b (single image)." in told
    assert "screw: not in a (single image)." in told


def test_a_category_of_other_images_has_no_difference_and_is_in_no_mean():
    first = run("a", {"bolt": category(0.5), "nut": category(0.1)})
    second = run("b", {"bolt": category(0.7), "nut": category(0.2)}, {"nut": ("0.png", "1.png", "2.png")})
    table = titled(comparison.tables([first, second]), "max-F1 px")
    assert table.rows[1] == ("nut", "10.0", "20.0", "–")
    assert table.foot == (("mean", "50.0", "70.0", "+20.0"),)
    told = comparison.notes([first, second])
    assert any(note.startswith("nut: the images are not the same (2 in a, 3 in b)") for note in told)


def test_modes_stand_in_tables_of_their_own():
    batch = f"{BATCH}, 2 images"
    first = run("a", {"bolt": category(0.5), "nut": category(0.1, label=batch)})
    second = run("b", {"bolt": category(0.7), "nut": category(0.2)})
    tables = comparison.tables([first, second])
    assert titled(tables, "nut, batch (transductive), protocol").rows == (("a", "10.0", "50.0", "2"),)
    assert titled(tables, "max-F1 px, single").rows == (
        ("bolt", "50.0", "70.0", "+20.0"),
        ("nut", "–", "20.0", "–"),
    )
    assert any(
        note.startswith("Categories of different modes ") for note in comparison.notes([first, second])
    )


def test_runs_without_a_common_category_have_no_mean():
    tables = comparison.tables([run("a", {"bolt": category(0.5)}), run("b", {"nut": category(0.7)})])
    assert titled(tables, "mean of 0 categories").rows[0][1:] == ("–", "–", "0")
    assert comparison.means([run("a", {"bolt": category(0.5)}), run("b", {"nut": category(0.7)})]) == []


def test_a_terminal_gets_the_means_and_the_first_metric_by_category():
    runs = [run("a", {"bolt": category(0.5), "nut": category(0.1)})] * 2
    assert [table.title.split(",")[0] for table in comparison.brief(runs)] == [
        "mean of 2 categories",
        "max-F1 px",
    ]
    alone = [run("a", {"bolt": category(0.5)})] * 2
    assert [table.title.split(",")[0] for table in comparison.brief(alone)] == ["bolt"]
    assert [table.title.split(",")[0] for table in comparison.tables(alone)] == ["runs", "bolt"]


def test_runs_are_called_by_what_tells_their_folders_apart():
    assert list(compared.names([Path("x/a"), Path("x/b")])) == ["a", "b"]
    assert list(compared.names([Path("x/run"), Path("y/run"), Path("z")])) == [
        "x/run",
        "y/run",
        f"{Path.cwd().name}/z",
    ]
    with pytest.raises(RunError, match=r"x/\.\./a: expected each run once, got it twice; leave one out"):
        compared.names([Path("x/../a"), Path("a")])


def test_a_run_read_from_its_folder_knows_its_images(small_run):
    evaluate(small_run.save())
    (found,) = compared.read({"here": small_run.folder})
    assert found.num_images("bottle") == 6
    assert found.num_images("cup") == 0
    table = comparison.about_runs([found])
    assert table.rows == (("here", "embedded", "single image", "2", "12", "0"),)


def test_failures_are_told_and_counted_on_neither_side(fake_run, new_map):
    fake_run.add("nut", "0.png", anomaly_map=new_map())
    fake_run.add("nut", "1.png", error="1.png: expected a picture, got text")
    evaluate(fake_run.save())
    (found,) = compared.read({"here": fake_run.folder})
    assert found.images == {"nut": frozenset({("0.png", "good")})}
    assert "here: 1 image failed, which no figure knows." in comparison.notes([found])


def test_a_run_that_was_not_evaluated_is_refused_with_the_command(small_run):
    folder = small_run.save()
    with pytest.raises(RunError, match=f"expected an evaluated run, got .*; give: saa evaluate {folder}"):
        compared.read({"here": folder})


@pytest.fixture
def two_runs(small_run, tmp_path):
    """The same run in two folders, evaluated."""
    evaluate(small_run.save())
    other = tmp_path / "other"
    small_run.folder.rename(other)
    small_run.save()
    for folder in ("maps", "regions"):
        (small_run.folder / folder).symlink_to(other / folder)
    evaluate(small_run.folder)
    return {"one": small_run.folder, "two": other}


def test_runs_of_two_protocols_are_refused_with_both_named(two_runs):
    evaluate(two_runs["two"], protocol="native")
    message = (
        "two: expected runs of one protocol, got released in one and native in two; evaluate both by one"
    )
    with pytest.raises(RunError, match=message):
        compared.read(two_runs)


def test_runs_on_two_data_sets_are_refused_with_both_named(two_runs):
    manifest = two_runs["two"] / "run.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"mvtec"', '"visa"'), "utf-8")
    message = "two: expected runs on one data set, got mvtec, split test in one and visa, split test in two"
    with pytest.raises(RunError, match=message):
        compared.read(two_runs)


def test_equal_runs_do_not_differ(two_runs):
    found = compared.read(two_runs)
    (overview,) = (table for table in comparison.tables(found) if table.title.startswith("mean"))
    assert set(overview.rows[2][1:]) == {"0.0", ""}
