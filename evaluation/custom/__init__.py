"""Tasks and benchmarks of one's own: their folders, archives and descriptions, read and checked. No Django, no mteb."""
