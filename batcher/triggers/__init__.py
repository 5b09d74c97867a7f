"""A live trigger against what is wanted: difference, decision, forecast. Pure: no I/O."""
