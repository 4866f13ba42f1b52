"""A disk that fills up or takes nothing ends a run with one line; the same command finishes it later."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_recipes import plan, table_without_seconds

import saa
from saa.errors import RunError
from saa.runs import session

_RUN = """
import sys
from pathlib import Path
from scripted_recipes import plan
from saa.errors import SaaError
from saa.runs import session
from saa.runs.local import Local

if __name__ == "__main__":
    data, out, workers, most = sys.argv[1:]
    planned = plan(Path(data), 30)
    if int(most):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    try:
        session.run(planned, Path(out), crew=Local(int(workers)))
    except SaaError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
"""


def run(program, data, out, workers=1, most=0):
    paths = [str(Path(__file__).parent), str(Path(saa.__path__[0]).parent)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    program.write_text(_RUN)  # a file, so that workers can import it
    given = [data, out, str(workers), str(most)]
    ran = subprocess.run(
        [sys.executable, program, *given], env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stderr


def equals_an_undisturbed_run(tmp_path, out, count=30):
    planned = plan(tmp_path / "data", count)
    session.run(planned, out)
    session.run(planned, tmp_path / "calm")
    maps = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.tiff")}
    assert maps == {
        path.relative_to(tmp_path / "calm"): path.read_bytes() for path in tmp_path.glob("calm/**/*.tiff")
    }
    assert list(out.rglob("*.tmp")) == []
    return table_without_seconds(out / "results.csv") == table_without_seconds(tmp_path / "calm/results.csv")


@pytest.mark.skipif(os.name == "nt", reason="needs limits of file sizes")
@pytest.mark.parametrize("most", [0x400, 0x8000, 0x20000], ids=["nothing", "a ledger", "some rows"])
@pytest.mark.parametrize("workers", [1, 2])
def test_files_that_may_not_grow_end_the_run_with_a_line(tmp_path, most, workers):
    plan(tmp_path / "data", 30)
    code, told = run(tmp_path / "program.py", tmp_path / "data", tmp_path / "run", workers, most)
    assert code == 2, told
    assert "expected" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert equals_an_undisturbed_run(tmp_path, tmp_path / "run")


@pytest.fixture
def disk(tmp_path):
    """A folder on a small disk in memory, and a way to change the disk."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        words = ["mount", "-t", "tmpfs", "-o", options, "none", folder]
        return subprocess.run(words, capture_output=True, check=False).returncode

    if not sys.platform.startswith("linux") or not shutil.which("mount") or mount("size=300k"):
        pytest.skip("only root of a Linux may mount a disk")
    yield folder, lambda options: mount(f"remount,{options}")
    subprocess.run(["umount", folder], check=True, capture_output=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_disk_that_is_full_ends_the_run_with_a_line(tmp_path, disk, workers):
    folder, change = disk
    plan(tmp_path / "data", 30)
    code, told = run(tmp_path / "program.py", tmp_path / "data", folder / "run", workers)
    assert code == 2, told
    assert "No space left on device" in told or "disk is full" in told
    assert "Traceback" not in told
    assert change("size=30m") == 0
    assert equals_an_undisturbed_run(tmp_path, folder / "run")


def test_a_disk_that_is_read_only_is_told_in_a_line(tmp_path, disk):
    folder, change = disk
    planned = plan(tmp_path / "data", 3)
    assert change("ro") == 0
    with pytest.raises(
        RunError, match=r"run: expected to be writable, got .*Read-only file system.*; make room"
    ):
        session.run(planned, folder / "run")


def test_a_run_on_a_disk_that_became_read_only_is_told_in_a_line_and_stays_good(tmp_path, disk):
    folder, change = disk
    planned = plan(tmp_path / "data", 3)
    session.run(planned, folder / "run")
    assert change("ro") == 0
    with pytest.raises(RunError, match=r"expected .*, got .*(readonly|read-only).*the same command again"):
        session.run(planned, folder / "run", overwrite=True)
    assert change("rw,size=30m") == 0
    assert session.run(planned, folder / "run").done_now == 0
    assert equals_an_undisturbed_run(tmp_path, folder / "run", 3)


def test_a_folder_that_may_not_be_written_is_told_in_a_line(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(0o555)
    if os.access(out, os.W_OK):
        pytest.skip("whoever runs this may write everywhere")
    with pytest.raises(RunError, match=r"run: expected to be writable, got .*; make room or set the rights"):
        session.run(plan(tmp_path / "data", 3), out / "run")
