"""Flags that several commands have, with nothing that is heavy to import.

What becomes of their values is beside this package: ``options``, ``selection`` and the like.
"""
