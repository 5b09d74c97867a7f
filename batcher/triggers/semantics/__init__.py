"""Which events an event trigger matches, by the definition of the trigger alone.

Pure: a definition, options and objects come in, verdicts go out. What AWS does not say is a row of
``options.UNKNOWNS``, and nothing here guesses beside that table.
"""
