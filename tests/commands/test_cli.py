from __future__ import annotations

import subprocess
import sys

import pytest

import saa


def test_help_and_version_exit_with_0(give):
    code, out, _ = give("--help")
    assert code == 0
    assert {"inspect", "run", "fit", "evaluate", "report", "demo", "prompts", "models"} <= set(out.split())
    assert give("--version") == (0, f"saa {saa.__version__}\n", "")


def test_help_starts_without_numerical_libraries():
    heavy = "numpy scipy skimage cv2 PIL pydantic rich jinja2 torch sqlite3 safetensors"
    program = f"import sys, saa.cli; print([name for name in '{heavy}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "saa", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"saa {saa.__version__}\n")


@pytest.mark.parametrize("words", [["walk"], ["run"], ["run", "--workers", "0"], ["--colour"]])
def test_a_wrong_command_line_exits_with_2(give, words):
    code, _, err = give(*words)
    assert code == 2
    assert err.startswith("Usage: saa")


def test_our_own_bug_exits_with_3_and_shows_the_traceback(give, monkeypatch, prompt, tmp_path):
    def fail(*_, **__):
        raise ZeroDivisionError("two and two are five")

    monkeypatch.setattr("saa.config.load", fail)
    code, _, err = give("inspect", tmp_path / "a.png", "--prompts", prompt)
    assert code == 3
    assert "Traceback" in err
    assert "ZeroDivisionError: two and two are five" in err
    assert "has a bug; please report" in err.splitlines()[-1]
