from __future__ import annotations

import io
import sys
import time

from saa.commands import transfers


def test_off_a_terminal_a_line_is_written_now_and_then(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with transfers.watched("sam_vit_b") as watch:
        for passed, done in ((1.0, 10_000_000), (9.5, 150_000_000), (1.0, 200_000_000), (10.0, 375_042_383)):
            now[0] += passed
            watch(done, 375_042_383)
    assert capsys.readouterr().err.splitlines() == [
        "sam_vit_b: 150.0 MB of 375.0 MB",
        "sam_vit_b: 375.0 MB of 375.0 MB",
    ]


def test_on_a_terminal_there_is_a_bar_of_bytes(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with transfers.watched("[red]tiny") as watch:
        watch(0, 2_000_000)
        watch(2_000_000, 2_000_000)
    assert "[red]tiny" in screen.getvalue()
    assert "2.0/2.0 MB" in screen.getvalue()
