"""Podium beside the official board's own code, measured in one run on the same files: see docs/performance.md."""
