"""The table of the rules that look at one definition, and of their codes."""

from batcher.triggers.lint.finding import LintCode, Rule

RULES: tuple[Rule, ...] = ()
"""Given a definition without the names of its domain and its trigger, each different one once."""

NAME_RULES: tuple[Rule, ...] = ()
"""Given a definition with these names, each line's: they have to be quick."""

CODES: tuple[LintCode, ...] = ()
"""The codes of both, in ascending order."""
