"""Describers, what each place looks like in numbers: one model a file."""
