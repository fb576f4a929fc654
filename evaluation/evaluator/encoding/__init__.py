"""Encoding texts faster than plain mteb, with the same numbers: each text once, and batches without much padding."""
