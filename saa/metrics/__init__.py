"""One metric a file.

`LEVEL` (pixel, image, component or retention), `HEADING` for tables, and `compute(curve) -> Score`, which takes
`Components` on level component. Optional are `ONLY` ("road" or "parts": the other kind of category does
without), `BEST` (0 if less is better) and `IN_TABLES` (False: for metrics.json alone).
"""
