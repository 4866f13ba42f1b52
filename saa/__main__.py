"""`python -m saa` is `saa`."""

from saa.cli import main

if __name__ == "__main__":
    main()
