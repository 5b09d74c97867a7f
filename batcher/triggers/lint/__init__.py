"""What a schema can't find in a definition of a trigger, or in a file of updates. Pure: no I/O.

A rule of one definition is a function of the type ``finding.Rule``, with its codes beside it, in a
module by topic; ``definition_rules`` has the table of all of them. Codes are for ever: BT001 to
BT099 are of one definition, BT100 to BT149 of the lines of a file, BT150 to BT199 of what is live.
"""
