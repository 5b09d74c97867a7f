"""The event triggers of a state and of a plan, in whatever module and instance they are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.updates.foreign_definition import UnknownValue
from batcher.updates.terraform import (
    AFTER_APPLY,
    RESOURCE_TYPE,
    is_terraform,
    triggers_of_terraform,
)
from tests.updates.foreign_words import TRIGGER, snake, spelled, without_ours
from tests.updates.samples import valid_lines

ATTRIBUTES = spelled(TRIGGER, snake)
OWN = {"id": "shop|price-drop", "created_at": "2026-01-01T00:00:00Z", "tags": None}
KEYS: dict[Any, str] = {None: "", 0: "[0]", "eu west": '["eu west"]'}


def resource(attributes: Any, address: str = f"{RESOURCE_TYPE}.watch", **members: Any) -> Any:
    common = {"mode": "managed", "type": RESOURCE_TYPE, "name": "watch", "address": address}
    return common | {"values": attributes} | members


def instance(attributes: Any, key: Any = None, **members: Any) -> dict[str, Any]:
    return {"attributes": attributes, **({} if key is None else {"index_key": key}), **members}


def state(*resources: Any) -> dict[str, Any]:
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "lineage": "x",
        "resources": list(resources),
    }


def shown(module: dict[str, Any]) -> dict[str, Any]:
    return {"format_version": "1.0", "terraform_version": "1", "values": {"root_module": module}}


def plan(module: dict[str, Any], *changes: Any) -> dict[str, Any]:
    found = shown(module)
    return {"planned_values": found.pop("values"), "resource_changes": list(changes), **found}


def change(address: str, *actions: str, unknown: Any = False) -> dict[str, Any]:
    return {"address": address, "change": {"actions": list(actions), "after_unknown": unknown}}


@settings(max_examples=15)
@given(valid_lines(), st.sampled_from(list(KEYS)), st.sampled_from(["", "module.a.module.b[1]"]))
def test_of_a_state_each_instance_is_one_whatever_shows_it(
    line: dict[str, Any], key: Any, module: str
) -> None:
    attributes = spelled(without_ours(line), snake)
    address = f"{module}{'.' if module else ''}{RESOURCE_TYPE}.watch{KEYS[key]}"
    plain = {"mode": "managed", "type": RESOURCE_TYPE, "name": "watch"}
    plain |= {"module": module} if module else {}
    kept = plain | {"instances": [instance(attributes | OWN, key)]}
    inner = {"child_modules": [{"resources": [resource(attributes | OWN, address)]}]}
    for document in (state(), state(kept), shown({"child_modules": [inner]}), plan(inner)):
        assert is_terraform(document)
        for found in triggers_of_terraform(document).triggers:
            assert (found.name, found.place) == (address, address)
            assert found.value == attributes | {n: v for n, v in OWN.items() if n != "id"}


def test_what_is_no_managed_event_trigger_is_counted_only() -> None:
    other = resource({}, "aws_sqs_queue.q", type="aws_sqs_queue")
    data = resource(ATTRIBUTES, mode="data")
    found = triggers_of_terraform(shown({"resources": [other, data, resource(ATTRIBUTES)]}))
    assert (len(found.triggers), found.others, found.pending) == (1, 2, 0)
    deposed = {**resource(None), "instances": [instance(ATTRIBUTES, deposed="8a1b")]}
    assert triggers_of_terraform(state(deposed)).triggers == []
    assert triggers_of_terraform({"format_version": "1.0", "terraform_version": "1"}).triggers == []


def test_of_a_plan_is_taken_what_it_changes_and_not_what_it_makes_or_takes_away() -> None:
    names = ("kept", "new", "replaced", "gone")
    kept, new, replaced, gone = (f"{RESOURCE_TYPE}.{name}" for name in names)
    resources = [resource(ATTRIBUTES, address) for address in (kept, new, replaced)]
    found = triggers_of_terraform(
        plan(
            {"resources": list(resources)},
            change(kept, "update", unknown={"id": True, "event_trigger_conditions": [{}]}),
            change(new, "create", unknown={"segment_filter": True}),
            change(replaced, "delete", "create"),
            change(gone, "delete"),
        )
    )
    assert [(each.name, each.value) for each in found.triggers] == [(kept, ATTRIBUTES)]
    assert found.pending == 2


def test_what_a_plan_does_not_know_yet_is_unknown_at_its_place() -> None:
    address = f"{RESOURCE_TYPE}.watch"
    given = {name: value for name, value in ATTRIBUTES.items() if name != "segment_filter"}
    periods = [{"unit": True}]
    unknown = {"segment_filter": True, "event_trigger_limits": {"periods": periods}}
    deposed = change(address, "delete") | {"deposed": "8a1b"}
    document = plan(
        {"resources": [resource(given, address)]},
        change(address, "update", unknown=unknown),
        deposed,
    )
    (found,) = triggers_of_terraform(document).triggers
    assert found.value["segment_filter"] == UnknownValue(AFTER_APPLY)
    (period,) = found.value["event_trigger_limits"]["periods"]
    assert period == ATTRIBUTES["event_trigger_limits"]["periods"][0] | {
        "unit": UnknownValue(AFTER_APPLY)
    }


@pytest.mark.parametrize(
    "document", [{"version": 3, "lineage": "x"}, {"encrypted_data": "x"}, {"terraform_version": 1}]
)
def test_a_state_that_cannot_be_read_says_what_can(document: dict[str, Any]) -> None:
    assert is_terraform(document)
    with pytest.raises(InputError, match="terraform show -json"):
        triggers_of_terraform(document)


@pytest.mark.parametrize(
    "wrong", [None, 5, "x", [], [5], [{}], {}, {"instances": 5}, {"instances": [5, {}]}]
)
def test_a_damaged_one_has_none(wrong: Any) -> None:
    for document in (
        state(wrong),
        shown({"resources": wrong, "child_modules": wrong}),
        plan(wrong),
    ):
        assert triggers_of_terraform(document).triggers == []
    address = f"{RESOURCE_TYPE}.watch"
    hurt = {"address": address, "change": wrong}
    assert (
        len(triggers_of_terraform(plan({"resources": [resource(ATTRIBUTES)]}, hurt)).triggers) == 1
    )
