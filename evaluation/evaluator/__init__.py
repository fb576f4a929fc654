"""The process that evaluates: it alone loads mteb and torch, and it knows neither Django nor a secret."""
