"""What a line of updates may be: its rules, read off the installed service model. Pure: no I/O."""
