"""Maps and regions that lie elsewhere than the run's ledger and table."""

from __future__ import annotations

import pytest
from scripted_recipes import files, plan, table_without_seconds

from saa import records, storage
from saa.errors import RunError
from saa.runs import session
from saa.runs.folder import RunFolder

pytest.importorskip("upath", reason="needs the extra saa[cluster]")
OWN = ["ledger.sqlite", "results.csv", "run.json", "run.lock", "store.txt"]


@pytest.fixture(params=["folder", "file", "memory"])
def place(request, tmp_path):
    """A folder, a folder named by a URL, and a bucket in this process's memory."""
    names = {
        "folder": f"{tmp_path}/store",
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://b{tmp_path}",
    }
    root = storage.located(names[request.param])
    yield root
    storage.remove([root])


def artefacts(root):
    found = [path for name in ("maps", "regions", "parts") for path in (root / name).rglob("*.*")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.is_file()}


@pytest.fixture
def planned(tmp_path):
    return plan(tmp_path / "data", 3, ("bolt", "nut"))


def test_a_run_with_a_store_keeps_there_what_others_keep_in_their_folder(tmp_path, place, planned):
    tally = session.run(planned, tmp_path / "run", store=place)
    session.run(planned, tmp_path / "whole")
    assert tally.done == 6
    assert files(tmp_path / "run") == OWN
    assert artefacts(place) == artefacts(tmp_path / "whole")
    assert len(artefacts(place)) == 12
    assert table_without_seconds(tmp_path / "run/results.csv") == table_without_seconds(
        tmp_path / "whole/results.csv"
    )


def test_a_run_with_a_store_is_resumed_where_it_was(tmp_path, place, planned):
    session.run(planned, tmp_path / "run", store=place)
    (place / "maps/nut/test/good/001.png.tiff").unlink()
    storage.write(place / "regions/stray.json", b"{}") if storage.elsewhere(place) else (
        place / "regions/stray.json"
    ).write_text("{}")
    tally = session.run(planned, tmp_path / "run")
    assert tally.done_now == 1
    assert len(artefacts(place)) == 12
    assert files(tmp_path / "run") == OWN
    assert session.run(planned, tmp_path / "run", store=place).done_now == 0


def test_what_reads_a_run_finds_its_store(tmp_path, place, planned):
    session.run(planned, tmp_path / "run", store=place)
    found = records.read(tmp_path / "run")
    assert str(found.rows[0].map_path).startswith(str(place))
    assert all(row.map_path.is_file() for row in found.rows)
    assert len(records.read_regions(found.rows[0])) == 1


def test_a_store_that_has_moved_is_told_in_one_line(tmp_path, planned):
    session.run(planned, tmp_path / "run", store=tmp_path / "store")
    (tmp_path / "store").rename(tmp_path / "moved")
    (tmp_path / "run/store.txt").write_text(f"{tmp_path}/moved\n")
    assert session.run(planned, tmp_path / "run").done_now == 0
    assert RunFolder(tmp_path / "run").store == tmp_path / "moved"


def test_another_store_is_refused_on_resume(tmp_path, place, planned):
    session.run(planned, tmp_path / "run", store=place)
    with pytest.raises(
        RunError, match=r"expected --store .* as when the run began, got .*other; leave it out"
    ):
        session.run(planned, tmp_path / "run", store=tmp_path / "other")
    session.run(planned, tmp_path / "whole")
    with pytest.raises(RunError, match=r"expected --store .*whole as when the run began"):
        session.run(planned, tmp_path / "whole", store=place)


def test_a_store_with_another_runs_maps_is_refused(tmp_path, place, planned):
    session.run(planned, tmp_path / "one", store=place)
    for _ in range(2):
        with pytest.raises(
            RunError, match=r"expected storage without maps, regions or parts, got one with maps/bolt"
        ):
            session.run(planned, tmp_path / "two", store=place)
    assert len(artefacts(place)) == 12


def test_overwriting_a_run_empties_its_store(tmp_path, place, planned):
    session.run(planned, tmp_path / "run", store=place)
    session.run(plan(tmp_path / "data", 1), tmp_path / "run", overwrite=True)
    assert artefacts(place) == {}
    assert len(artefacts(tmp_path / "run")) == 2
