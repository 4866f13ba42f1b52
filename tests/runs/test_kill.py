"""A run killed with SIGKILL at any moment loses at most the images in hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted_recipes import plan, table_without_seconds

from saa.errors import RunError
from saa.runs import ledger, session

_RUN = """
import sys
from pathlib import Path
from scripted_recipes import plan
from saa.runs import session
session.run(plan(Path(sys.argv[1]), 12, seconds=0.05), Path(sys.argv[2]), workers=int(sys.argv[3]))
"""


def start(data, out, workers):
    import saa

    paths = [str(Path(__file__).parent), str(Path(saa.__path__[0]).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen([sys.executable, "-c", _RUN, data, out, str(workers)], env=environment)


def wait_for_rows(out, count, process):
    for _ in range(1000):
        if len(list(out.glob("maps/**/*.tiff"))) >= count or process.poll() is not None:
            return
        time.sleep(0.01)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_ends_with_the_table_of_an_undisturbed_one(tmp_path, workers):
    planned = plan(tmp_path / "data", 12, seconds=0.05)
    process = start(tmp_path / "data", tmp_path / "killed", workers)
    wait_for_rows(tmp_path / "killed", 4, process)
    with pytest.raises(RunError, match=f"got a run in progress \\(pid {process.pid} on "):
        session.run(planned, tmp_path / "killed")
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed/results.csv").exists()
    with ledger.opened(tmp_path / "killed/ledger.sqlite") as rows:
        done = rows.counts().ok
    assert 3 <= done < 12
    assert session.run(planned, tmp_path / "killed").done_now == 12 - done
    session.run(plan(tmp_path / "data", 12, seconds=0.05), tmp_path / "calm")
    assert table_without_seconds(tmp_path / "killed/results.csv") == table_without_seconds(
        tmp_path / "calm/results.csv"
    )
    assert list((tmp_path / "killed").rglob("*.tmp")) == []
