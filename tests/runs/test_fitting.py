"""Products in batch mode are fitted before they are inspected, once for the same files."""

from __future__ import annotations

import csv
import json
import os

import numpy as np
import pytest
from scripted_recipes import BatchRecipe, batch, files, picture, plan, samples, table_without_seconds

from saa import images, references
from saa.errors import ModelError, RunError
from saa.runs import session
from saa.runs.local import Local
from saa.runs.plan import Plan

REFERENCE = "references/nut.ref"


class Fits(list):
    """Notes the products that were fitted, and what came of it."""

    def __call__(self, fitting):
        if fitting.outcome:
            self.append((fitting.product, fitting.outcome))


@pytest.fixture
def planned(tmp_path):
    return batch(plan(tmp_path / "data", 4))


@pytest.fixture
def run(tmp_path):
    """Runs a plan in tmp_path/run; returns how many images were inspected now, and the fits."""

    def start(planned, **options):
        fits = Fits()
        tally = session.run(planned, tmp_path / "run", watch_fit=fits, **options)
        return tally.done_now, fits

    return start


def rows(out):
    with (out / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def maps(out):
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*.tiff")}


def touch(path):
    """Let a file look as if it had been written again."""
    at = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(at, at))


def test_a_product_is_fitted_on_its_own_images_before_they_are_inspected(run, tmp_path):
    planned = batch(plan(tmp_path / "data", 3, ("bolt", "nut")))
    picture(planned.samples[0].image_path, seed=99)
    steps = []
    session.run(
        planned,
        tmp_path / "run",
        watch=lambda tally: steps.append("inspect"),
        watch_fit=lambda fit: steps.append((fit.product, fit.done, fit.total, fit.outcome)),
    )
    assert steps == [
        ("bolt", 1, 3, ""), ("bolt", 2, 3, ""), ("bolt", 3, 3, ""), ("bolt", 3, 3, "fitted on 3 images"),
        ("nut", 1, 3, ""), ("nut", 2, 3, ""), ("nut", 3, 3, ""), ("nut", 3, 3, "fitted on 3 images"),
        *["inspect"] * 7,
    ]  # fmt: skip
    for product in ("bolt", "nut"):
        own = [images.read_rgb(sample.image_path) for sample in planned.of_product(product)]
        level = np.mean([image.mean() for image in own])
        fitted = references.read(tmp_path / f"run/references/{product}.ref")
        assert fitted.arrays["level"][0] == pytest.approx(level)
        saved = images.read_map(tmp_path / f"run/maps/{product}/test/good/000.png.tiff")
        plain = planned.recipes[product].alone.build().inspect(own[0]).anomaly_map
        np.testing.assert_allclose(saved, np.abs(plain - level / 255), rtol=1e-5, atol=1e-6)


def test_label_and_notes_are_in_every_row_and_decisions_in_the_manifest(run, planned, tmp_path):
    planned.samples[0].image_path.write_bytes(b"no picture")
    run(planned)
    assert {row["mode"] for row in rows(tmp_path / "run")} == {"batch (transductive), 3 images"}
    assert [row["notes"] for row in rows(tmp_path / "run")] == ["", *["compared with 3"] * 3]
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["modes"] == {"nut": "batch (transductive)"}
    assert manifest["products"] == {
        "nut": {
            "mode": "batch (transductive), 3 images",
            "num_images": 3,
            "decisions": {"aligned": False},
            "note": "",
        }
    }


def test_products_of_both_modes_stand_in_one_run(run, tmp_path):
    single = plan(tmp_path / "data", 3, ("bolt", "nut"))
    recipes = {"bolt": single.recipes["bolt"], "nut": BatchRecipe()}
    _, fits = run(Plan(single.samples, recipes, "folder", tmp_path / "data"))
    assert fits == [("nut", "fitted on 3 images")]
    assert files(tmp_path / "run/references") == ["nut.ref"]
    assert [row["mode"] for row in rows(tmp_path / "run")] == [
        *["single image"] * 3,
        *["batch (transductive), 3 images"] * 3,
    ]


