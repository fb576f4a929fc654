"""Writes: the only places that change the facts."""
