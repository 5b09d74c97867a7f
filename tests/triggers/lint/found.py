"""What the rules find in a definition. No assertions here."""

from batcher.triggers.lint.definition_rules import NAME_RULES, RULES
from batcher.triggers.lint.finding import Definition, Finding, LintContext


def found(definition: Definition, *, whole: bool = True) -> list[Finding]:
    return [
        each
        for rule in (*RULES, *NAME_RULES)
        for each in rule(definition, LintContext(whole=whole))
    ]


def names(definition: Definition, *, whole: bool = False) -> set[str]:
    """The names of the codes that are found."""
    return {finding.code.name for finding in found(definition, whole=whole)}
