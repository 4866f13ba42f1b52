"""One metric a file.

`LEVEL` (pixel, region, image, component or retention), `HEADING` for tables, and `compute(curve) -> Score`, which
takes `MatchedRegions` on level region and `Components` on level component. Optional are `ONLY` ("road" or "parts":
the other kind of category does without), `BEST` (0 if less is better), `UNBOUNDED` (True: its value may exceed 1) and
`IN_TABLES` (False: for metrics.json and metrics.csv alone), `IN_TERMINAL` (False: for files alone).
"""
