from typing import Any

from hypothesis import given, settings

from batcher.triggers.lint.attribute_names import attributes_of
from batcher.triggers.lint.definition_rules import CODES, NAME_RULES, RULES
from batcher.triggers.lint.finding import Definition, LintContext
from tests.triggers.lint.definitions import CONDITIONS
from tests.triggers.lint.found import found
from tests.triggers.samples import requests
from tests.updates.samples import MODEL

NAMES = {"DomainName": "acme", "EventTriggerName": "welcome"}


def test_each_code_is_found_in_its_example_and_in_what_that_is_mended_to_no_more() -> None:
    for code in CODES:
        assert code.example, code.code
        assert any(code.code in _found(line) for line in code.example), code.code
        assert not any(code.code in _found(line) for line in code.mended), code.code


def test_what_an_example_is_mended_to_has_no_other_fault_that_needs_mending() -> None:
    for code in CODES:
        for line in code.mended:
            left = [each.code for each in found({**NAMES, **line}) if each.code.severity != "info"]
            assert not left, code.code


@settings(max_examples=50)
@given(request=requests() | CONDITIONS.map(lambda each: {"EventTriggerConditions": each}))
def test_a_finding_of_whatever_is_valid_has_a_place_in_it_and_shows_nothing_sensitive(
    request,
) -> None:
    for finding in found(request):
        place: Any = request
        for part in finding.path:
            if finding.code.code != "BT050":  # what is not there
                place = place[part]
        said = finding.text(MODEL.sensitive)
        for _, entry in attributes_of(request):
            shown = [each for each in entry["Values"] if len(each) > 4 and each in said]
            assert not shown, said
        assert finding.text(frozenset())


def _found(definition: Definition) -> set[str]:
    context, named = LintContext(whole=True), {**NAMES, **definition}
    content = {name: each for name, each in named.items() if name not in NAMES}
    found = [finding for rule in RULES for finding in rule(content, context)]
    found += [finding for rule in NAME_RULES for finding in rule(named, context)]
    return {finding.code.code for finding in found}
