"""Refiners, boxes to masks: one model a file."""
