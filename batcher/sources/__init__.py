"""Where updates come from: files, standard input, a caller's iterable.

Each adapter keeps the port ``Source``.
"""
