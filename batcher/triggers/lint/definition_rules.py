"""The table of the rules that look at one definition, and of their codes."""

from batcher.triggers.lint.attribute_names import ATTRIBUTE_NAME_CODES, attribute_name_findings
from batcher.triggers.lint.condition_codes import CONDITION_CODES
from batcher.triggers.lint.conditions import condition_findings
from batcher.triggers.lint.finding import LintCode, Rule
from batcher.triggers.lint.limit_codes import LIMIT_CODES
from batcher.triggers.lint.limits import limit_findings
from batcher.triggers.lint.names import NAME_CODES, content_findings, trigger_name_findings
from batcher.triggers.lint.operator_value_codes import OPERATOR_VALUE_CODES
from batcher.triggers.lint.operator_values import operator_value_findings

RULES: tuple[Rule, ...] = (
    condition_findings,
    operator_value_findings,
    attribute_name_findings,
    limit_findings,
    content_findings,
)
"""Given a definition without the names of its domain and its trigger, each different one once."""

NAME_RULES: tuple[Rule, ...] = (trigger_name_findings,)
"""Given a definition with these names, each line's: they have to be quick."""

CODES: tuple[LintCode, ...] = (
    *CONDITION_CODES,
    *OPERATOR_VALUE_CODES,
    *ATTRIBUTE_NAME_CODES,
    *LIMIT_CODES,
    *NAME_CODES,
)
"""The codes of both, in ascending order."""
