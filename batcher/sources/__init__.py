"""Where updates come from: files, standard input, S3 objects, a caller's iterable."""
