"""Data set formats, one a file: `DESCRIPTION`, `SPLITS`, `recognises(root)` and `samples(root, split)`."""
