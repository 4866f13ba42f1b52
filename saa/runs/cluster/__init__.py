"""The crew on many machines: Ray's actors inspect, this process keeps the ledger.

The driver alone writes the ledger, the manifest and the table. One writer is what SQLite is good at, and what makes a
run resumable by whoever holds the folder's lock; an outcome is a few hundred bytes and takes a fraction of a
millisecond to note, while an image takes tens of milliseconds at least, so a hundred actors do not wait for it. A
ledger for each node would have to be merged, and a lost node would take its own along. What is large, maps and
regions, goes straight from the actors to where it shall lie, and never through the driver.

An actor that a lost driver leaves behind is ended by Ray within seconds. What it still writes meanwhile is whole, and
the same bytes that whoever resumes the run would write.
"""
