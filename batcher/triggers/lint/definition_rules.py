"""The table of the rules that look at one definition, and of their codes."""

from batcher.triggers.lint.finding import LintCode, Rule

RULES: tuple[Rule, ...] = ()

CODES: tuple[LintCode, ...] = ()
