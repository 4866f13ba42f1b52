"""Data set formats, one a file: `DESCRIPTION`, `SPLITS`, `recognises(root)` and `samples(root, split)`.

The first of `SPLITS` is taken if nobody chooses.
"""
