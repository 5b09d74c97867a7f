"""A worker: drains a queue for as long as it runs, through the engine that runs use, too.

``message_consumer`` drains a queue of messages, ``spool_consumer`` a directory of files; both
report to ``health``.
"""
