"""Logs of evaluations: made fit to be shown, followed, and streamed."""