def test_a_finished_run_is_neither_fitted_nor_inspected_again(run, planned, tmp_path):
    run(planned)
    before = {name: (tmp_path / "run" / name).read_bytes() for name in ("run.json", "results.csv", REFERENCE)}
    assert run(planned) == (0, [])
    assert before == {name: (tmp_path / "run" / name).read_bytes() for name in before}


@pytest.mark.parametrize("harm", ["gone", "cut", "changed", "another's"])
def test_a_harmed_reference_is_made_anew_and_rows_on_it_stay(run, planned, tmp_path, harm):
    run(planned)
    path = tmp_path / "run" / REFERENCE
    before = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "another's":
        references.write(
            path, planned.recipes["nut"].fit([np.full((2, 2, 3), n, np.uint8) for n in range(3)])
        )
    else:
        path.write_bytes(before[:-1] + (b"" if harm == "cut" else bytes([before[-1] ^ 1])))
    assert run(planned) == (0, [("nut", "fitted on 4 images")])
    assert path.read_bytes() == before


def test_an_image_that_changed_lets_all_of_its_product_be_done_anew(run, tmp_path):
    planned = batch(plan(tmp_path / "data", 4, ("bolt", "nut")))
    run(planned)
    old = maps(tmp_path / "run")
    picture(planned.of_product("nut")[1].image_path, seed=99)
    assert run(planned) == (4, [("nut", "fitted on 4 images")])
    new = maps(tmp_path / "run")
    assert {path.parts[1] for path in old if old[path] != new[path]} == {"nut"}
    assert sum(old[path] != new[path] for path in old) == 4
    session.run(planned, tmp_path / "calm")
    assert maps(tmp_path / "calm") == new
    assert table_without_seconds(tmp_path / "calm/results.csv") == table_without_seconds(
        tmp_path / "run/results.csv"
    )


def test_an_image_written_again_with_the_same_pixels_is_inspected_anew_alone(run, planned):
    run(planned)
    touch(planned.samples[0].image_path)
    assert run(planned) == (1, [("nut", "fitted on 4 images")])
    assert run(planned) == (0, [])


def test_a_damaged_image_is_left_out_of_the_fit_and_counts_once_it_is_mended(run, planned, tmp_path):
    path = planned.samples[3].image_path
    path.write_bytes(b"no picture")
    assert run(planned) == (4, [("nut", "fitted on 3 images")])
    assert run(planned) == (0, [])
    picture(path, seed=3)
    assert run(planned) == (4, [("nut", "fitted on 4 images")])
    assert {row["mode"] for row in rows(tmp_path / "run")} == {"batch (transductive), 4 images"}


def test_failed_images_are_looked_at_in_a_new_fit_when_they_are_tried_again(run, planned, monkeypatch):
    path, read = planned.samples[3].image_path, images.read_rgb

    def out_of_reach(asked):
        if asked == path:
            raise OSError("no route to host")
        return read(asked)

    with monkeypatch.context() as patched:
        patched.setattr(images, "read_rgb", out_of_reach)
        assert run(planned) == (4, [("nut", "fitted on 3 images")])
    assert run(planned) == (0, [])
    assert run(planned, retry_failed=True) == (4, [("nut", "fitted on 4 images")])


def test_another_mode_is_refused_with_the_key_named(run, planned, tmp_path):
    run(planned)
    message = r'modes\.nut: "batch \(transductive\)" then, "single image" now'
    with pytest.raises(RunError, match=message):
        run(plan(tmp_path / "data", 4))


