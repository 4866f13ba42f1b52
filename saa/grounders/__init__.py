"""Dense grounding of words: one model a file."""
