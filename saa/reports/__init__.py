"""One report a file: `write(run, out)` makes a document of a run's folder."""
