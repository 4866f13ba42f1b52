"""Runs that are killed with SIGKILL at random moments, parent or worker, and resumed to the end.

    python tests/runs/kill_campaign.py --kills 100 --seed 1

Each trial starts `saa run`, kills once or several times whatever it finds alive at a random moment, gives the same
command again until it ends by itself, and compares all that the run left with what an undisturbed run of one
process left: results.csv but for `results.DIFFERING`, every map, region and reference byte by byte, the ledger's rows,
and that nothing else lies in the folder.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import saa
from saa import images
from saa.demo import PRODUCTS
from saa.runs.results import DIFFERING

_NUM_IMAGES = 10
_SIDE = 96
_MODES = ("single", "batch")
_WORKERS = (1, 2)


@dataclass(frozen=True)
class Trial:
    """What is killed, and when.

    Attributes:
        mode, workers: as given to `saa run`.
        victims: `parent` or `worker`, one after the other.
        moments: seconds until each is killed, after the start, or after there are workers.
    """

    mode: str
    workers: int
    victims: tuple[str, ...]
    moments: tuple[float, ...]


def draw(root: Path) -> None:
    """A small data set of one product in MVTec's layout."""
    product = PRODUCTS["fabric"]
    for number in range(_NUM_IMAGES):
        defect = product.DEFECTS[number % len(product.DEFECTS)]
        image, mask = product.draw(np.random.default_rng(number), defect)
        name = f"{number:03}"
        images.write_png(root / f"fabric/test/{defect}/{name}.png", image[:_SIDE, :_SIDE])
        images.write_png(root / f"fabric/ground_truth/{defect}/{name}_mask.png", mask[:_SIDE, :_SIDE])


def start(root: Path, out: Path, mode: str, workers: int) -> subprocess.Popen[bytes]:
    """`saa run` in a process of its own."""
    given = ["run", root, "--format", "mvtec", "--prompts", "demo", "--engine", "embedded"]
    given += ["-o", out, "--mode", mode, "--workers", workers]
    environment = os.environ | {"PYTHONPATH": str(Path(saa.__path__[0]).parent), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "saa", *map(str, given)], env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The process ids of its workers; none once it has ended."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [
            int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
    except OSError:
        return []


def kill(process: subprocess.Popen[bytes], victim: str, rng: random.Random) -> str:
    """Kill it, or one of its workers; says what was killed."""
    workers = workers_of(process)
    if victim == "worker" and workers:
        try:
            os.kill(rng.choice(workers), signal.SIGKILL)
        except ProcessLookupError:
            return "nobody"
        return "worker"
    if process.poll() is not None:
        return "nobody"
    process.kill()
    return "parent"


def disturbed(root: Path, out: Path, trial: Trial, rng: random.Random) -> Counter[str]:
    """Do a run with what happens to it, and give the command again until it ends by itself."""
    killed: Counter[str] = Counter()
    left = list(zip(trial.victims, trial.moments, strict=True))
    while True:
        process = start(root, out, trial.mode, trial.workers)
        while left:
            victim, moment = left.pop(0)
            while victim == "worker" and process.poll() is None and not workers_of(process):
                time.sleep(0.005)
            time.sleep(moment)
            came = kill(process, victim, rng)
            killed[came] += 1
            if came == "parent":
                break
        _, told = process.communicate(timeout=300)
        if process.returncode == 0:
            return killed
        if process.returncode != -signal.SIGKILL:
            raise AssertionError(f"{trial}: exit code {process.returncode}:\n{told.decode()}")


def left_by(out: Path) -> dict[str, object]:
    """All that counts in a run's folder."""
    found: dict[str, object] = {}
    for path in out.rglob("*"):
        name = path.relative_to(out).as_posix()
        if path.is_file() and name.split("/")[0] in ("maps", "regions", "references", "parts"):
            found[name] = path.read_bytes()
        elif path.is_file():
            found[name] = None
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: row[key] for key in row if key not in DIFFERING} for row in csv.DictReader(file)]
    found["rows"] = rows
    with closing(sqlite3.connect(out / "ledger.sqlite")) as ledger:
        query = "SELECT product, name, state, score, image_sha256 FROM images ORDER BY product, name"
        found["ledger"] = ledger.execute(query).fetchall()
        found["sound"] = ledger.execute("PRAGMA integrity_check").fetchone()
    return found


def check(disturbed: dict[str, object], calm: dict[str, object], trial: Trial) -> None:
    """Raise AssertionError where a run differs from the undisturbed one."""
    differing = [
        name for name in sorted({*calm, *disturbed}) if calm.get(name, ()) != disturbed.get(name, ())
    ]
    if differing:
        raise AssertionError(f"{trial}: differs from the undisturbed run in {', '.join(differing)}")


def drawn(rng: random.Random, seconds: float) -> Trial:
    """A trial whose kills lie anywhere in the time that an undisturbed run takes."""
    workers, count = rng.choice(_WORKERS), rng.choice((1, 1, 2, 3))
    victims = tuple(rng.choice(("parent", "worker") if workers > 1 else ("parent",)) for _ in range(count))
    moments = tuple(rng.uniform(0, seconds / (1 if each == "parent" else 2)) for each in victims)
    return Trial(rng.choice(_MODES), workers, victims, moments)


def campaign(where: Path, kills: int, seed: int) -> Counter[str]:
    """So many runs in which somebody was killed; what was killed, counted. Prints a line each.

    Raises:
        AssertionError: a run did not come to the same end.
    """
    rng, killed = random.Random(seed), Counter[str]()
    root = where / "data"
    draw(root)
    calm, begun = {}, time.monotonic()
    for mode in _MODES:
        disturbed(root, where / f"calm-{mode}", Trial(mode, 1, (), ()), rng)
        calm[mode] = left_by(where / f"calm-{mode}")
    seconds = (time.monotonic() - begun) / len(_MODES)
    number, disturbed_runs = 0, 0
    while disturbed_runs < kills:
        number += 1
        trial, out = drawn(rng, seconds), where / f"run-{number}"
        came = disturbed(root, out, trial, rng)
        check(left_by(out), calm[trial.mode], trial)
        disturbed_runs += any(
            came[victim] for victim in ("parent", "worker")
        )  # some end before anybody is killed
        killed += came
        shutil.rmtree(out)
        told = f"{trial.mode}, {trial.workers} workers, killed {dict(came)}: the same"
        print(f"{disturbed_runs}: {told}", flush=True)
    return killed


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description="Kill runs at random moments and compare what they come to.")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="runs that are disturbed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = campaign(Path(folder), options.kills, options.seed)
    print(f"{options.kills} runs, killed {dict(killed)}, all the same as the undisturbed ones")


if __name__ == "__main__":
    main()
