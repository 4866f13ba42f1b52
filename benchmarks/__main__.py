"""`python -m benchmarks`: measure, print a table, and write it as JSON if asked."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks import _machine, _table


def load(name: str) -> ModuleType:
    """The benchmark of a name as users write it, with hyphens."""
    return importlib.import_module(f"benchmarks.{name.replace('-', '_')}")


def names() -> list[str]:
    """All benchmarks: the files without a leading underscore."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return [name.replace("_", "-") for name in found if not name.startswith("_")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for."""
    options = _options(arguments)
    header, results = _machine.describe(), {}
    for name in options.only or names():
        benchmark = load(name)
        print(f"{name}: {benchmark.SUMMARY}", file=sys.stderr, flush=True)
        results[name] = benchmark.measure(benchmark.QUICK if options.quick else benchmark.FULL)
    if options.quick:
        header["quick"] = "smaller sizes and fewer rounds; figures are rough"
    _table.show(header, results)
    if options.json:
        text = json.dumps(_table.as_dict(header, results), indent=2, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure saa, side by side.")
    parser.add_argument("--only", action="append", choices=names(), help="only this one; may be repeated")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    options = parser.parse_args(arguments)
    if options.json and not options.json.parent.is_dir():
        parser.error(f"--json: expected a file in a folder that is there, got {options.json}")
    return options


if __name__ == "__main__":
    main()
