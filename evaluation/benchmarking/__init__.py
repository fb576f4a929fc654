"""Evaluating through the queue beside plain mteb, measured in one run: see docs/performance.md."""
