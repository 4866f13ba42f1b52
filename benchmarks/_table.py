"""The figures as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks._measuring import Result

Results = Mapping[str, Sequence[Result]]
"""What each benchmark found, by its name."""
_PLAIN_WIDTH = 200


def show(header: Mapping[str, str], results: Results) -> None:
    """Print header and table to stdout; plain and wide where that is no terminal."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH)
    for label, text in header.items():
        console.print(f"{label + ':':<13}{text}", soft_wrap=True)
    console.print()
    console.print(_drawn(results, plain=not console.is_terminal))
    console.print("\nRatios are medians of rounds measured in turns, with the least and the largest behind.")


def _drawn(results: Results, *, plain: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0)) if plain else Table()
    table.add_column("benchmark", no_wrap=True)
    table.add_column("what")
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("of")
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("beside", justify="right", no_wrap=True)
    for name, found in results.items():
        for result in found:
            measured, beside = (f"{_number(each)} {result.unit}" for each in (result.value, result.beside))
            table.add_row(name, result.what, _ratio(result), result.of, measured, beside)
        table.add_section()
    return table


def _ratio(result: Result) -> str:
    spread = (
        f" ({_number(min(result.ratios))}–{_number(max(result.ratios))})" if len(result.ratios) > 1 else ""
    )
    return f"{_number(result.ratio)}×{spread}"


def _number(value: float) -> str:
    """Three digits or so, without an exponent."""
    for least, digits in ((100, 0), (10, 1), (1, 2)):
        if value >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}"


def as_dict(header: Mapping[str, str], results: Results) -> dict[str, Any]:
    """The same for a file."""
    rows = [
        {
            "benchmark": name,
            "what": result.what,
            "ratio": result.ratio,
            "ratios": list(result.ratios),
            "of": result.of,
            "value": result.value,
            "beside": result.beside,
            "unit": result.unit,
        }
        for name, found in results.items()
        for result in found
    ]
    return {"format": 1, **header, "results": rows}
