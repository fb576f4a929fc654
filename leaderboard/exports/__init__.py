"""Views as files: one module per format over `sheets.py`; a model's results as mteb reads them; the full dump."""
