"""A run's results in other programs' formats: one kind a file, `write(answers, out)` and the `SUFFIX` of its files."""
