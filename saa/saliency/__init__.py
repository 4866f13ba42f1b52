"""Saliency (P^S): one model a file."""
