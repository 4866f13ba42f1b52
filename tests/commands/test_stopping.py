"""Ctrl-C and SIGTERM: the first lets the images in hand be finished, the second stops at once; both can be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from parts import part

import saa
from saa.runs import interrupts, ledger

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
_MANY = 50
"""More pictures than a machine inspects before it hears of a signal."""


def words(prompt, root, *more):
    given = (
        "run",
        root / "data",
        "--format",
        "mvtec",
        "--prompts",
        prompt,
        "-o",
        root / "run",
        "--mode",
        "single",
    )
    return [*map(str, (*given, "--engine", "embedded", *more))]


@contextmanager
def begun(prompt, root, *more, maps=2):
    """`saa run` on many pictures, once some maps are written."""
    first = part(root / "data/nut/test/good/000.png", size=(200, 200))
    for index in range(1, _MANY):
        os.link(first, first.with_name(f"{index:03}.png"))
    environment = os.environ | {"PYTHONPATH": str(Path(saa.__path__[0]).parent)}
    program = [sys.executable, "-m", "saa", *words(prompt, root, *more)]
    # Where tests run in the background of a shell, Ctrl-C is ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        program,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        while len(list(root.glob("run/maps/nut/test/good/*.tiff"))) < maps and process.poll() is None:
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


def kept(root):
    """Rows in the ledger that are done, maps, and files half written."""
    with ledger.opened(root / "run/ledger.sqlite") as rows:
        done = rows.counts().ok
    return done, len(list(root.glob("run/maps/nut/test/good/*.tiff"))), list(root.glob("run/**/*.tmp"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_first_signal_finishes_what_is_in_hand_and_keeps_it(prompt, tmp_path, number, workers):
    with begun(prompt, tmp_path, "--workers", workers) as process:
        os.killpg(process.pid, number)  # as a terminal does: the workers hear of it too
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "stopping when the images in hand are finished; Ctrl-C again stops at once\n" in err
    assert err.endswith("Give the same command again to go on.\n")
    assert "Traceback" not in err
    done, maps, halves = kept(tmp_path)
    assert 2 <= done == maps < _MANY
    assert halves == []
    assert len((tmp_path / "run/results.csv").read_text().splitlines()) == done + 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_signal_stops_at_once_and_nothing_is_lost(give, prompt, tmp_path, workers):
    with begun(prompt, tmp_path, "--workers", workers) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    done, maps, _ = kept(tmp_path)
    assert done <= maps < _MANY  # a map may lie there whose row was not noted yet
    assert len((tmp_path / "run/results.csv").read_text().splitlines()) == done + 1
    code, _, err = give(*words(prompt, tmp_path, "--limit", _MANY, "--workers", 1))
    assert (code, f"{_MANY} of {_MANY} images, 0 failed" in err) == (0, True)
    assert kept(tmp_path) == (_MANY, _MANY, [])


def test_the_first_signal_asks_and_the_second_raises():
    said = []
    before = signal.getsignal(signal.SIGTERM)
    with interrupts.heeded(lambda: said.append("stopping")) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGTERM)
        assert (stop(), said) == (True, ["stopping"])
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interrupts.heeded(lambda: None) as stop:
            signal.raise_signal(signal.SIGTERM)
            assert not stop()
    finally:
        signal.signal(signal.SIGTERM, before)
