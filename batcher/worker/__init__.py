"""The worker door: a queue drained for as long as the worker lives, through the same engine as a
run.

``messages`` drains a queue of messages, ``spooling`` a directory of files; ``life`` is what both
share.
"""
