"""Writes: the only places that change runs, units and workers."""
