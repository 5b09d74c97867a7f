"""The worker door: a queue drained for as long as the worker lives, through the same engine as a
run.

``message_consumer`` drains a queue of messages, ``spool_consumer`` a directory of files; ``health``
is what both share.
"""
