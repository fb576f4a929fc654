"""Writes: the only places that change what the front door keeps."""
