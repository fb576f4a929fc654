"""Filters for the pages of the machine room."""
