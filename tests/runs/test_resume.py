"""The same command again finishes what is missing, or is refused."""

from __future__ import annotations

import pytest
from scripted_recipes import files, picture, plan, table_without_seconds

from saa.errors import RunError
from saa.runs import session


def test_a_finished_run_is_not_inspected_again(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    before = (tmp_path / "run/results.csv").read_bytes()
    tally = session.run(planned, tmp_path / "run")
    assert (tally.done, tally.done_now) == (3, 0)
    assert (tmp_path / "run/results.csv").read_bytes() == before


@pytest.mark.parametrize("lost", ["maps/nut/test/good/001.png.tiff", "regions/nut/test/good/001.png.json"])
def test_an_image_whose_artefact_is_gone_is_inspected_again(tmp_path, lost):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    (tmp_path / "run" / lost).unlink()
    (tmp_path / "run/metrics.json").write_text("{}")
    assert session.run(planned, tmp_path / "run").done_now == 1
    assert (tmp_path / "run" / lost).exists()
    assert not (tmp_path / "run/metrics.json").exists()


def test_an_image_that_was_replaced_is_inspected_again(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    before = table_without_seconds(tmp_path / "run/results.csv")
    planned.samples[1].image_path.unlink()
    picture(planned.samples[1].image_path, seed=99)
    assert session.run(planned, tmp_path / "run").done_now == 1
    after = table_without_seconds(tmp_path / "run/results.csv")
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, True, False, True]


def test_leftovers_of_a_killed_run_are_swept_away(tmp_path):
    planned = plan(tmp_path / "data")
    session.run(planned, tmp_path / "run")
    wanted = files(tmp_path / "run")
    (tmp_path / "run/maps/nut/test/good/.3f2a.tmp").write_bytes(b"half")
    (tmp_path / "run/maps/nut/test/good/777.png.tiff").write_bytes(b"whole, but no row says so")
    (tmp_path / "run/.results.csv.1.tmp").write_bytes(b"half")
    session.run(planned, tmp_path / "run")
    assert files(tmp_path / "run") == wanted


def test_failed_images_are_tried_again_only_when_asked(tmp_path):
    planned = plan(tmp_path / "data")
    path = planned.samples[0].image_path
    path.unlink()
    assert session.run(planned, tmp_path / "run").failed == 1
    assert session.run(planned, tmp_path / "run").done_now == 0
    assert session.run(planned, tmp_path / "run", retry_failed=True).failed == 1
    picture(path)
    assert session.run(planned, tmp_path / "run", retry_failed=True).failed == 0


def test_another_recipe_is_refused_with_the_key_named(tmp_path):
    session.run(plan(tmp_path / "data"), tmp_path / "run")
    with pytest.raises(RunError, match=r'--overwrite(.|\n)*recipes\.nut\.prompt\.object\.phrase: "nut" then'):
        session.run(plan(tmp_path / "data", phrase="screw"), tmp_path / "run")


def test_another_data_set_is_refused_with_the_keys_named(tmp_path):
    session.run(plan(tmp_path / "data"), tmp_path / "run")
    with pytest.raises(RunError, match=r"dataset\.images: 3 then, 4 now"):
        session.run(plan(tmp_path / "data", 4), tmp_path / "run")
    with pytest.raises(RunError, match=r"dataset\.root: .*data.* then, .*other.* now"):
        session.run(plan(tmp_path / "other"), tmp_path / "run")


def test_a_run_killed_before_it_had_a_manifest_begins_anew(tmp_path):
    session.run(plan(tmp_path / "data"), tmp_path / "run")
    (tmp_path / "run/run.json").unlink()
    assert session.run(plan(tmp_path / "data", 4), tmp_path / "run").done_now == 4


def test_an_interrupted_run_keeps_its_rows_and_goes_on_later(tmp_path):
    planned = plan(tmp_path / "data")

    def interrupt(tally):
        if tally.done_now == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        session.run(planned, tmp_path / "run", watch=interrupt)
    assert len((tmp_path / "run/results.csv").read_text().splitlines()) == 3
    assert session.run(planned, tmp_path / "run").done_now == 1
