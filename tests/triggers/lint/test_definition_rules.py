from batcher.triggers.lint.definition_rules import CODES, NAME_RULES, RULES
from batcher.triggers.lint.finding import Definition, LintContext

NAMES = {"DomainName": "acme", "EventTriggerName": "welcome"}


def test_each_code_is_found_in_its_example_and_in_what_that_is_mended_to_no_more() -> None:
    for code in CODES:
        assert code.example, code.code
        assert any(code.code in _found(line) for line in code.example), code.code
        assert not any(code.code in _found(line) for line in code.mended), code.code


def _found(definition: Definition) -> set[str]:
    context, named = LintContext(whole=True), {**NAMES, **definition}
    content = {name: each for name, each in named.items() if name not in NAMES}
    found = [finding for rule in RULES for finding in rule(content, context)]
    found += [finding for rule in NAME_RULES for finding in rule(named, context)]
    return {finding.code.code for finding in found}
