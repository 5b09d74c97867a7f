"""The product without a terminal: one file a job, each a typed call with a typed result.

Nothing here prints, asks, or installs a signal handler.
"""
