"""A trigger asked of objects."""

from batcher.triggers.semantics.compiled_trigger import compile_trigger
from tests.triggers.semantics.samples import of_one, trigger


def test_a_verdict_says_on_what_it_depends() -> None:
    compiled = compile_trigger(of_one("INCLUSIVE", "gold"))
    assert compiled.fires({"a": "gold"})
    assert not compiled.fires({"a": "Gold"})
    assert compiled.verdict({"a": "Gold"}) == (False, frozenset({"case_sensitive"}))
    assert compiled.depends_on({"a": "silver"}) == set()


def test_without_conditions_every_event_of_the_object_type_matches_and_no_other() -> None:
    compiled = compile_trigger(trigger())
    assert compiled.fires({})
    assert compiled.applies_to("Orders")
    assert not compiled.applies_to("Contacts")
    assert not compiled.explain({}, "Contacts").fires
    assert compile_trigger({}).applies_to("Contacts")
