"""Reading a results repository into the database: sources hand out folders, workers turn their files into facts."""
