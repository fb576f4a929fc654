"""Reading a results repository into the database, fast: sources hand out folders, workers turn their files into facts."""
