"""Region generators (P^L): one model a file."""
