from __future__ import annotations

import io
import sys

import rich.table

from saa.commands import terminal
from saa.runs.fitting import Fitting
from saa.runs.session import Tally


def test_a_table_off_a_terminal_is_plain_and_aligned(capsys):
    terminal.table(("phrase", "score"), [("dark spot", "0.5000"), ("[red] hole", "12.2500")])
    assert capsys.readouterr().out == (
        "phrase        score\n"
        "dark spot    0.5000\n"
        "[red] hole  12.2500\n"
    )  # fmt: skip


def test_progress_off_a_terminal_is_a_line_at_the_beginning_and_the_end(capsys):
    with terminal.progress() as display:
        display.fitting(Fitting("nut", 1, 3))
        display.fitting(Fitting("nut", 3, 3, "fitted on 3 images"))
        display.inspecting(Tally(3, 0, 0, 0, 0.0))
        display.inspecting(Tally(3, 1, 0, 1, 0.5))
        display.inspecting(Tally(3, 2, 1, 2, 1.0))
        display.inspecting(Tally(3, 3, 1, 3, 1.5))
    assert capsys.readouterr().err.splitlines() == [
        "nut: fitted on 3 images",
        "0 of 3 images, 0 failed",
        "3 of 3 images, 1 failed, 2.0 images/s",
    ]


def test_a_progress_line_tells_the_time_left():
    line = terminal.progress_line(Tally(10_000, 100, 2, 50, 100.0))
    assert line == "100 of 10000 images, 2 failed, 2.0 s an image, 5:30:00 left"


def test_an_unmeasurable_time_is_no_division_by_zero():
    assert terminal.progress_line(Tally(1, 1, 0, 1, 0.0)) == "1 of 1 images, 0 failed, 0.0 images/s"


def test_a_fit_in_progress_is_told_in_files():
    assert terminal.fitting_line(Fitting("nut", 12, 16)) == "fitting nut 12/16"


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with terminal.progress() as display:
        display.fitting(Fitting("[red]nut", 1, 2))
        display.fitting(Fitting("[red]nut", 2, 2, "fitted on 2 images"))
        display.inspecting(Tally(3, 0, 0, 0, 0.0))
        display.inspecting(Tally(3, 3, 1, 3, 1.5))
    assert "3/3" in screen.getvalue()
    assert "1 failed" in screen.getvalue()
    assert "[red]nut: fitted on 2 images" in screen.getvalue()


def test_names_the_terminal_cannot_show_are_escaped(monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    terminal.tolerate_any_text()
    terminal.say("größe")
    narrow.flush()
    assert narrow.buffer.getvalue() == b"gr\\xf6\\xdfe\n"


def test_counting_off_a_terminal_is_told_now_and_then_only(capsys):
    with terminal.counting("evaluating") as watch:
        watch(1, 2)
        watch(2, 2)
    assert capsys.readouterr().err == ""


def test_a_table_on_a_narrow_terminal_has_no_lines(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def shown(columns):
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setenv("COLUMNS", columns)
        drawn = rich.table.Table("category", "max-F1", "AUROC")
        drawn.add_row("bottle", "12.3", "45.6")
        terminal.show(drawn)
        return screen.getvalue()

    monkeypatch.setenv("TERM", "xterm")
    assert "│" in shown("40")
    assert "│" not in shown("22")


def test_sentences_are_wrapped_between_words(capsys):
    terminal.tell(["one two three", "four"], width=8)
    assert capsys.readouterr().out.split() == ["one", "two", "three", "four"]
