"""How fast and how large: `python -m benchmarks`, or `make bench`.

Each file without a leading underscore is a benchmark: `SUMMARY`, the sizes `FULL` and `QUICK`, and
`measure(size) -> list[Result]`. Only the public API of `saa` is used. Whatever is compared is measured in turns
in one process, because two figures from two runs on a shared machine cannot be compared.
"""
