"""One metric a file: `LEVEL` (pixel or image), `HEADING` for tables, and `compute(curve) -> Score`."""
