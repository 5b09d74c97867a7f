"""The commands: a module each, with its flags and its help, and nothing that is heavy to import.

What ``batcher NAME`` does is ``do_NAME`` in ``batcher.cli.NAME``, imported when it is called.
"""
