"""A run killed with SIGKILL at any moment loses at most the images in hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kill_campaign import workers_of
from scripted_recipes import batch, picture, plan, table_without_seconds

from saa.errors import RunError
from saa.runs import ledger, session

_RUN = """
import sys
from pathlib import Path
from scripted_recipes import batch, plan
from saa.runs import session
from saa.runs.local import Local
data, out, workers, mode, seconds = sys.argv[1:]
planned = plan(Path(data), 12, seconds=float(seconds))
session.run(batch(planned) if mode == "batch" else planned, Path(out), crew=Local(int(workers)))
"""


def start(data, out, workers, mode, seconds=0.05):
    import saa

    paths = [str(Path(__file__).parent), str(Path(saa.__path__[0]).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    given = [data, out, str(workers), mode, str(seconds)]
    return subprocess.Popen([sys.executable, "-c", _RUN, *given], env=environment)


def wait_until(come, process):
    for _ in range(5000):
        if come() or process.poll() is not None:
            return
        time.sleep(0.002)


def kept(run):
    """All that a run is looked at for."""
    found = [path for folder in ("maps", "regions", "references") for path in run.glob(f"{folder}/**/*.*")]
    artefacts = {path.relative_to(run): path.read_bytes() for path in found}
    return artefacts, table_without_seconds(run / "results.csv")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(("workers", "mode"), [(1, "single"), (2, "single"), (1, "batch"), (2, "batch")])
def test_a_killed_run_ends_with_the_table_of_an_undisturbed_one(tmp_path, workers, mode):
    planned = plan(tmp_path / "data", 12, seconds=0.05)
    planned = batch(planned) if mode == "batch" else planned
    process = start(tmp_path / "data", tmp_path / "killed", workers, mode)
    wait_until(lambda: len(list(tmp_path.glob("killed/maps/**/*.tiff"))) >= 4, process)
    with pytest.raises(RunError, match=f"got a run in progress \\(pid {process.pid} on "):
        session.run(planned, tmp_path / "killed")
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed/results.csv").exists()
    with ledger.opened(tmp_path / "killed/ledger.sqlite") as rows:
        done = rows.counts().ok
    assert 1 <= done < 12  # a worker may have a map on disk before the parent has noted the one before
    assert session.run(planned, tmp_path / "killed").done_now == 12 - done
    session.run(planned, tmp_path / "calm")
    assert kept(tmp_path / "killed") == kept(tmp_path / "calm")
    assert list((tmp_path / "killed").rglob("*.tmp")) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_run_killed_while_it_fits_what_has_changed_ends_like_an_undisturbed_one(tmp_path):
    planned = batch(plan(tmp_path / "data", 12))
    session.run(planned, tmp_path / "killed")
    before = (tmp_path / "killed/references/nut.ref").read_bytes()
    picture(planned.samples[0].image_path, seed=99)
    process = start(tmp_path / "data", tmp_path / "killed", 1, "batch", seconds=0.0)
    wait_until(lambda: (tmp_path / "killed/references/nut.ref").read_bytes() != before, process)
    process.kill()
    process.wait()
    session.run(planned, tmp_path / "killed")
    session.run(planned, tmp_path / "calm")
    assert kept(tmp_path / "killed") == kept(tmp_path / "calm")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds workers in /proc")
def test_workers_end_with_their_parent_whatever_they_are_doing(tmp_path):
    process = start(tmp_path / "data", tmp_path / "killed", 2, "single", seconds=600)
    wait_until(lambda: len(workers_of(process)) == 2, process)
    workers = workers_of(process)
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(each) for each in workers), process=NeverEnding())
    assert [alive(each) for each in workers] == [False, False]


class NeverEnding:
    def poll(self):
        return None


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
