"""Queues: one adapter each for what updates can wait in.

Which one a URL means is in ``factory``.
"""