def test_too_few_images_for_batch_mode_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(RunError, match="nut: expected at least 3 images for batch mode, got 2; add images"):
        batch(plan(tmp_path / "data", 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_too_few_different_images_are_inspected_one_by_one_and_labelled_so(run, planned, tmp_path, workers):
    for sample in planned.samples:
        picture(sample.image_path, seed=7)
    note = "inspected as single images: expected 3 different images, got 1"
    assert run(planned, crew=Local(workers)) == (4, [("nut", note)])
    assert {row["mode"] for row in rows(tmp_path / "run")} == {"single image"}
    assert {row["notes"] for row in rows(tmp_path / "run")} == {note}
    manifest = json.loads((tmp_path / "run/run.json").read_text())
    assert manifest["products"]["nut"]["mode"] == "single image"
    assert manifest["products"]["nut"]["note"] == note
    assert files(tmp_path / "run/references") == []
    assert run(planned) == (0, [])


def test_a_product_that_comes_to_enough_different_images_is_fitted_and_done_anew_and_back(
    run, planned, tmp_path
):
    for sample in planned.samples:
        picture(sample.image_path, seed=7)
    run(planned)
    for index, sample in enumerate(planned.samples[1:]):
        picture(sample.image_path, seed=index)
    assert run(planned) == (4, [("nut", "fitted on 4 images")])
    for sample in planned.samples[1:]:
        picture(sample.image_path, seed=7)
    done_now, _ = run(planned)
    assert done_now == 4
    assert {row["mode"] for row in rows(tmp_path / "run")} == {"single image"}
    assert files(tmp_path / "run/references") == []


def test_images_none_of_which_can_be_read_are_rows_each(run, planned, tmp_path):
    for sample in planned.samples:
        sample.image_path.write_bytes(b"no picture")
    done_now, _ = run(planned)
    assert done_now == 4
    assert {row["status"] for row in rows(tmp_path / "run")} == {"failed"}


def test_a_fit_that_is_interrupted_leaves_an_empty_table_and_is_done_again(planned, tmp_path):
    def interrupt(fitting):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        session.run(planned, tmp_path / "run", watch_fit=interrupt)
    assert rows(tmp_path / "run") == []
    assert session.run(planned, tmp_path / "run").done_now == 4


def test_an_interruption_between_a_change_and_its_fit_keeps_the_old_rows_until_they_are_stale(
    planned, tmp_path
):
    session.run(planned, tmp_path / "run")
    picture(planned.samples[1].image_path, seed=99)

    def interrupt(fitting):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        session.run(planned, tmp_path / "run", watch_fit=interrupt)
    assert len(rows(tmp_path / "run")) == 3
    assert session.run(planned, tmp_path / "run").done_now == 4


def test_leftovers_of_a_killed_fit_are_swept_away(run, planned, tmp_path):
    run(planned)
    wanted = files(tmp_path / "run")
    (tmp_path / "run/references/.3f2a.tmp").write_bytes(b"half")
    (tmp_path / "run/references/bolt.ref").write_bytes(b"of nobody")
    run(planned)
    assert files(tmp_path / "run") == wanted


def test_overwrite_forgets_references_too(run, planned, tmp_path):
    run(planned)
    run(plan(tmp_path / "data", 4), overwrite=True)
    assert files(tmp_path / "run/references") == []


def test_a_reference_that_cannot_be_written_is_a_clear_error(run, planned, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.lock").write_bytes(b"")
    (tmp_path / "run/references").write_text("a file where a folder must go")
    with pytest.raises(RunError, match=r"nut\.ref: expected to write .*; then give the same command again"):
        run(planned)


def test_a_reference_that_goes_missing_while_images_are_inspected_is_a_clear_error(planned, tmp_path):
    def remove(tally):
        (tmp_path / "run" / REFERENCE).unlink()

    with pytest.raises(ModelError, match=r"nut\.ref: expected a reference .*, got no such file"):
        session.run(planned, tmp_path / "run", watch=remove)


def test_a_product_with_a_name_that_climbs_keeps_its_reference_in_the_folder(run, tmp_path):
    found = samples(tmp_path / "data", 3)
    climbing = [type(each)("../nut", each.name, each.defect, each.image_path) for each in found]
    run(Plan(climbing, {"../nut": BatchRecipe()}, "folder", tmp_path / "data"))
    assert files(tmp_path / "run/references") == ["%2E%2E/nut.ref"]
