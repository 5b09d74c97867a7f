from batcher.triggers.lint.sample_conditions import attribute, compared, condition, trigger
from tests.updates.samples import MODEL


def test_what_is_written_in_a_line_keeps_the_rules_of_the_model() -> None:
    (one,) = compared("total", "EQUAL", "1")
    (several,) = trigger(
        condition("NONE", [attribute("a", "ON", "b")], [attribute("c", "ON", "d")])
    )
    for definition in (one, several):
        assert MODEL.accepts({"DomainName": "acme", "EventTriggerName": "welcome", **definition})
