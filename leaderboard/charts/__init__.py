"""What charts show: numbers in, shapes or series out. Each has the same facts as a table or sentence beside it."""
