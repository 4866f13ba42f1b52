"""Tables and notes as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from saa.tables import Table


def table(table: Table) -> list[str]:
    """The lines of a table under its title; the rows of means are bold at the front."""
    numbers = len(table.header) - table.text_columns
    return [
        f"{cell(table.title)}:",
        "",
        _line(list(map(cell, table.header))),
        f"|{'---|' * table.text_columns}{'---:|' * numbers}",
        *(_line([cell(each) for each in row]) for row in table.rows),
        *(_line([f"**{cell(row[0])}**", *map(cell, row[1:])]) for row in table.foot),
        "",
    ]


def notes(lines: Sequence[str]) -> list[str]:
    """A list, an item a line; nothing for none."""
    return [*(f"- {cell(line)}" for line in lines), ""] if lines else []


def cell(text: str) -> str:
    """Text that neither ends a table's cell nor starts markup."""
    return "".join(f"\\{letter}" if letter in "\\|*_`<[" else letter for letter in " ".join(text.split()))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
