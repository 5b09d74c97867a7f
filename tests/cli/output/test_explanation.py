"""What people and programs are told of why a trigger fires."""

import json
from typing import Any

from batcher.cli.output.explanation import explanation_json, explanation_lines, labels
from batcher.jobs.explain import explain_trigger
from batcher.jobs.explained_inputs import ExplainedEvent, ExplainedTrigger
from batcher.triggers.semantics.firing_options import FiringOptions
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger

DEFINITION = trigger(
    condition(
        "ALL",
        dimension(attribute("INCLUSIVE", "SECRET-value", source="SECRET.path")),
        dimension(attribute("EXCLUSIVE", "x", source="absent")),
    ),
    SegmentFilter="vip",
)


def _explained(found: Any) -> Any:
    return explain_trigger(
        ExplainedTrigger(name="t", definition=DEFINITION, line=1),
        ExplainedEvent(id="e", object={"SECRET": {"path": found}}),
        FiringOptions(missing="satisfied"),
    )


def test_people_see_the_outcome_the_tree_and_what_is_assumed() -> None:
    said = list(explanation_lines(_explained("secret-VALUE"), show_sensitive=False))
    assert said[:9] == [
        "Trigger t does not fire on event e.",
        "  depends on: case sensitivity",
        "  condition 1, ALL of its dimensions: false",
        "    dimension 1: false",
        "      attribute 1: false: INCLUSIVE [hidden]",
        "        depends on: case sensitivity",
        "    dimension 2: true",
        "      attribute 1: missing, which meets it: EXCLUSIVE [hidden]",
        f"        depends on: {labels(['missing'])}",
    ]
    assert said[10] == "Assumed:"
    assert "(--case-sensitive/--ignore-case)" in said[11]
    assert "SECRET" not in "".join(said)
    assert "secret" not in "".join(said)


def test_what_is_sensitive_is_shown_where_that_is_asked_for_and_not_at_any_length() -> None:
    said = "\n".join(explanation_lines(_explained("x" * 10**6), show_sensitive=True))
    assert 'INCLUSIVE ["SECRET-value"] for "SECRET.path", which is "xxx' in said
    assert len(said) < 5000


def test_json_holds_all_of_it_with_sensitive_members_hidden() -> None:
    text = explanation_json(_explained("SECRET-seen"), show_sensitive=False)
    assert "SECRET" not in text
    told = json.loads(text)
    only = told["conditions"][0]["dimensions"][0]["attributes"][0]
    assert (told["fires"], only["outcome"], only["operator"]) == (False, "false", "INCLUSIVE")
    assert (only["path"], only["values"], only["seen"]) == ("[hidden]",) * 3
    shown = json.loads(explanation_json(_explained("SECRET-seen"), show_sensitive=True))
    assert shown["conditions"][0]["dimensions"][0]["attributes"][0]["seen"] == "SECRET-seen"
