"""Reads: one function per question that a page asks."""
