"""The worker's side of an evaluating process: starting it, what it may see and take, watching over it."""
