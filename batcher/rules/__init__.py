"""Decisions: what an update may be, what an answer means, what a quota allows.

Nothing here does I/O, reads a clock or knows an event loop; time is an argument.
"""
